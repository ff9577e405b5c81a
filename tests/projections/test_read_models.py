from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support import scene as scenes
from support.exports import TAMPERED, V1, V2
from support.scene import Scene, Template, content
from support.tampering import plain_sql, smuggle
from support.ticking import TickingClock
from support.walk import Walk

from store import projections
from store.domain import events as ev
from store.errors import Refusal
from store.integrity.entry import Statement
from store.ledger.report import Verdict
from store.projections import PROJECTIONS, artifacts, connectors, deployments
from store.services import incidents
from store.services.anomalies.noticing import Noticing
from store.services.audit import verifying
from store.services.audit.verifying import Scope, verify_workspace
from store.services.connectors import reviewing
from store.services.connectors.inventory import inventory
from store.services.context import Actor, Context
from store.services.delivery import environments, rollback
from store.services.drift import drifting
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.identity import people
from store.services.requests import approving, requests

NAMES = [name for projection in PROJECTIONS for name in projection.names]


def tell_everything(scene: Scene) -> None:
    """Play a story in which every read table gets a row that stays."""
    scene.live(V1)
    scene.live(V2)
    scene.ingest(b"{broken", name="broken.json")
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "prod", "orders"), reason="it hurts")
    scene.observe(TAMPERED)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="seen")
    incidents.open_incident(scene.context, scene.bo, title="it burns", severity="high")
    reviewing.review(scene.context, scene.alice, inventory(scene.context), note="looked")
    incidents.note(scene.context, scene.bo, "INC-0001", "smoke")
    finding = Wanted(title="keys are shared", assignee="cy")
    handling.open_finding(scene.context, scene.alice, finding)
    handling.note(scene.context, scene.cy, "FND-0001", "on it")
    handling.close(scene.context, scene.alice, "FND-0001", done="one key each")
    handling.open_finding(scene.context, scene.alice, finding)
    other = scene.actor("bo-laptop")
    people.add_key(scene.context, scene.alice, "bo", people.bare_line(other.signer.public))
    incidents.annotate(scene.context, Actor(handle="bo", signer=other.signer), "INC-0001", "from elsewhere")
    Noticing(scene.context).round()
    environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    people.grant(scene.context, scene.alice, "cy", ev.Grant(role="auditor"))
    request = scene.submitted()
    approving.approve(scene.context, scene.bo, request)
    requests.edit(scene.context, scene.cy, request, content=content(why="more"))


def differences(context: Context) -> tuple[str, ...]:
    with context.ledger.reading() as connection:
        return projections.differences(connection, context.ledger.entries())


def content_of(context: Context) -> dict[str, list[tuple[object, ...]]]:
    with context.ledger.reading() as connection:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in NAMES}


@pytest.fixture(scope="module")
def told(template: Template, ground: Path) -> Iterator[Template]:
    """A closed workspace in which everything was told."""
    root, clock = ground / "told" / "workspace", TickingClock(template.clock.at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(ground / "told" / "state"))
        opened = scenes.enter(template.root, root, template.keys, clock)
        tell_everything(opened)
        opened.workspace.close()
    yield Template(root, template.keys, clock)
    shutil.rmtree(ground / "told")


@pytest.fixture
def full(told: Template, ground: Path, tmp_path: Path) -> Iterator[Scene]:
    """A copy of it to meddle with."""
    root = ground / tmp_path.name
    opened = scenes.enter(told.root, root, told.keys, TickingClock(told.clock.at))
    yield opened
    opened.workspace.close()
    shutil.rmtree(root)


@pytest.mark.parametrize("seed", [1, 2])
def test_tables_grown_entry_by_entry_equal_a_rebuild_all_along_a_long_walk(scene: Scene, seed: int) -> None:
    walk = Walk(scene, seed)
    for _ in range(6):
        walk.go(50)
        assert differences(scene.context) == ()
    grown = content_of(scene.context)
    verifying.rebuild(scene.context)
    assert content_of(scene.context) == grown
    assert len(set(walk.taken)) > 20, "the walk should get around"
    report = verify_workspace(scene.context, scope=Scope())
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())


def test_the_story_fills_every_table(full: Scene) -> None:
    assert [name for name, rows in content_of(full.context).items() if not rows] == []
    assert differences(full.context) == ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("edit", ["delete", "change", "invent", "drop"])
def test_a_hand_edited_read_table_is_found_and_mended_by_a_rebuild(full: Scene, name: str, edit: str) -> None:
    honest = content_of(full.context)
    with plain_sql(full.context.ledger.path) as connection:
        columns = [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")]
        keys = [row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[5]]
        text = next(column for column, kind in columns if kind == "TEXT" and column not in keys)
        match edit:
            case "delete":
                connection.execute(f"DELETE FROM {name}")
            case "change":
                connection.execute(f"UPDATE {name} SET {text} = {text} || '!'")
            case "invent":
                values = ", ".join(f"'{number}'" for number in range(9000, 9000 + len(columns)))
                connection.execute(f"INSERT INTO {name} VALUES ({values})")
            case _:
                connection.execute(f"DROP TABLE {name}")
    assert differences(full.context) == (name,)
    report = verify_workspace(full.context, scope=Scope(archive=False))
    assert report.verdict is Verdict.INVALID
    if edit != "drop":
        assert any(f"the read table {name} " in problem.detail for problem in report.problems)
        verifying.rebuild(full.context)
        assert content_of(full.context) == honest
        assert verify_workspace(full.context, scope=Scope()).ok


def test_no_decision_believes_a_read_table(scene: Scene) -> None:
    """Whoever edits the tables changes what is shown, not what is allowed."""
    scene.live(V1)
    scene.live(V2)
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "prod", "orders"), reason="it hurts")
    environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    scene.observe(TAMPERED)
    scene.ingest(V2)
    request = scene.submitted()
    with plain_sql(scene.context.ledger.path) as connection:
        connection.execute("UPDATE request SET state = 'approved'")
        connection.execute("UPDATE environment SET frozen = NULL")
        connection.execute("DELETE FROM quarantined")
        connection.execute("UPDATE drift SET status = 'resolved'")
        connection.execute("""UPDATE principal SET grants = '[["admin", "*", "*", null]]'""")
    with pytest.raises(Refusal) as caught:
        scene.deploy(request)
    reasons = " ".join(caught.value.reasons)
    assert all(word in reasons for word in ("not approved", "frozen", "quarantine"))
    with pytest.raises(Refusal, match="it needs the role admin"):
        people.grant(scene.context, scene.cy, "cy", ev.Grant(role="admin"))


def test_entries_recorded_together_leave_the_rows_that_they_leave_one_by_one() -> None:
    def moved(change: str, commit: str, before: str | None = None) -> ev.Imported:
        return ev.Imported(repository="r", commit=commit, path="p", change=change, author="a1", renamed_from=before)

    def arrived(artifact: str, name: str, listed: str | None, imported: ev.Imported | None = None) -> ev.Event:
        return ev.ArtifactIngested(
            artifact=artifact, project="shop", environment="prod", name=name, platform="json", confidence=1, bytes=2,
            manifest=f"of-{artifact}", components=1, connectors=listed, imported=imported,
        )  # fmt: skip

    story = [
        arrived("a1", "old.json", None, moved("added", "c1")),
        arrived("a2", "old.json", "list", moved("modified", "c2")),
        arrived("a2", "new.json", "list", moved("renamed", "c3", before="old.json")),
        arrived("list", "new.json", None),  # an export whose bytes are those of the list
        arrived("a3", "new.json", "list", moved("modified", "c4")),
        ev.ImportedDeletion(
            artifact="a3", project="shop", environment="prod", name="new.json", imported=moved("deleted", "c5")
        ),
        arrived("a3", "new.json", "list", moved("added", "c6")),
        ev.ModulesObserved(project="shop", environment="prod", connectors="list", modules=1),
        ev.ModulesObserved(project="shop", environment="prod", connectors="list", modules=1),
    ]
    records = [ev.Recorded(seq=seq, time=f"t{seq}", actor="a", event=event) for seq, event in enumerate(story, 1)]

    def rows_after(groups: list[list[ev.Recorded]]) -> list[list[tuple[object, ...]]]:
        with closing(sqlite3.connect(":memory:")) as connection:
            for sql in artifacts.TABLES + connectors.TABLES:
                connection.execute(sql)
            for group in groups:
                artifacts.PROJECTION.apply(connection, group)
                connectors.PROJECTION.apply(connection, group)
            return [connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("artifact", "sighting")]

    one_by_one = rows_after([[record] for record in records])
    assert [row[-1] for row in one_by_one[0]] == [1, 1, 1, 0, 1, 0]  # what the history took away is gone
    assert rows_after([records]) == one_by_one
    assert rows_after([records[:3], records[3:]]) == one_by_one


def test_an_entry_of_an_unknown_kind_is_passed_over(scene: Scene) -> None:
    before = content_of(scene.context)
    strange = Statement(
        origin=scene.context.ledger.origin,
        kind="moon.landed",
        time=scene.context.now,
        actor="system",
        on={"request": "CR-0001"},
        data={"crew": 3},
    )
    smuggle(scene.context, strange, None)
    assert content_of(scene.context) == before
    assert differences(scene.context) == ()
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_the_desired_state_is_sought_and_not_counted_out(scene: Scene) -> None:
    """However many deployments there were: nothing is scanned, and only the places themselves are sorted."""
    asked: list[str] = []
    with scene.context.ledger.reading() as connection:
        connection.set_trace_callback(asked.append)
        deployments.desired(connection, at=5)
        connection.set_trace_callback(None)
        connection.set_authorizer(None)  # EXPLAIN is nothing a reader needs otherwise
        plan = "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall())
    assert "SEARCH deployment USING COVERING INDEX deployment_place (environment=? AND project>?)" in plan
    assert "SEARCH deployment USING COVERING INDEX deployment_place (environment>?)" in plan
    assert "SCAN newest" not in plan
    assert "SEARCH one USING COVERING INDEX deployment_place" in plan
