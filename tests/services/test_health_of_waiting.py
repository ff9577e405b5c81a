"""What waits on its way to production is listed: approvals with their deadline, ways back that nobody tried."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from support.exports import V1, V2
from support.scene import Scene, add_environment

from store.domain import events as ev
from store.domain import roles
from store.domain.duties import Duty, State
from store.domain.policy.reading import read_policy
from store.services.context import Context
from store.services.delivery import rehearsing
from store.services.health import health as service
from store.services.health import raising
from store.services.identity import people
from store.services.requests import approving, escalating, requests

WAITS = read_policy(
    {"p.toml": "[approvals.low]\npeople = 1\ndeadline_hours = 8\nescalate_to = ['security-approver', 'admin']\n"}
)
LINE = read_policy(
    {"p.toml": "[environments.prod]\nbaseline = 'staging'\n[environments.prod.gates.rollback-ready]\n"
               "rehearsed_in = 'staging'\n"}
)  # fmt: skip


def of_kind(context: Context, kind: str) -> list[Duty]:
    return [one for one in service.health(context).duties if one.kind == kind]


def test_an_approval_is_due_by_its_deadline_and_then_by_that_of_the_next_role(scene: Scene) -> None:
    context = scene.context.under(WAITS)
    scene.ingest(V1)
    request = scene.open()
    requests.submit(context, scene.cy, request)
    (one,) = of_kind(context, "approval")
    assert (one.key, one.state, one.command) == (request, State.SOON, f"quarterdeck approve {request}")
    assert "cy" not in one.who
    scene.clock.advance(hours=9)
    (late,) = of_kind(context, "approval")
    assert (late.state, late.severity) == (State.OVERDUE, "high")
    assert "then security-approver" in late.what
    escalating.escalate_all(context)
    (next_,) = of_kind(context, "approval")
    assert (next_.state, "escalated to security-approver" in next_.what) == (State.SOON, True)
    assert next_.who == ("bo", "dana")
    scene.clock.advance(hours=8)
    (step,) = escalating.escalate_all(context)
    assert str(step.statement.data["reason"]).count("security-approver") == 1
    (last,) = of_kind(context, "approval")
    assert last.who == ("alice", "bo", "dana"), "it went on to the admins"
    assert approving.wanted(context, request).missing == ("0 of 1 approvals for risk low",)
    approving.approve(context, scene.bo, request)
    assert of_kind(context, "approval") == []
    assert approving.wanted(context, request).missing == ()


def test_everybody_is_folded_once_however_many_requests_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one whose approval lapsed waits again, by the same fold."""
    context = scene.context.under(WAITS)
    scene.ingest(V1)
    lapsing_one = scene.approved(by=[scene.bo])
    assert of_kind(context, "approval") == []
    people.revoke(context, scene.alice, "bo", ev.Grant(role="approver"), reason="moved on")
    folded, honest = [], roles.fold

    def fold(entries: Iterable[ev.Recorded]) -> roles.Principals:
        folded.append(1)
        return honest(entries)

    monkeypatch.setattr(roles, "fold", fold)
    assert [one.key for one in of_kind(context, "approval")] == [lapsing_one]
    with_one = len(folded)
    others = [scene.submitted() for _ in range(3)]
    folded.clear()
    assert {one.key for one in of_kind(context, "approval")} == {lapsing_one, *others}
    assert len(folded) == with_one


def test_an_overdue_approval_is_no_finding_and_nobody_is_reminded_beside_the_escalation(scene: Scene) -> None:
    context = scene.context.under(WAITS)
    scene.ingest(V1)
    requests.submit(context, scene.cy, scene.open())
    scene.clock.advance(hours=30)
    assert raising.once(context) == raising.Round()


def test_a_release_whose_way_back_nobody_tried_is_listed_until_somebody_does(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "staging")
    for data in (V1, V2):
        scene.live(data, place="staging")
    context = scene.context.under(LINE)
    assert of_kind(scene.context, "rehearsal") == []  # where no rule asks for it
    (one,) = of_kind(context, "rehearsal")
    assert (one.key, one.state, one.due) == ("staging/orders", State.OWED, None)
    assert one.command == "quarterdeck rollback staging --project orders --rehearse"
    plan = rehearsing.plan_rehearsal(context, "staging", "orders")
    rehearsing.rehearse(context, scene.bo, plan, reason="before it goes on")
    found = service.health(context)
    assert [duty.key for duty in found.duties if duty.kind == "rehearsal"] == []
    assert any(words.startswith("last rehearsal in staging: orders, ") for words in found.remarks)
    assert any(words.endswith("passed") for words in found.remarks)
