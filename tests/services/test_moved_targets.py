"""Somebody points an environment elsewhere between an approval and its push: it goes nowhere that nobody approved."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.exports import V1, V2
from support.scene import Scene, add_environment
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.errors import Conflict
from store.integrity import sshsig
from store.services import incidents
from store.services.acting import statement_of
from store.services.delivery import deploying, environments, rehearsing, reverting, rollback
from store.services.delivery.moving import moved_since_deployed
from store.services.drift import drifting
from store.services.glass import breaking
from store.services.requests import approving, offsite
from store.services.requests.reading import change_of
from store.services.requests.review import review

ELSEWHERE = {"deliver": "out/elsewhere"}
GATES = ("gate.evaluated", "risk.assessed")
CHANGED = r"the target of prod was changed by alice \(entry \d+: deliver out/prod → out/elsewhere\)"


def move(scene: Scene, **changes: str) -> int:
    return environments.edit(scene.context, scene.alice, "prod", changes=changes or ELSEWHERE).seq


def nothing_anywhere(scene: Scene) -> bool:
    return not scene.delivered() and not (scene.workspace.root / "out/elsewhere").exists()


def test_an_approved_release_goes_nowhere_else_until_it_is_approved_again(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    move(scene)
    with scene.refused(rf"not approved: {CHANGED} after dana approved \(entry \d+\): approve again", beside=GATES):
        scene.deploy(request)
    assert nothing_anywhere(scene)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    assert (scene.workspace.root / "out/elsewhere/orders/flows.json").read_bytes() == V1


def test_a_target_that_was_set_back_is_the_one_that_was_approved(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    move(scene)
    move(scene, deliver="out/prod")
    assert scene.deploy(request).verified
    assert scene.delivered()


def test_what_is_done_there_by_itself_is_not_where_it_goes(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    move(scene, **{"on-failure": "revert"})
    assert scene.deploy(request).verified


def test_an_entry_that_nobody_signed_moves_no_approval_either(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    event = ev.EnvironmentEdited(environment="prod", settings={**ELSEWHERE, "observe": "observed/prod"})
    smuggle(scene.context, statement_of(scene.context, event, "alice"), None)
    with scene.refused(CHANGED, beside=GATES):
        scene.deploy(request)
    assert nothing_anywhere(scene)


def test_it_is_looked_at_again_under_the_lock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.ingest()
    request = scene.approved()
    honest = deploying.look

    def meanwhile(*words: object) -> object:
        move(scene)
        approving.approve(scene.context, scene.dana, request)  # even approved: the push was on its way to the old one
        return honest(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(deploying, "look", meanwhile)
    with pytest.raises(Conflict, match="where prod delivers was changed just now; nothing was pushed"):
        scene.deploy(request)
    assert nothing_anywhere(scene)


def test_who_approves_says_yes_to_the_place_that_was_on_the_screen(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    seen = review(scene.context, request, "dana")
    assert seen.place is not None
    assert seen.place.words == "folder, deliver out/prod, observe observed/prod"
    move(scene)
    with pytest.raises(Conflict, match="where prod delivers was changed since you looked at it"):
        approving.approve(scene.context, scene.dana, request, digest=seen.request.digest, place=seen.place)


def test_an_approval_signed_elsewhere_is_for_the_place_of_the_ledger_its_giver_saw(
    scene: Scene, tmp_path: Path
) -> None:
    scene.ingest()
    request = scene.submitted()
    unsigned = offsite.prepare(scene.context, request, "dana")
    statement = tmp_path / "a.json"
    statement.write_bytes(unsigned.data)
    (tmp_path / "a.json.sig").write_text(sshsig.armor(scene.dana.signer.sign(unsigned.data)))
    move(scene)
    with pytest.raises(Conflict, match=f"{CHANGED} since {request} was looked at"):
        offsite.take(scene.context, tmp_path / "a.json.sig")
    assert not change_of(scene.context.ledger, request).approvals


def test_broken_glass_lets_it_pass_and_says_so(scene: Scene) -> None:
    rex = scene.enrol("rex", "responder")
    scene.ingest()
    request = scene.approved()
    move(scene)
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    assert scene.deploy(request, rex).verified
    started = scene.last("deployment.started")
    assert isinstance(started, ev.DeploymentStarted)
    assert any("the target of prod was changed by alice" in words for words in started.past or ())


def test_a_rollback_is_not_stopped_and_says_where_it_goes(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    seq = move(scene)
    plan = rollback.plan(scene.context, "prod", "orders")
    words = (
        f"the target of prod was changed by alice (entry {seq}: deliver out/prod → out/elsewhere):"
        " what stands there was pushed elsewhere"
    )
    assert plan.moved == words
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="down").verified
    started = scene.last("rollback.started")
    assert isinstance(started, ev.RollbackStarted)
    assert started.moved == words
    assert moved_since_deployed(scene.context.ledger, "prod", "orders") is None, "what stands there was pushed there"


def test_a_rollback_whose_target_moves_meanwhile_pushes_nothing(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    plan = rollback.plan(scene.context, "prod", "orders")
    before = scene.delivered()
    move(scene)
    with pytest.raises(Conflict, match="where prod delivers was changed just now"):
        rollback.roll_back(scene.context, scene.bo, plan, reason="down")
    assert scene.delivered() == before


def test_a_rehearsal_does_not_take_another_place_for_the_one_it_was_pushed_to(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "zone")
    for data in (V1, V2):
        scene.live(data)
    move(scene)
    context = scene.context.under(read_policy({"p.toml": "[environments.zone]\nbaseline = 'prod'\n"}))
    plan = rehearsing.plan_rehearsal(context, "prod", "orders")
    with scene.refused(CHANGED):
        rehearsing.rehearse(context, scene.bo, plan, reason="r")


def test_nothing_is_reverted_by_itself_to_a_place_nobody_deployed_to(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.live(V1)
    assert not drifting.standing(scene.context.ledger, "prod", "orders")
    scene.observe(V2)
    move(scene)
    place = environments.one(scene.context.ledger, "prod")
    watched = environments.Environment(
        name="prod", target="folder", settings=place.settings, rules={"enforce": "revert"}
    )
    said = reverting.enforce(scene.context, watched, "orders")
    assert said is not None
    assert "is not reverted any more: the target of prod was changed by alice" in said.said
    assert reverting.enforce(scene.context, watched, "orders") is None, "said once"
    assert not (scene.workspace.root / "out/elsewhere").exists()
    assert [halt.reason for halt in reverting.halts(scene.context)]
