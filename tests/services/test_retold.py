"""Read tables that somebody edited: nobody approves, exports or vouches for what they say against the entries."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import past_triggers, plain_sql

from store import projections
from store.errors import IntegrityFailure
from store.integrity.entry import Entry
from store.ledger.report import Verdict
from store.services.audit import bundling, verifying
from store.services.audit.verifying import Scope
from store.services.requests import approving, offsite
from store.services.requests.review import review
from store.services.requests.review_list import review_list

EDITS = {
    "the diff shows another release": "UPDATE request SET manifest = (SELECT manifest FROM deployment LIMIT 1)"
    " WHERE id = 'CR-0002'",
    "another release is named": "UPDATE request SET release = (SELECT release FROM deployment LIMIT 1)"
    " WHERE id = 'CR-0002'",
    "the risk is smaller": "UPDATE risk SET points = 0, level = 'low', facts = '[]' WHERE request = 'CR-0002'",
    "what is stated is other words": 'UPDATE request SET content = replace(content, \'"why": "\', \'"why": "no \')'
    " WHERE id = 'CR-0002'",
    "somebody approved": "INSERT INTO decision SELECT 'CR-0002', 'bo', 'approved', '', digest, 99999, opened_at"
    " FROM request WHERE id = 'CR-0002'",
    "a gate is gone": "DELETE FROM gate WHERE request = 'CR-0002' AND gate = 'secrets-clean'",
    "the request is gone": "DELETE FROM request WHERE id = 'CR-0002'",
    "something else is live": "UPDATE deployment SET manifest = (SELECT manifest FROM request WHERE id = 'CR-0002')",
    "nothing is live": "DELETE FROM deployment",
}


@pytest.fixture
def waiting(scene: Scene) -> Scene:
    """CR-0001 is live, CR-0002 waits for its approval."""
    scene.live(V1)
    scene.ingest(V2)
    assert scene.submitted() == "CR-0002"
    return scene


def ways(scene: Scene) -> dict[str, Callable[[], object]]:
    """Every way to decide on a request, or to read it before one decides."""
    context = scene.context
    return {
        "approve": lambda: approving.approve(context, scene.dana, "CR-0002"),
        "export it to be signed": lambda: offsite.prepare(context, "CR-0002", "dana"),
        "review it": lambda: review(context, "CR-0002", "dana"),
    }


@pytest.mark.parametrize("how", EDITS)
def test_nobody_approves_by_read_tables_that_say_otherwise_than_the_entries(waiting: Scene, how: str) -> None:
    context, before = waiting.context, waiting.size
    with plain_sql(context.ledger.path) as sql:
        sql.execute(EDITS[how])
    for name, way in ways(waiting).items():
        with pytest.raises(IntegrityFailure, match="read tables") as told:
            way()
        assert any("verify --rebuild" in note for note in told.value.__notes__), name
    assert waiting.size == before
    verifying.rebuild(context)
    for way in reversed(ways(waiting).values()):
        way()


def test_an_entry_added_at_every_look_keeps_nobody_waiting(waiting: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of, looks = projections.made_of, iter(range(5))

    def made_meanwhile(entries: Iterable[Entry]) -> AbstractContextManager[sqlite3.Connection]:
        next(looks)
        with ThreadPoolExecutor(1) as somebody:
            somebody.submit(lambda: waiting.fill(waiting.size + 1)).result()
        return made_of(entries)

    monkeypatch.setattr(projections, "made_of", made_meanwhile)
    assert review(waiting.context, "CR-0002", "dana").request.state == "in review"
    with plain_sql(waiting.context.ledger.path) as sql:
        sql.execute(EDITS["the risk is smaller"])
    with pytest.raises(IntegrityFailure, match="read tables"):
        review(waiting.context, "CR-0002", "dana")


def test_one_edited_request_does_not_hide_the_others(waiting: Scene) -> None:
    with plain_sql(waiting.context.ledger.path) as sql:
        sql.execute(EDITS["the diff shows another release"])
    found = review_list(waiting.context, "dana", "CR-0002")
    assert found.review is None
    assert found.unread is not None
    assert {row.id for row in found.rows} == {"CR-0001", "CR-0002"}
    assert review(waiting.context, "CR-0001", "dana").request.state == "live"


def test_every_state_of_a_request_that_ran_its_course_reads_as_its_entries_say(waiting: Scene) -> None:
    approving.approve(waiting.context, waiting.dana, "CR-0002")
    waiting.deploy("CR-0002")
    states = [review(waiting.context, request, None).request.state for request in ("CR-0001", "CR-0002")]
    assert states == ["superseded", "live"]


def test_what_the_log_attests_is_made_of_entries(waiting: Scene) -> None:
    honest = [bundling.attestation(waiting.context, "DEP-0001", summary=summary) for summary in (False, True)]
    with plain_sql(waiting.context.ledger.path) as sql:
        sql.execute("UPDATE deployment SET state = 'failed', actor = 'eve', release = 'ab', manifest = 'cd'")
        sql.execute(
            "INSERT INTO decision SELECT id, 'eve', 'approved', '', digest, 9000, opened_at FROM request LIMIT 1"
        )
        sql.execute("UPDATE gate SET passed = 0, waived = 'EX-0001'")
    again = [bundling.attestation(waiting.context, "DEP-0001", summary=summary) for summary in (False, True)]
    assert again == honest
    said = json.loads(base64.b64decode(honest[0]["payload"]))["predicate"]
    assert (said["state"], said["operator"]) == ("verified", "bo")
    assert [one["actor"] for one in said["approvals"]] == ["dana"]
    assert said["gates"]


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_cut_tail_is_called_shorter_though_the_read_tables_remember_it(waiting: Scene, checkpoints: bool) -> None:
    context, size = waiting.context, waiting.size
    with past_triggers(context.ledger.path) as sql:
        sql.execute("DELETE FROM entry WHERE seq > ?", (size - 4,))
        if checkpoints:
            sql.execute("DELETE FROM checkpoint WHERE size > ?", (size - 4,))
    report = verifying.verify_workspace(context, scope=Scope())
    assert report.verdict is Verdict.SHORTER
    assert "tables" in {problem.problem for problem in report.problems}
