"""The inventory: every connector that was ever seen, where, since when, and what nobody has reviewed yet."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support.scene import Scene, add_environment
from support.tampering import smuggle

from store import archive
from store.domain import events as ev
from store.domain.component import Connector
from store.domain.inventory import Item, Since
from store.errors import Conflict, IntegrityFailure, Refusal
from store.integrity.entry import Statement
from store.ledger.report import Verdict
from store.services.audit.verifying import Scope, verify_workspace
from store.services.connectors import reviewing
from store.services.connectors.inventory import Inventory, inventory


def caller(*hosts: str, tab: str = "Orders") -> bytes:
    """Return an export of one tab that calls these hosts, one node each."""
    nodes: list[dict[str, Any]] = [{"id": "t1", "type": "tab", "label": tab}]
    for number, host in enumerate(hosts):
        node = {"id": f"n{number}", "z": "t1", "type": "http request", "name": f"ask {host}", "wires": [[]]}
        nodes.append(node | {"url": f"https://{host}/"})
    return json.dumps(nodes).encode()


def item(found: Inventory, name: str) -> Item:
    return next(one for one in found.items if one.name == name)


def states(found: Inventory) -> dict[str, str]:
    return {one.name: one.since.value for one in found.items}


def test_a_connector_is_listed_with_its_entries_and_its_users(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    first = scene.size
    scene.ingest(caller("a.example", "b.example"))
    found = item(inventory(scene.context), "a.example")
    assert (found.kind, found.first.seq, found.last.seq) == ("host", first, scene.size)
    (use,) = found.uses
    assert (use.project, use.environment, use.component, use.name) == ("orders", "prod", "t1", "Orders")


def test_what_is_gone_stays_in_the_list_with_the_entry_it_was_last_seen_in(scene: Scene) -> None:
    scene.ingest(caller("old.example"))
    last = scene.size
    scene.ingest(caller("new.example"))
    gone = item(inventory(scene.context), "old.example")
    assert not gone.in_use
    assert gone.last.seq == last


def test_what_is_seen_live_counts_beside_what_was_exported(scene: Scene) -> None:
    scene.ingest(caller("shop.example"))
    scene.observe(caller("shop.example", "evil.example"))
    assert item(inventory(scene.context), "evil.example").in_use


def test_what_a_deployed_release_uses_is_in_use_where_it_was_never_exported(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    scene.ingest(caller("old.example"), place="dev")
    scene.deploy(scene.approved())
    verified = scene.size
    scene.ingest(caller("new.example"), place="dev")
    found = item(inventory(scene.context), "old.example")
    assert [(use.environment, use.project, use.component, use.name) for use in found.uses] == [
        ("prod", "orders", "t1", "Orders")
    ]
    assert (found.last.seq, found.since) == (verified, Since.NEW)
    assert states(inventory(scene.context, environment="prod")) == {"old.example": "new"}


def test_a_project_and_an_environment_narrow_the_list(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    scene.ingest(caller("a.example", "b.example"), project="billing")
    assert [one.name for one in inventory(scene.context, project="orders").items] == ["a.example"]
    both = inventory(scene.context, project="billing")
    assert [(one.name, len(one.uses)) for one in both.items] == [("a.example", 1), ("b.example", 1)]
    assert inventory(scene.context, environment="nowhere").items == ()
    assert both.digest == inventory(scene.context).digest, "a review is about everything"


def test_after_a_review_only_what_came_went_or_changed_is_marked(scene: Scene) -> None:
    scene.ingest(caller("a.example", "b.example"))
    assert set(states(inventory(scene.context)).values()) == {"new"}
    entry = reviewing.review(scene.context, scene.bo, inventory(scene.context), note=" looked ")
    assert entry.signature is not None
    assert inventory(scene.context).changed() == ()
    scene.ingest(caller("b.example", "c.example"))
    scene.ingest(caller("b.example"), project="billing")
    found = inventory(scene.context)
    assert states(found) == {"a.example": "gone", "b.example": "changed", "c.example": "new"}
    assert item(found, "b.example").words == ("now also used by prod/billing: Orders",)
    assert found.review is not None
    assert (found.review.actor, found.review.note, found.review.connectors) == ("bo", "looked", 2)


def test_a_new_version_or_licence_is_a_change(scene: Scene) -> None:
    def with_module(version: str) -> bytes:
        node = {
            "id": "f",
            "z": "t1",
            "type": "function",
            "func": "",
            "libs": [{"var": "d", "module": f"dayjs@{version}"}],
        }
        return json.dumps([{"id": "t1", "type": "tab", "label": "T"}, node | {"wires": [[]]}]).encode()

    scene.ingest(with_module("1.0.0"))
    reviewing.review(scene.context, scene.bo, inventory(scene.context))
    scene.ingest(with_module("2.0.0"))
    (changed,) = inventory(scene.context).changed()
    assert (changed.since, changed.words) == (Since.CHANGED, ("version 1.0.0 → 2.0.0",))


def test_what_was_gone_before_the_review_is_no_news_after_it(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    scene.ingest(caller("b.example"))
    reviewing.review(scene.context, scene.bo, inventory(scene.context))
    assert states(inventory(scene.context)) == {"a.example": "same", "b.example": "same"}


def test_only_who_reviews_may_record_a_review(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    size = scene.acts
    with pytest.raises(Refusal, match="needs the role"):
        reviewing.review(scene.context, scene.cy, inventory(scene.context))
    assert scene.acts == size


def test_a_review_of_what_is_no_longer_the_inventory_is_a_conflict(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    seen = inventory(scene.context)
    scene.ingest(caller("a.example", "evil.example"))
    with pytest.raises(Conflict, match="look again"):
        reviewing.review(scene.context, scene.bo, seen)


def test_entries_from_before_there_were_lists_are_read_from_their_exports(scene: Scene) -> None:
    digest = scene.ingest(caller("a.example"))
    newest = scene.last("artifact.ingested")
    assert isinstance(newest, ev.ArtifactIngested)
    on, data = ev.to_parts(newest)
    old = {key: value for key, value in data.items() if key != "connectors"} | {"name": "before.json"}
    statement = Statement(
        origin=scene.context.ledger.origin, kind=newest.KIND, time=scene.context.now, actor="system", on=on, data=old
    )
    smuggle(scene.context, statement, None)
    assert on["artifact"] == digest
    (one,) = inventory(scene.context).items
    assert (one.name, one.last.seq) == ("a.example", scene.size)
    assert verify_workspace(scene.context, scope=Scope()).verdict is Verdict.ANCHORED


def test_they_are_read_by_the_platform_that_the_entry_names(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    newest = scene.last("artifact.ingested")
    assert isinstance(newest, ev.ArtifactIngested)
    on, data = ev.to_parts(replace(newest, platform="generic", name="before.json"))
    old = {key: value for key, value in data.items() if key != "connectors"}
    statement = Statement(
        origin=scene.context.ledger.origin, kind=newest.KIND, time=scene.context.now, actor="system", on=on, data=old
    )
    smuggle(scene.context, statement, None)
    (one,) = inventory(scene.context).items
    assert "before.json" in {use.component for use in one.uses}, "a document, as it was"


def test_an_archived_list_that_an_entry_names_and_nobody_finds_is_a_problem(scene: Scene) -> None:
    scene.ingest(caller("a.example"))
    newest = scene.last("artifact.ingested")
    assert isinstance(newest, ev.ArtifactIngested)
    on, data = ev.to_parts(newest)
    statement = Statement(
        origin=scene.context.ledger.origin,
        kind=newest.KIND,
        time=scene.context.now,
        actor="system",
        on=on,
        data=data | {"connectors": "0" * 64},
    )
    smuggle(scene.context, statement, None)
    problems = verify_workspace(scene.context, scope=Scope()).problems
    assert any("does not hold this list of connectors" in problem.detail for problem in problems)


def test_connectors_come_out_of_the_archive_as_they_went_in(scene: Scene) -> None:
    links = (
        Connector(kind="module", name="dayjs", version="1.0", licence="MIT", components=("a", "b")),
        Connector(kind="credential", name="x: y", ref="17", components=("a",)),
        Connector(kind="host", name="\x1b[31mred\u202e.example"),
    )
    with scene.context.ledger.writing() as writer:
        digest = archive.put_connectors(writer.connection, links)
        assert digest == archive.put_connectors(writer.connection, links[::-1])
        assert set(archive.connectors(writer.connection, digest)) == set(links)
        other = archive.put(writer.connection, b"[1]")
        with pytest.raises(IntegrityFailure, match="no list of connectors"):
            archive.connectors(writer.connection, other)


def test_a_list_of_connectors_is_kept_as_the_difference_to_the_one_before(scene: Scene) -> None:
    hosts = [f"host-{number}-{number * 7919 % 1000}.example" for number in range(60)]
    scene.ingest(caller(*hosts))
    scene.ingest(caller(*hosts, "one-more.example"))
    digests = [
        str(entry.statement.data["connectors"])
        for entry in scene.context.ledger.entries(kinds=["artifact.ingested"])
        if entry.statement.data["components"] == 1
    ][-2:]
    with scene.context.ledger.reading() as connection:
        frames = dict(connection.execute("SELECT lower(hex(digest)), length(data) FROM blob").fetchall())
        assert len(archive.connectors(connection, digests[1])) == 61
    assert frames[digests[1]] * 4 < frames[digests[0]]
