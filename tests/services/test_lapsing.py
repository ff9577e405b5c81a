"""A request whose approval lapsed waits again: it is shown so, its approvers are asked, its deadline runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.scene import Scene

from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.domain.roles import Principals, parse_grant
from store.errors import Refusal
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context, Source
from store.services.delivery import deploying
from store.services.health.health import health
from store.services.identity import people
from store.services.requests import approving, escalating, lapsing
from store.services.requests.reading import change_of
from store.services.requests.review_list import review_list
from store.services.triage.item import Item
from store.services.triage.triage import overview

WAITS = read_policy({"p.toml": "[approvals.low]\npeople = 1\ndeadline_hours = 8\nescalate_to = ['admin']\n"})
ROLE = parse_grant("approver@orders/*")


@pytest.fixture
def context(scene: Scene) -> Context:
    return scene.context.under(WAITS)


def lapsed(scene: Scene, context: Context) -> str:
    """Return a request that gus approved, and whose role gus then lost."""
    gus = scene.enrol("gus", "requester")
    people.grant(scene.context, scene.alice, "gus", ROLE)
    scene.ingest()
    request = scene.submitted()
    approving.approve(context, gus, request)
    people.revoke(scene.context, scene.alice, "gus", ROLE, reason="left the team")
    return request


def item(context: Context, request: str, handle: str) -> Item:
    return next(one for one in overview(context, handle).items if one.key == request)


def test_home_asks_the_approvers_again_and_not_the_operators(scene: Scene, context: Context) -> None:
    request = lapsed(scene, context)
    seen = item(context, request, "dana")
    assert (seen.kind, seen.act, seen.mine) == ("approval", "approve", True)
    assert "approvals are missing again: waits for approval (0 of 1), due in" in seen.what
    approving.approve(context, scene.dana, request)
    seen = item(context, request, "bo")
    assert (seen.kind, seen.act, seen.what) == ("ready", "deploy", "Change orders: approved, ready to deploy")
    assert deploying.deploy(context, scene.bo, request).verified


def test_with_the_role_the_approval_comes_back_and_it_is_ready_again(scene: Scene, context: Context) -> None:
    request = lapsed(scene, context)
    people.grant(scene.context, scene.alice, "gus", ROLE)
    assert item(context, request, "bo").kind == "ready"
    assert review_list(context, "bo", request).lapsed == {}


def test_whoever_reviews_it_sees_that_it_lapsed_and_may_approve_it(scene: Scene, context: Context) -> None:
    request = lapsed(scene, context)
    found = review_list(context, "dana", request)
    assert found.lapsed == {request: 0}
    assert found.review is not None
    assert (found.review.lapsed, found.review.approvers, found.review.approve_blocked) == (True, (), ())
    assert found.review.missing[0] == "0 of 1 approvals for risk low"
    assert found.review.deadline is not None


def test_its_deadline_runs_and_it_goes_on_to_the_next_role(scene: Scene, context: Context) -> None:
    request = lapsed(scene, context)
    (duty,) = [one for one in health(context).duties if one.kind == "approval"]
    assert (duty.key, duty.who) == (request, ("bo", "dana"))
    assert escalating.escalate_all(context) == ()
    scene.clock.advance(hours=9)
    assert len(escalating.escalate_all(context)) == 1
    assert escalating.escalate_all(context) == ()
    assert "escalated to admin" in item(context, request, "alice").what
    approving.approve(context, scene.alice, request)
    assert deploying.deploy(context, scene.bo, request).verified
    assert verify_workspace(context, scope=Scope()).ok


def test_no_deadline_runs_for_what_has_its_approvals(scene: Scene, context: Context) -> None:
    scene.ingest()
    request = scene.submitted()
    approving.approve(context, scene.dana, request)
    scene.clock.advance(hours=9)
    assert escalating.escalate_all(context) == ()
    assert [one for one in health(context).duties if one.kind == "approval"] == []
    assert item(context, request, "bo").what == "Change orders: approved, ready to deploy"


def test_the_approvals_are_counted_again_only_of_what_is_overdue(
    scene: Scene, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, looked = lapsed(scene, context), list[Source]()

    def counted(source: Source) -> Principals:
        looked.append(source)
        return people.principals(source)

    monkeypatch.setattr(lapsing, "principals", counted)
    escalating.escalate_all(context)
    assert "due in" in item(context, request, "dana").what
    assert looked == [], "nothing is due, and triage hands on what it counted itself"
    scene.clock.advance(hours=9)
    escalating.escalate_all(context)
    assert len(looked) == 1


def test_an_escalation_that_policy_does_not_know_keeps_no_approval_alive(scene: Scene, context: Context) -> None:
    """Whoever can write the file can append one."""
    gus = scene.enrol("gus", "requester")
    people.grant(scene.context, scene.alice, "gus", ROLE)
    scene.ingest()
    request = scene.submitted()
    scene.clock.advance(hours=9)
    escalating.escalate_all(context)
    (genuine,) = scene.entries(kind="request.escalated")
    event = ev.decode(genuine.statement.kind, genuine.statement.on, genuine.statement.data)
    assert isinstance(event, ev.RequestEscalated)
    forged = replace(event, step=2, to_role="requester")
    with scene.context.ledger.writing() as writer:
        writer.append(statement_of(scene.context, forged, ev.SYSTEM))
    approving.approve(context, gus, request)
    people.revoke(scene.context, scene.alice, "gus", ROLE, reason="left the team")
    assert [one.role for one in change_of(scene.context.ledger, request).escalations] == ["admin", "requester"]
    with pytest.raises(Refusal, match="0 of 1 approvals"):
        deploying.deploy(context, scene.bo, request)
