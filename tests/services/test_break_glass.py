"""Breaking glass: past the approvals, for a while, signed, and never without somebody else's review."""

from __future__ import annotations

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import smuggle

from store.domain import events as ev
from store.errors import BadInput, Refusal
from store.services import incidents
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.delivery import rollback
from store.services.glass import breaking, holding


def burning(scene: Scene) -> Actor:
    """Let V1 be live, V2 wait for approvals, and rex, a responder, have an incident open."""
    scene.live(V1)
    scene.ingest(V2)
    scene.submitted()
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    return rex


def broken(scene: Scene, rex: Actor) -> str:
    entry = breaking.break_glass(
        scene.context, rex, "INC-0001", environment="prod", justification="customers cannot pay"
    )
    return entry.statement.on["glass"]


def test_a_responder_deploys_past_the_approvals_and_the_deployment_says_so(scene: Scene) -> None:
    rex = burning(scene)
    with pytest.raises(Refusal, match="may not deploy"):
        scene.deploy("CR-0002", rex)
    assert broken(scene, rex) == "BG-0001"
    assert "GLASS BROKEN prod by rex" in (holding.banner(scene.context) or "")
    assert scene.deploy("CR-0002", rex).verified
    started = scene.last("deployment.started")
    assert isinstance(started, ev.DeploymentStarted)
    assert started.glass == "BG-0001"
    assert any("not approved: 0 of 1" in reason for reason in started.past or ())
    rollback.roll_back(scene.context, rex, rollback.plan(scene.context, "prod", "orders"), reason="worse")
    assert breaking.done_under(scene.context.ledger, "BG-0001", "prod") == ("DEP-0002", "DEP-0003")


def test_it_ends_by_itself_with_the_incident_and_by_hand(scene: Scene) -> None:
    rex = burning(scene)
    broken(scene, rex)
    scene.clock.advance(hours=4)
    assert holding.banner(scene.context) is None
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy("CR-0002", rex)
    assert broken(scene, rex) == "BG-0002"
    breaking.end(scene.context, scene.bo, "BG-0002", reason="enough")
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy("CR-0002", rex)
    assert broken(scene, rex) == "BG-0003"
    incidents.close(scene.context, rex, "INC-0001", cause="c", fix="f", learned="l")
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy("CR-0002", rex)
    with pytest.raises(Refusal, match="is closed"):
        broken(scene, rex)


def test_who_broke_the_glass_cannot_review_it_and_without_a_review_cannot_break_it_again(scene: Scene) -> None:
    rex = burning(scene)
    broken(scene, rex)
    with pytest.raises(Refusal, match="what is done under it is not over") as refused:
        breaking.review(scene.context, scene.dana, "BG-0001", note="fine")
    assert "quarterdeck break-glass end BG-0001" in " ".join(refused.value.would_unblock)
    scene.clock.advance(hours=73)
    scene.enrol("aud", "auditor")
    people_grant(scene, "rex")
    with pytest.raises(Refusal, match="separation of duties: rex broke the glass"):
        breaking.review(scene.context, rex, "BG-0001", note="fine")
    with pytest.raises(Refusal, match="review of BG-0001 is overdue"):
        broken(scene, rex)
    with pytest.raises(Refusal, match="cy may not review"):
        breaking.review(scene.context, scene.cy, "BG-0001", note="fine")
    with pytest.raises(BadInput, match="--note"):
        breaking.review(scene.context, scene.dana, "BG-0001", note=" ")
    breaking.review(scene.context, scene.dana, "BG-0001", note="it was right")
    with pytest.raises(Refusal, match="dana reviewed BG-0001 already"):
        breaking.review(scene.context, scene.alice, "BG-0001", note="me too")
    assert broken(scene, rex) == "BG-0002"


def people_grant(scene: Scene, handle: str) -> None:
    from store.services.identity import people

    people.grant(scene.context, scene.alice, handle, ev.Grant(role="auditor"))


def test_only_a_responder_with_an_incident_about_this_place_breaks_glass(scene: Scene) -> None:
    rex = burning(scene)
    with pytest.raises(Refusal, match=r"bo may not break glass.*responder"):
        broken(scene, scene.bo)
    with pytest.raises(BadInput, match="justification"):
        breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification=" ")
    incidents.open_incident(scene.context, rex, title="crm", severity="low", project="crm", environment="prod")
    with pytest.raises(Refusal, match="not about this place"):
        breaking.break_glass(
            scene.context, rex, "INC-0002", environment="prod", project="orders", justification="because"
        )


@pytest.mark.parametrize("signed_by", [None, "bo"])
def test_an_entry_that_its_breaker_never_signed_opens_nothing(scene: Scene, signed_by: str | None) -> None:
    rex = burning(scene)
    broken(scene, rex)
    event = scene.last("glass.broken")
    breaking.end(scene.context, rex, "BG-0001", reason="enough")
    assert isinstance(event, ev.GlassBroken)
    on = ev.GlassBroken(**{**vars(event), "glass": "BG-0002"})
    statement = statement_of(scene.context, on, "rex")
    smuggle(scene.context, statement, scene.actor(signed_by).signer.sign(statement.bytes()) if signed_by else None)
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy("CR-0002", rex)
