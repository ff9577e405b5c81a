from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from support.exports import ADDED, TAMPERED, V1, V2, document, tabs
from support.scene import Scene, content

from store.domain import events as ev
from store.domain.component import ExportFile
from store.errors import BadInput, NotFound, Refusal
from store.ledger import Writer
from store.projections import drifts
from store.projections.drifts import DriftRow
from store.services.drift import drifting
from store.services.drift.drift_view import three_way
from store.services.requests import approving, requests
from store.services.requests.requests import change_of


def row(scene: Scene, drift: str = "DR-0001") -> DriftRow:
    with scene.context.ledger.reading() as connection:
        found = drifts.one(connection, drift)
    assert found is not None
    return found


def count(scene: Scene, kind: str) -> int:
    return scene.kinds().count(kind)


def test_what_nobody_ever_deployed_cannot_drift(scene: Scene) -> None:
    assert scene.observe(V1) == ()
    assert scene.kinds()[-1] == "configuration.observed"


def test_live_as_desired_is_no_drift(scene: Scene) -> None:
    scene.live(V1)
    assert scene.observe(V1) == ()
    moved = V1.replace(b'"x": 100', b'"x": 900')
    assert scene.observe(moved) == ()


def test_a_changed_component_opens_one_drift_and_only_one(scene: Scene) -> None:
    scene.live(V1)
    assert scene.observe(TAMPERED) == ("DR-0001",)
    size = scene.size
    for _ in range(3):
        assert scene.observe(TAMPERED) == ("DR-0001",)
    assert scene.size == size, "seeing the same again is no news"
    found = row(scene)
    assert (found.component, found.status, found.name) == ("tab-refunds", "open", "refunds")
    assert "func" in found.summary


def test_every_component_has_a_drift_of_its_own(scene: Scene) -> None:
    scene.live(V1)
    worse = tabs(intake="return evil(msg);", refunds="return msg.refund * 1000;", backdoor="return shell(msg);")
    assert scene.observe(worse) == ("DR-0001", "DR-0002", "DR-0003")
    with scene.context.ledger.reading() as connection:
        assert {r.component for r in drifts.listing(connection)} == {"tab-backdoor", "tab-intake", "tab-refunds"}


def test_a_drift_that_moves_on_is_the_same_drift(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="known")
    assert row(scene).status == "acknowledged"
    assert scene.observe(TAMPERED) == ("DR-0001",)
    assert row(scene).status == "acknowledged", "the same sight again reopens nothing"
    assert scene.observe(TAMPERED.replace(b"1000", b"9999")) == ("DR-0001",)
    assert row(scene).status == "open", "another change behind an acknowledgement is open again"
    assert (count(scene, "drift.opened"), count(scene, "drift.changed")) == (1, 1)


def test_a_drift_ends_when_live_is_as_desired_and_a_new_one_gets_a_new_number(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    assert scene.observe(V1) == ()
    assert row(scene).status == "resolved"
    assert scene.observe(TAMPERED) == ("DR-0002",)


def test_a_component_added_live_is_drift_and_gone_again_is_resolved(scene: Scene) -> None:
    scene.live(V1)
    assert scene.observe(ADDED) == ("DR-0001",)
    found = row(scene)
    assert (found.component, found.desired) == ("tab-backdoor", None)
    assert found.summary == "added live: nobody asked for it"
    assert scene.observe(V1) == ()
    assert row(scene).status == "resolved"


def test_a_component_gone_from_live_is_drift(scene: Scene) -> None:
    scene.live(V1)
    assert scene.observe(tabs(intake="return msg;")) == ("DR-0001",)
    found = row(scene)
    assert (found.component, found.observed, found.summary) == ("tab-refunds", None, "gone from live")


def test_an_export_of_one_file_says_nothing_about_the_others(scene: Scene) -> None:
    scene.ingest(V1)
    scene.ingest(document(limit=1), name="limits.json")
    scene.deploy(scene.approved())
    assert scene.observe(V1) == ()
    assert scene.observe(document(limit=2), name="limits.json") == ("DR-0001",)
    assert scene.observe(V1) == ("DR-0001",), "the flows say nothing about the limits"
    assert scene.observe(document(limit=1), name="limits.json") == ()


def test_a_deployment_that_makes_it_desired_resolves_what_is_seen_next(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(V2)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="request follows")
    scene.live(V2)
    assert scene.observe(V2) == ()
    assert row(scene).status == "resolved"


def test_adopting_asks_for_exactly_the_bytes_that_were_seen(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    opened, adopted = drifting.adopt(scene.context, scene.bo, "DR-0001", content=content(title="keep it"))
    request = opened.statement.on["request"]
    assert adopted.statement.on["request"] == request
    assert opened.statement.data["adopts"] == "DR-0001"
    assert row(scene).status == "adopted"
    requests.submit(scene.context, scene.bo, request)
    with pytest.raises(Refusal, match="separation of duties"):
        approving.approve(scene.context, scene.bo, request)
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy(request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    assert scene.delivered() == {"flows.json": TAMPERED}
    assert scene.observe(TAMPERED) == ()


def test_adopting_leaves_nothing_behind_when_it_is_refused(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    before = scene.acts
    with pytest.raises(Refusal, match="may not handle drift"):
        drifting.adopt(scene.context, scene.cy, "DR-0001", content=content())
    with pytest.raises(BadInput, match="--why"):
        drifting.adopt(scene.context, scene.bo, "DR-0001", content=content(why=""))
    assert scene.acts == before


def test_what_was_seen_and_has_changed_since_cannot_be_adopted(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    scene.observe(V1)
    with pytest.raises((Refusal, BadInput)):
        drifting.adopt(scene.context, scene.bo, "DR-0001", content=content())


def test_what_else_changed_in_the_export_since_is_adopted_with_it_and_stops_nothing(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    scene.observe(TAMPERED + b"\n")
    opened, _ = drifting.adopt(scene.context, scene.bo, "DR-0001", content=content())
    request = opened.statement.on["request"]
    requests.submit(scene.context, scene.bo, request)
    approving.approve(scene.context, scene.dana, request)
    scene.deploy(request)
    assert scene.delivered() == {"flows.json": TAMPERED + b"\n"}


def test_adopting_one_file_keeps_the_others_as_desired(scene: Scene) -> None:
    scene.ingest(V1)
    scene.ingest(document(limit=1), name="limits.json")
    scene.deploy(scene.approved())
    scene.observe(document(limit=2), name="limits.json")
    opened, _ = drifting.adopt(scene.context, scene.bo, "DR-0001", content=content())
    request = opened.statement.on["request"]
    requests.submit(scene.context, scene.bo, request)
    approving.approve(scene.context, scene.dana, request)
    scene.deploy(request)
    assert scene.delivered() == {"flows.json": V1, "limits.json": document(limit=2)}


def test_an_acknowledgement_needs_a_note_and_a_drift(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    with pytest.raises(BadInput, match="note"):
        drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="  ")
    for act in (
        lambda: drifting.acknowledge(scene.context, scene.bo, "DR-0099", note="-"),
        lambda: drifting.adopt(scene.context, scene.bo, "DR-0099", content=content()),
        lambda: three_way(scene.context, "DR-0099"),
    ):
        with pytest.raises(NotFound, match="DR-0099"):
            act()
    scene.observe(V1)
    with pytest.raises(Refusal, match="resolved already"):
        drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="late")


def test_the_three_ways_are_desired_observed_and_before(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    scene.observe(tabs(intake="return hacked;", refunds="return msg.refund;"))
    seen = three_way(scene.context, "DR-0001")
    assert seen.desired is not None
    assert seen.observed is not None
    assert seen.previous is not None
    assert len({seen.desired.digest, seen.observed.digest, seen.previous.digest}) == 3
    assert b"hacked" in seen.observed.canonical
    assert seen.live.components
    assert seen.last_change.components


def test_what_lies_in_the_delivery_folder_ends_no_drift_of_what_runs(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="known")
    scene.ingest(V2)
    request = scene.approved()
    path = scene.workspace.root / "out/prod/orders/flows.json"
    path.write_bytes(tabs(intake="return other;", refunds="return msg.refund;"))
    with pytest.raises(Exception, match="DR-0002"):
        scene.deploy(request)
    assert row(scene, "DR-0001").status == "acknowledged"
    assert change_of(scene.context.ledger, request).state == "approved"


def test_an_unreadable_export_in_observed_is_no_observation(scene: Scene) -> None:
    scene.live(V1)
    before = count(scene, "configuration.observed")
    assert scene.observe(b"{broken") == ()
    assert count(scene, "configuration.observed") == before
    refused = scene.last("artifact.refused")
    assert isinstance(refused, ev.ArtifactRefused)
    assert refused.environment == "prod"


def test_a_deployment_while_an_observation_is_compared_is_not_taken_for_drift(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old release is desired when the export is read; the new one is when it would be written down."""
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()
    ledger = scene.context.ledger
    honest = ledger.writing

    def overtaken() -> AbstractContextManager[Writer]:
        monkeypatch.setattr(ledger, "writing", honest)
        assert scene.deploy(request).verified
        return honest()

    monkeypatch.setattr(ledger, "writing", overtaken)
    seen = drifting.observe(
        scene.context,
        environment="prod",
        project="orders",
        file=ExportFile(name="flows.json", data=V2),
        source="export",
    )
    assert seen.news == ()
    assert drifting.standing(ledger, "prod", "orders") == {}
