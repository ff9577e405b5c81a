from __future__ import annotations

import pytest
from support.exports import V1, V2
from support.scene import Scene, add_environment

from store.domain import events as ev
from store.errors import BadInput, NotFound, Refusal
from store.projections import incidents as rows
from store.services import incidents
from store.services.delivery import rollback
from store.services.history import history
from store.services.requests.requests import change_of


def burn(scene: Scene, **more: str) -> str:
    entry = incidents.open_incident(scene.context, scene.bo, title="it burns", severity="high", **more)
    return entry.statement.on["incident"]


def test_an_incident_pins_the_position_and_every_desired_release(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    scene.live(V1, place="dev")
    scene.live(V1)
    scene.live(V2)
    head = scene.size
    incident = burn(scene, project="orders", environment="prod")
    opened = scene.last("incident.opened")
    assert isinstance(opened, ev.IncidentOpened)
    assert opened.at_seq == head
    ledger = scene.context.ledger
    assert {(p.environment, p.project, p.release) for p in opened.state} == {
        ("dev", "orders", change_of(ledger, "CR-0001").target.release),
        ("prod", "orders", change_of(ledger, "CR-0003").target.release),
    }
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "prod", "orders"), reason=incident)
    at = history.resolve(scene.context, incident)
    assert at.seq == head
    state = history.state_at(scene.context, "prod", at)
    assert [d.release for d in state.deployments] == [change_of(ledger, "CR-0003").target.release]


def test_closing_needs_cause_fix_and_what_was_learned(scene: Scene) -> None:
    incident = burn(scene)
    whole = {"cause": "a cable", "fix": "plugged it in", "learned": "label cables"}
    for missing in whole:
        with pytest.raises(BadInput, match="needed"):
            incidents.close(scene.context, scene.bo, incident, **{**whole, missing: " "})
    incidents.close(scene.context, scene.bo, incident, **whole)
    with scene.context.ledger.reading() as connection:
        found = rows.one(connection, incident)
    assert found is not None
    assert (found.state, found.cause) == ("closed", "a cable")
    with pytest.raises(Refusal, match="is closed"):
        incidents.close(scene.context, scene.bo, incident, **whole)
    with pytest.raises(Refusal, match="is closed"):
        incidents.note(scene.context, scene.bo, incident, "late")


def test_notes_stay_in_order_and_annotations_come_after_closing_too(scene: Scene) -> None:
    incident = burn(scene)
    incidents.note(scene.context, scene.bo, incident, "smoke")
    incidents.note(scene.context, scene.cy, incident, "more smoke")
    incidents.close(scene.context, scene.bo, incident, cause="c", fix="f", learned="l")
    incidents.annotate(scene.context, scene.dana, incident, "it was the toaster")
    with scene.context.ledger.reading() as connection:
        found = [(note.actor, note.note) for note in rows.notes(connection, incident)]
    assert found == [("bo", "smoke"), ("cy", "more smoke"), ("dana", "it was the toaster")]


@pytest.mark.parametrize("severity", ["", "urgent", "HIGH"])
def test_an_invented_severity_is_refused(scene: Scene, severity: str) -> None:
    with pytest.raises(BadInput, match="severity"):
        incidents.open_incident(scene.context, scene.bo, title="it burns", severity=severity)


def test_incidents_that_do_not_exist_are_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        incidents.note(scene.context, scene.bo, "INC-0001", "smoke")
    with pytest.raises(NotFound):
        incidents.close(scene.context, scene.bo, "INC-0001", cause="c", fix="f", learned="l")


@pytest.mark.parametrize(
    "subject",
    [
        "0",
        "-1",
        "999999",
        pytest.param("9" * 5000, id="long"),
        "٣",
        "1.5",
        "",
        "CR-0001",
        "DR-0001\n",
        "CR-1",
        "moon",
        "1e3",
        " 1",
    ],
)
def test_only_what_exists_can_be_annotated(scene: Scene, subject: str) -> None:
    before = scene.size
    with pytest.raises(NotFound):
        incidents.annotate(scene.context, scene.alice, subject, "hello")
    assert scene.size == before


def test_an_annotation_never_changes_what_it_is_about(scene: Scene) -> None:
    original = scene.context.ledger.entry(2)
    incidents.annotate(scene.context, scene.alice, "2", "that was the beginning")
    assert scene.context.ledger.entry(2) == original
    assert scene.last("entry.annotated").entry == "2"
