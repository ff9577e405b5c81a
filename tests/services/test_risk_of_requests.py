"""The risk of a request is computed on submit, looked at again before a deployment, and chooses who approves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.exports import V1, V2, tabs
from support.scene import Scene, content

from store.domain import events as ev
from store.domain.policy import Policy, RiskRules
from store.domain.policy.reading import read_policy
from store.domain.policy.risk_rules import Thresholds
from store.errors import BadInput, Refusal
from store.projections import requests as rows
from store.services.audit.verifying import Scope, verify_workspace
from store.services.delivery import deploying
from store.services.requests import approving, requests
from store.services.requests.review import review

OWNED = read_policy({
    "a.toml": '[risk]\ncritical = ["orders/refunds"]\n',
    "owners.toml": '"orders/refunds" = ["dana"]\n',
})  # fmt: skip


def with_shell(data: bytes = V1) -> bytes:
    """Return an export with one node more that starts a program."""
    node = {"id": "x1", "type": "exec", "z": "tab-intake", "name": "clean up", "command": "rm -rf /tmp/x", "wires": []}
    return json.dumps([*json.loads(data), node]).encode()


def risk_of(scene: Scene, request: str) -> rows.RiskRow:
    with scene.context.ledger.reading() as connection:
        found = rows.risk(connection, request)
    assert found is not None
    return found


def test_a_submitted_request_has_its_risk_with_every_point_explained(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(with_shell())
    request = scene.submitted()
    found = risk_of(scene, request)
    assert (found.level, found.computed, found.declared, found.points) == ("medium", "medium", "low", 40)
    (fact,) = found.facts
    assert (fact.fact, fact.points) == ("shell-or-file", 40)
    assert "clean up" in fact.because
    shown = review(scene.context, request, "dana")
    assert shown.risk == found
    assert shown.request.risk == "medium"
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_a_small_change_stays_as_low_as_it_was_declared(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    found = risk_of(scene, scene.submitted())
    assert (found.level, [fact.fact for fact in found.facts]) == ("low", ["code-changed"])
    assert found.facts[0].because == "code changes in work of intake.func"


def test_computed_risk_takes_more_approvals_than_the_requester_declared(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(with_shell(V2))
    strict = scene.context.under(Policy(risk=RiskRules(thresholds=Thresholds(medium=5, high=10, critical=100))))
    request = scene.open(risk="low")
    requests.submit(strict, scene.cy, request)
    approving.approve(strict, scene.dana, request)
    with pytest.raises(Refusal, match="1 of 2 approvals for risk high"):
        deploying.deploy(strict, scene.bo, request)
    approving.approve(strict, scene.bo, request)
    assert deploying.deploy(strict, scene.bo, request).verified
    approval = scene.last("approval.granted")
    assert isinstance(approval, ev.ApprovalGranted)
    assert (approval.risk, approval.complete) == ("high", True)


def test_editing_a_request_forgets_its_risk_until_it_is_submitted_again(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(with_shell())
    request = scene.approved()
    requests.edit(scene.context, scene.cy, request, content=content(why="again"))
    with scene.context.ledger.reading() as connection:
        assert rows.risk(connection, request) is None
    change = requests.change_of(scene.context.ledger, request)
    assert (change.risk, change.level, change.good_approvals) == (None, "low", ())
    requests.submit(scene.context, scene.cy, request)
    assert risk_of(scene, request).level == "medium"


def test_an_owner_of_a_critical_component_must_be_among_its_approvers(scene: Scene) -> None:
    scene.live(V1)
    owned = scene.context.under(OWNED)
    scene.ingest(tabs(intake="return msg;", refunds="return msg.refund * 2;"))
    request = scene.open()
    requests.submit(owned, scene.cy, request)
    assert [one.owners for one in risk_of(scene, request).owners] == [("dana",)]
    approving.approve(owned, scene.bo, request)
    with pytest.raises(Refusal, match="no approval by dana: they answer for refunds"):
        deploying.deploy(owned, scene.bo, request)
    approving.approve(owned, scene.dana, request)
    assert deploying.deploy(owned, scene.bo, request).verified
    scene.ingest(tabs(intake="return [msg];", refunds="return msg.refund * 2;"))
    other = scene.open()
    requests.submit(owned, scene.cy, other)
    assert risk_of(scene, other).owners == ()


def test_renaming_a_critical_component_does_not_shake_its_owner_off(scene: Scene) -> None:
    scene.live(V1)
    owned = scene.context.under(OWNED)
    renamed = V1.replace(b'"label": "refunds"', b'"label": "harmless"').replace(b"msg.refund;", b"msg.refund * 9;")
    scene.ingest(renamed)
    request = scene.open()
    requests.submit(owned, scene.cy, request)
    assert [one.owners for one in risk_of(scene, request).owners] == [("dana",)]


def test_what_became_riskier_since_it_was_approved_is_refused_and_recorded(scene: Scene) -> None:
    """The base moved: what was a small change when it was approved now brings a program starter along."""
    strict = scene.context.under(Policy(risk=RiskRules(thresholds=Thresholds(medium=5, high=45, critical=500))))
    scene.live(with_shell(V1))
    scene.ingest(with_shell(V2))
    request = scene.open()
    requests.submit(strict, scene.cy, request)
    approving.approve(strict, scene.dana, request)
    assert scene.state(request) == "approved"
    scene.live(V1)
    before = scene.size
    for _ in range(2):
        with pytest.raises(Refusal, match="1 of 2 approvals for risk high"):
            deploying.deploy(strict, scene.bo, request)
    assert scene.kinds(after=before).count("risk.assessed") == 1
    newest = scene.last("risk.assessed")
    assert isinstance(newest, ev.RiskAssessed)
    assert (newest.phase, newest.level) == ("deploy", "high")
    approving.approve(strict, scene.bo, request)
    assert deploying.deploy(strict, scene.bo, request).verified


def test_what_cannot_be_looked_at_is_of_critical_risk(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.services.requests import assessing

    scene.ingest()
    request = scene.open()
    for error in (BadInput("nothing can be read"), RuntimeError("token=ghp_0123456789abcdefghijABCDEFGHIJ012345")):

        def broken(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(assessing.diffing, "between_releases", broken)
        change = requests.change_of(scene.context.ledger, request)
        found = assessing.assess(scene.context, scene.context.ledger, change, phase="submit")
        assert (found.level, found.facts[0].fact) == ("critical", "unreadable")
        assert "ghp_" not in found.facts[0].because


def test_an_approval_made_stale_by_the_rule_for_its_risk_does_not_deploy(scene: Scene) -> None:
    scene.ingest()
    policy = Policy()
    rule = replace(policy.approvals["low"], fresh_hours=2)
    context = scene.context.under(replace(policy, approvals={**policy.approvals, "low": rule}))
    request = scene.open()
    requests.submit(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    scene.clock.advance(hours=3)
    with pytest.raises(Refusal, match="0 of 1 approvals"):
        deploying.deploy(context, scene.bo, request)
    approving.approve(context, scene.dana, request)
    assert deploying.deploy(context, scene.bo, request).verified
