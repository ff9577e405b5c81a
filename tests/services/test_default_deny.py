"""Every act through its service, by everybody who may not: refused, and not a byte recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.exports import TAMPERED, V1, V2
from support.keyring import line_of
from support.scene import Scene, add_environment, content

from store.domain import events as ev
from store.domain.roles import ROLES
from store.errors import BadInput, Refusal
from store.services import incidents
from store.services.context import Actor
from store.services.delivery import deploying, environments, rollback
from store.services.drift import drifting
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.identity import people
from store.services.policy import reviewing
from store.services.requests import approving, commenting, promoting, requests

Act = Callable[[Scene, Actor], object]


def _drafted(scene: Scene) -> None:
    scene.ingest()
    scene.open()


def _submitted(scene: Scene) -> None:
    scene.ingest()
    scene.submitted()


def _commented(scene: Scene) -> None:
    _submitted(scene)
    commenting.comment(scene.context, scene.dana, "CR-0001", "intake", "why?")


def _approved(scene: Scene) -> None:
    scene.ingest()
    scene.approved()


def _twice_live(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)


def _drifted(scene: Scene) -> None:
    scene.live(V1)
    assert scene.observe(TAMPERED) == ("DR-0001",)


def _quarantined(scene: Scene) -> None:
    _twice_live(scene)
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "prod", "orders"), reason="broken")


def _frozen(scene: Scene) -> None:
    environments.freeze(scene.context, scene.alice, "prod", reason="audit week")


def _incident(scene: Scene) -> None:
    incidents.open_incident(scene.context, scene.bo, title="it burns", severity="high")


def _nothing(_: Scene) -> None:
    pass


def _suspended(scene: Scene) -> None:
    people.suspend(scene.context, scene.alice, "cy", until="2026-06-01", reason="on leave")


def _open(scene: Scene, actor: Actor) -> object:
    return requests.open_request(scene.context, actor, project="orders", environment="prod", content=content())


def _roll_back(scene: Scene, actor: Actor) -> object:
    plan = rollback.plan(scene.context, "prod", "orders")
    return rollback.roll_back(scene.context, actor, plan, reason="broken")


def _close(scene: Scene, actor: Actor) -> object:
    return incidents.close(scene.context, actor, "INC-0001", cause="c", fix="f", learned="l")


def _resolve(scene: Scene, actor: Actor) -> object:
    return commenting.resolve(scene.context, actor, "CR-0001", scene.entries(kind="request.commented")[0].seq)


def _lift(scene: Scene, actor: Actor) -> object:
    release = scene.last("release.quarantined")
    assert isinstance(release, ev.ReleaseQuarantined)
    return rollback.lift_quarantine(scene.context, actor, "orders", release.release, reason="mended")


def _found(scene: Scene) -> None:
    handling.open_finding(scene.context, scene.alice, Wanted(title="keys are shared"))


def _review_policy(scene: Scene, actor: Actor) -> object:
    return reviewing.review(scene.context, actor, scene.context.policy.digest, note="read it")


OPENERS = {"requester", "operator", "approver", "admin"}
DECIDERS = {"approver", "security-approver"}
MENDERS = {"operator", "responder"}
ALARMISTS = {"operator", "responder", "admin"}
ACTS: dict[str, tuple[set[str], Callable[[Scene], object], Act]] = {
    "open": (OPENERS, lambda s: s.ingest(), _open),
    "edit": (OPENERS, _drafted, lambda s, a: requests.edit(s.context, a, "CR-0001", content=content(why="more"))),
    "submit": (OPENERS, _drafted, lambda s, a: requests.submit(s.context, a, "CR-0001")),
    "withdraw": (OPENERS, _drafted, lambda s, a: requests.withdraw(s.context, a, "CR-0001", reason="no")),
    "promote": (
        OPENERS,
        lambda s: s.live(),
        lambda s, a: promoting.promote(s.context, a, "CR-0001", to="prod"),
    ),
    "approve": (DECIDERS, _submitted, lambda s, a: approving.approve(s.context, a, "CR-0001")),
    "refuse": (DECIDERS, _submitted, lambda s, a: approving.refuse(s.context, a, "CR-0001", reason="no")),
    "deploy": ({"operator"}, _approved, lambda s, a: deploying.deploy(s.context, a, "CR-0001")),
    "roll back": (MENDERS, _twice_live, _roll_back),
    "acknowledge": (MENDERS, _drifted, lambda s, a: drifting.acknowledge(s.context, a, "DR-0001", note="seen")),
    "adopt": ({"operator"}, _drifted, lambda s, a: drifting.adopt(s.context, a, "DR-0001", content=content())),
    "open a finding": (
        {"auditor", "admin"},
        _nothing,
        lambda s, a: handling.open_finding(s.context, a, Wanted(title="t")),
    ),
    "assign": ({"auditor", "admin"}, _found, lambda s, a: handling.assign(s.context, a, "FND-0001", assignee="cy")),
    "close a finding": (
        {"auditor", "admin"},
        _found,
        lambda s, a: handling.close(s.context, a, "FND-0001", done="done"),
    ),
    "review the policy": (DECIDERS | {"auditor", "admin"}, _nothing, _review_policy),
    "open incident": (
        ALARMISTS,
        _nothing,
        lambda s, a: incidents.open_incident(s.context, a, title="fire", severity="high"),
    ),
    "close incident": (ALARMISTS, _incident, _close),
    "note": (set(ROLES), _incident, lambda s, a: incidents.note(s.context, a, "INC-0001", "smoke")),
    "annotate": (set(ROLES), _nothing, lambda s, a: incidents.annotate(s.context, a, "1", "the beginning")),
    "comment": (set(ROLES), _submitted, lambda s, a: commenting.comment(s.context, a, "CR-0001", "intake", "why?")),
    "resolve a comment": (DECIDERS, _commented, _resolve),
    "freeze": (ALARMISTS, _nothing, lambda s, a: environments.freeze(s.context, a, "prod", reason="audit")),
    "thaw": (ALARMISTS, _frozen, lambda s, a: environments.thaw(s.context, a, "prod", reason="done")),
    "lift quarantine": ({"admin"}, _quarantined, _lift),
    "add environment": ({"admin"}, _nothing, lambda s, a: add_environment(s.context, a, "dev")),
    "add principal": (
        {"admin"},
        _nothing,
        lambda s, a: people.add(s.context, a, "new", key_lines=[line_of(s.actor("new").signer)], grants=[]),
    ),
    "grant": ({"admin"}, _nothing, lambda s, a: people.grant(s.context, a, "cy", ev.Grant(role="operator"))),
    "revoke": (
        {"admin"},
        _nothing,
        lambda s, a: people.revoke(s.context, a, "bo", ev.Grant(role="operator"), reason="left"),
    ),
    "suspend": (
        {"admin"},
        _nothing,
        lambda s, a: people.suspend(s.context, a, "cy", until="2026-06-01", reason="on leave"),
    ),
    "reinstate": ({"admin"}, _suspended, lambda s, a: people.reinstate(s.context, a, "cy", reason="back")),
    "add key": (
        {"admin"},
        _nothing,
        lambda s, a: people.add_key(s.context, a, "cy", line_of(s.actor("new").signer)),
    ),
    "revoke key": (
        {"admin"},
        _nothing,
        lambda s, a: people.revoke_key(s.context, a, "cy", s.cy.signer.public.fingerprint, reason="lost"),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_refused_to_everybody_without_its_role_and_open_to_one_with_it(scene: Scene, act: str) -> None:
    allowed, prepare, do = ACTS[act]
    prepare(scene)
    elsewhere = [f"{role}@crm/prod" for role in ROLES] + [f"{role}@orders/dev" for role in ROLES]
    refused = [scene.enrol(f"only-{role}", role) for role in ROLES if role not in allowed]
    refused += [scene.enrol("nobody"), scene.enrol("elsewhere", *elsewhere), scene.actor("stranger")]
    allowed_one = scene.enrol("friend", min(allowed))
    size, there = scene.size, _delivered(scene)
    for number, actor in enumerate(refused, start=1):
        with pytest.raises(Refusal) as refusal:
            do(scene, actor)
        assert (scene.size, _delivered(scene)) == (size + number, there), f"{actor.handle} left more than its refusal"
        told = scene.last("attempt.refused")
        assert isinstance(told, ev.AttemptRefused)
        assert (told.principal, told.reason) == (actor.handle, str(refusal.value))
        assert told.key == actor.signer.public.fingerprint
        assert refusal.value.entry == scene.size
    size = scene.size
    do(scene, allowed_one)
    assert scene.size > size


def _delivered(scene: Scene) -> dict[str, bytes]:
    return scene.delivered() if (scene.workspace.root / "out/prod/orders").exists() else {}


def test_a_scoped_role_counts_in_its_scope_only(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    scene.ingest()
    scene.ingest(place="dev")
    eve = scene.enrol("eve", "approver@orders/dev", "operator@orders/dev")
    approving.approve(scene.context, eve, scene.submitted(place="dev"))
    in_prod = scene.submitted(place="prod")
    with pytest.raises(Refusal, match="eve may not approve on orders/prod"):
        approving.approve(scene.context, eve, in_prod)
    deploying.deploy(scene.context, eve, "CR-0001")
    approving.approve(scene.context, scene.dana, in_prod)
    with pytest.raises(Refusal, match="eve may not deploy on orders/prod"):
        deploying.deploy(scene.context, eve, in_prod)


def test_a_responder_of_one_place_closes_and_annotates_their_own_incident(scene: Scene) -> None:
    eve = scene.enrol("eve", "responder@orders/prod")
    incidents.open_incident(scene.context, eve, title="fire", severity="high", project="orders", environment="prod")
    incidents.note(scene.context, eve, "INC-0001", "smoke")
    incidents.annotate(scene.context, eve, "INC-0001", "more smoke")
    incidents.close(scene.context, eve, "INC-0001", cause="c", fix="f", learned="l")
    incidents.open_incident(scene.context, scene.bo, title="elsewhere", severity="low", project="crm")
    with pytest.raises(Refusal):
        incidents.close(scene.context, eve, "INC-0002", cause="c", fix="f", learned="l")


def test_a_grant_that_ends_is_gone_when_the_clock_gets_there(scene: Scene) -> None:
    eve = scene.enrol("eve")
    people.grant(scene.context, scene.alice, "eve", ev.Grant(role="approver", expires="2026-03-02T11:00:00+01:00"))
    scene.ingest()
    approving.approve(scene.context, eve, scene.submitted())
    scene.clock.advance(hours=2)
    with pytest.raises(Refusal, match="the role approver ended at"):
        approving.approve(scene.context, eve, scene.submitted())


def test_a_grant_nobody_can_read_is_never_given(scene: Scene) -> None:
    for odd in (
        ev.Grant(role="root"),
        ev.Grant(role="operator", expires="soon"),
        ev.Grant(role="operator", project=""),
    ):
        with pytest.raises(BadInput):
            people.grant(scene.context, scene.alice, "cy", odd)
        with pytest.raises(BadInput):
            people.add(scene.context, scene.alice, "eve", key_lines=[], grants=[odd])
