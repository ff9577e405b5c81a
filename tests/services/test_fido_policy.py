"""A policy may want a finger on a security key for every approval; a counter that goes back is worth a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fido import SoftwareFido
from support.keyring import new_key
from support.scene import Scene
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.policy import ApprovalRule, Policy, default_policy
from store.errors import Refusal
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor, Context
from store.services.delivery import deploying
from store.services.identity import people
from store.services.identity.people import bare_line
from store.services.requests import approving, requests

STRICT = Policy(approval_touch=True)


def with_fido(scene: Scene, **facts: bool) -> tuple[Actor, SoftwareFido]:
    """Let dana have a security key too."""
    key = SoftwareFido(**facts)
    people.add_key(scene.context, scene.alice, "dana", bare_line(key.public))
    return Actor(handle="dana", signer=key), key


def strict(scene: Scene, **demands: bool) -> Context:
    return scene.context.under(Policy(**demands))


def test_demands_are_part_of_the_policys_digest_and_absent_ones_leave_it_alone() -> None:
    digests = {default_policy().digest, STRICT.digest, Policy(approval_pin=True).digest}
    assert len(digests) == 3
    assert Policy(approval_touch=False).digest == default_policy().digest


@pytest.mark.parametrize(
    ("demands", "facts", "passes"),
    [
        ({}, {"touched": False}, True),
        ({"approval_touch": True}, {"touched": True}, True),
        ({"approval_touch": True}, {"touched": False}, False),
        ({"approval_pin": True}, {"touched": True}, False),
        ({"approval_pin": True}, {"touched": True, "pin": True}, True),
        ({"approval_touch": True, "approval_pin": True}, {"touched": False, "pin": True}, False),
    ],
)
def test_an_approval_shows_what_policy_demands_or_is_not_recorded(
    scene: Scene, demands: dict[str, bool], facts: dict[str, bool], passes: bool
) -> None:
    actor, _ = with_fido(scene, **facts)
    scene.ingest()
    request = scene.submitted()
    before = scene.acts
    context = strict(scene, **demands)
    if passes:
        approving.approve(context, actor, request)
        assert deploying.deploy(context, scene.bo, request).verified
    else:
        with pytest.raises(Refusal, match="policy wants a FIDO key"):
            approving.approve(context, actor, request)
        assert scene.acts == before
    assert verify_workspace(context, scope=Scope()).ok


def test_a_rule_for_one_level_of_risk_may_want_a_finger_and_others_not(scene: Scene) -> None:
    policy = Policy()
    rules = {**policy.approvals, "medium": ApprovalRule(people=1, touch=True)}
    context = scene.context.under(replace(policy, approvals=rules))
    actor, key = with_fido(scene, touched=True)
    scene.ingest()
    low, medium = scene.open(), scene.open(risk="medium")
    for request in (low, medium):
        requests.submit(context, scene.cy, request)
    approving.approve(context, scene.dana, low)
    with pytest.raises(Refusal, match="was touched"):
        approving.approve(context, scene.dana, medium)
    entry = approving.approve(context, actor, medium)
    event = scene.last("approval.granted")
    assert isinstance(event, ev.ApprovalGranted)
    key.touched = False
    statement = statement_of(context, replace(event, risk="low", nonce="0" * 32), "dana")
    assert smuggle(context, statement, key.sign(statement.bytes())).seq == entry.seq + 1
    with pytest.raises(Refusal, match="does not count: the signature of dana does not verify"):
        deploying.deploy(context, scene.bo, medium)


def test_a_key_file_is_no_finger_and_the_line_says_what_is(scene: Scene) -> None:
    scene.ingest()
    with pytest.raises(Refusal, match="was touched") as caught:
        approving.approve(strict(scene, approval_touch=True), scene.dana, scene.submitted())
    assert "FIDO key" in caught.value.would_unblock[0]


def test_other_acts_need_no_finger(scene: Scene) -> None:
    scene.ingest()
    context = strict(scene, approval_touch=True)
    request = scene.submitted()
    approving.refuse(context, scene.dana, request, reason="no")
    assert verify_workspace(context, scope=Scope()).ok


def test_an_untouched_approval_smuggled_in_neither_deploys_nor_verifies(scene: Scene) -> None:
    actor, key = with_fido(scene)
    scene.ingest()
    request = scene.submitted()
    context = strict(scene, approval_touch=True)
    entry = approving.approve(context, actor, request)
    event = next(iter([scene.last("approval.granted")]))
    assert isinstance(event, ev.ApprovalGranted)
    key.touched = False
    statement = statement_of(context, replace(event, nonce="0" * 32), "dana")
    smuggled = smuggle(context, statement, key.sign(statement.bytes()))
    report = verify_workspace(context, scope=Scope())
    assert [(problem.seq, problem.problem) for problem in report.problems] == [(smuggled.seq, "rule")]
    assert "was touched" in report.problems[0].detail
    assert smuggled.seq == entry.seq + 1
    with pytest.raises(Refusal, match="does not count"):
        deploying.deploy(context, scene.bo, request)


def test_a_counter_that_goes_back_is_a_warning_and_no_more(scene: Scene) -> None:
    actor, key = with_fido(scene, touched=True)
    key.counter = 40
    scene.ingest()
    approving.approve(scene.context, actor, scene.submitted())
    approving.approve(scene.context, actor, scene.submitted())
    assert verify_workspace(scene.context, scope=Scope()).warnings == ()
    key.counter = 12
    entry = approving.approve(scene.context, actor, scene.submitted())
    report = verify_workspace(scene.context, scope=Scope())
    assert report.ok
    (warning,) = report.warnings
    assert (warning.seq, warning.problem) == (entry.seq, "counter")
    assert "went back from 41" in warning.detail
    key.counter = 0
    approving.approve(scene.context, actor, scene.submitted())
    key.counter = 0
    approving.approve(scene.context, actor, scene.submitted())
    assert len(verify_workspace(scene.context, scope=Scope()).warnings) == 1, "a key that does not count is no clone"


def test_several_keys_of_one_person_count_each_in_its_time(scene: Scene) -> None:
    second = Actor(handle="dana", signer=new_key(scene.keys / "dana-2" / str(scene.size)))
    scene.ingest()
    with pytest.raises(Refusal, match="belongs to no principal"):
        approving.approve(scene.context, second, scene.submitted())
    people.add_key(scene.context, scene.alice, "dana", bare_line(second.signer.public))
    approving.approve(scene.context, second, scene.submitted())
    approving.approve(scene.context, scene.dana, scene.submitted())
    people.revoke_key(scene.context, scene.alice, "dana", scene.dana.signer.public.fingerprint, reason="old")
    with pytest.raises(Refusal, match="was revoked"):
        approving.approve(scene.context, scene.dana, scene.submitted())
    approving.approve(scene.context, second, scene.submitted())
    report = verify_workspace(scene.context, scope=Scope())
    assert report.ok, report.problems
