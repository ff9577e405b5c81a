"""A request that nobody decides on in time goes on to the next role, and nothing else about it becomes easier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.exports import V1
from support.scene import Scene, content

from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.domain.waiting import escalated_roles
from store.errors import Refusal
from store.projections import requests as rows
from store.services.acting import record, statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context, recorded
from store.services.delivery import deploying
from store.services.requests import approving, escalating, requests, vouching
from store.services.requests.reading import change_of
from store.services.requests.review import review
from store.services.triage.triage import overview

WAITS = read_policy(
    {"p.toml": "[approvals.low]\npeople = 1\ndeadline_hours = 8\nescalate_to = ['security-approver', 'admin']\n"}
)
TWO = read_policy(
    {"p.toml": "[approvals.low]\npeople = 2\nsecurity = true\ndeadline_hours = 8\nescalate_to = ['admin']\n"}
)


def waiting(scene: Scene, context: Context, **stated: str) -> str:
    scene.ingest(V1)
    request = scene.open(**stated)
    requests.submit(context, scene.cy, request)
    return request


def steps(scene: Scene) -> list[ev.RequestEscalated]:
    found = recorded(scene.context.ledger.entries(kinds=["request.escalated"]))
    return [one.event for one in found if isinstance(one.event, ev.RequestEscalated)]


@pytest.fixture
def context(scene: Scene) -> Context:
    return scene.context.under(WAITS)


def test_it_goes_on_role_by_role_each_recorded_once(scene: Scene, context: Context) -> None:
    waiting(scene, context)
    scene.clock.advance(hours=7)
    assert escalating.escalate_all(context) == ()
    scene.clock.advance(hours=1)
    (entry,) = escalating.escalate_all(context)
    assert (entry.statement.actor, entry.signature) == ("system", None)
    assert escalating.escalate_all(context) == ()
    (first,) = steps(scene)
    assert (first.step, first.to_role, first.to_people) == (1, "security-approver", ("dana",))
    assert first.from_people == ("bo", "dana")
    assert "goes on from approver or security-approver (bo, dana) to security-approver (dana)" in first.reason
    scene.clock.advance(hours=8)
    escalating.escalate_all(context)
    assert [(one.step, one.to_role, one.to_people) for one in steps(scene)][1:] == [(2, "admin", ("alice",))]
    scene.clock.advance(days=9)
    assert escalating.escalate_all(context) == ()
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_steps_that_were_slept_through_are_recorded_together(scene: Scene, context: Context) -> None:
    waiting(scene, context)
    scene.clock.advance(days=3)
    assert [entry.statement.data["step"] for entry in escalating.escalate_all(context)] == [1, 2]


def test_the_next_role_may_then_approve_and_the_deployment_believes_it(scene: Scene, context: Context) -> None:
    request = waiting(scene, context)
    with pytest.raises(Refusal, match="alice may not approve"):
        approving.approve(context, scene.alice, request)
    scene.clock.advance(hours=17)
    approving.approve(context, scene.alice, request)  # looking is enough: nobody had to watch
    change = change_of(scene.context.ledger, request)
    assert change.state == "approved"
    policies = context.policies
    assert vouching.doubts(scene.context.ledger, scene.context.ledger, change, policies.at, scene.context.now) == []
    assert deploying.deploy(context, scene.bo, request).verified
    assert verify_workspace(context, scope=Scope()).ok


def test_the_next_role_may_refuse_too(scene: Scene, context: Context) -> None:
    request = waiting(scene, context)
    with pytest.raises(Refusal, match="alice may not refuse"):
        approving.refuse(context, scene.alice, request, reason="no")
    scene.clock.advance(hours=17)
    approving.refuse(context, scene.alice, request, reason="no")
    assert scene.state(request) == "refused"


def test_it_takes_as_many_people_and_the_same_duties_as_before(scene: Scene) -> None:
    context = scene.context.under(TWO)
    request = waiting(scene, context)
    scene.clock.advance(hours=9)
    approving.approve(context, scene.alice, request)
    assert scene.state(request) == "in review"
    with pytest.raises(Refusal, match="one person is one approval"):
        approving.approve(context, scene.alice, request)
    with pytest.raises(Refusal, match="1 of 2 approvals"):
        deploying.deploy(context, scene.bo, request)
    approving.approve(context, scene.bo, request)
    assert scene.state(request) == "in review", "still no security-approver"
    approving.approve(context, scene.dana, request)
    assert scene.state(request) == "approved"


def test_who_opened_it_cannot_approve_it_by_escalation(scene: Scene, context: Context) -> None:
    scene.ingest(V1)
    request = scene.open(scene.alice)
    requests.submit(context, scene.alice, request)
    scene.clock.advance(hours=17)
    with pytest.raises(Refusal, match="alice requested"):
        approving.approve(context, scene.alice, request)
    assert [one.to_people for one in steps(scene)] == [("dana",), ()]


@pytest.mark.parametrize(
    "end",
    [
        lambda scene, context, request: approving.approve(context, scene.dana, request),
        lambda scene, context, request: approving.refuse(context, scene.dana, request, reason="no"),
        lambda scene, context, request: requests.withdraw(context, scene.cy, request, reason="no"),
        lambda scene, context, request: requests.edit(context, scene.cy, request, content=content(why="more")),
    ],
    ids=["approved", "refused", "withdrawn", "a draft again"],
)
def test_what_does_not_wait_does_not_go_on(
    scene: Scene, context: Context, end: Callable[[Scene, Context, str], object]
) -> None:
    request = waiting(scene, context)
    end(scene, context, request)
    scene.clock.advance(days=3)
    assert escalating.escalate_all(context) == ()
    assert escalating.escalate(context, request) == ()
    assert steps(scene) == []


def test_an_edit_takes_the_escalation_back_and_the_clock_begins_again(scene: Scene, context: Context) -> None:
    request = waiting(scene, context)
    scene.clock.advance(hours=17)
    escalating.escalate_all(context)
    requests.edit(context, scene.cy, request, content=content(why="more"))
    requests.submit(context, scene.cy, request)
    with pytest.raises(Refusal, match="alice may not approve"):
        approving.approve(context, scene.alice, request)
    scene.clock.advance(hours=9)
    assert [entry.statement.data["step"] for entry in escalating.escalate_all(context)] == [1]


def forged(request: str, digest: str, *, role: str = "security-approver", step: int = 1) -> ev.RequestEscalated:
    return ev.RequestEscalated(
        request=request, project="orders", environment="prod", digest=digest, step=step, from_roles=(),
        from_people=(), to_role=role, to_people=(), deadline="", hours=8, missing=(), policy="", reason="mine",
    )  # fmt: skip


@pytest.mark.parametrize("forgery", ["early", "another role", "another digest", "a later step"])
def test_an_escalation_that_somebody_appended_changes_nothing(scene: Scene, context: Context, forgery: str) -> None:
    request = waiting(scene, context)
    digest = change_of(scene.context.ledger, request).digest
    entry = {
        "early": forged(request, digest),
        "another role": forged(request, digest, role="admin"),
        "another digest": forged(request, "0" * 64),
        "a later step": forged(request, digest, role="admin", step=2),
    }[forgery]
    if forgery != "early":
        scene.clock.advance(hours=9)
    record(scene.context, [entry])
    change = change_of(scene.context.ledger, request)
    assert escalated_roles(change, WAITS, scene.context.now) == ()
    with pytest.raises(Refusal, match="alice may not approve"):
        approving.approve(context, scene.alice, request)


def test_no_person_escalates(scene: Scene, context: Context) -> None:
    request = waiting(scene, context)
    scene.clock.advance(hours=9)
    digest = change_of(scene.context.ledger, request).digest
    with scene.context.ledger.writing() as writer:
        writer.append(statement_of(scene.context, forged(request, digest), "cy"))
    assert change_of(scene.context.ledger, request).escalations == ()
    with scene.context.ledger.reading() as connection:
        row = rows.one(connection, request)
    assert row is not None
    assert row.escalated_to == ()


def test_no_deadline_is_no_escalation(scene: Scene) -> None:
    request = waiting(scene, scene.context)
    scene.clock.advance(days=99)
    assert escalating.escalate_all(scene.context) == ()
    assert review(scene.context, request, "bo").deadline is None


def test_deadline_and_escalation_are_shown_where_people_look(scene: Scene, context: Context) -> None:
    request = waiting(scene, context)

    def item(handle: str) -> tuple[str, str, bool]:
        (found,) = [one for one in overview(context, handle).items if one.key == request]
        return found.severity, found.what, found.mine

    severity, what, mine = item("alice")
    assert (severity, mine) == ("low", False)
    assert "waits for approval (0 of 1), due in 7 h 59 min" in what
    assert what.endswith("then security-approver")
    scene.clock.advance(hours=17)
    escalating.escalate_all(context)
    severity, what, mine = item("alice")
    assert (severity, mine) == ("high", True)
    assert "escalated to security-approver, admin" in what
    seen = review(context, request, "alice")
    assert seen.deadline is not None
    assert (seen.deadline.escalated_to, seen.deadline.next_role) == (("security-approver", "admin"), None)
    assert seen.approve_blocked == ()
