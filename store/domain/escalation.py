"""When a request that nobody decided on in time goes on to the next role. It never takes fewer approvals for that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.approving import approvals_missing, barred_from_approving
from store.domain.change import SUBMITTED, Change, Escalation
from store.domain.enrolment import listed
from store.domain.roles import PERMISSIONS, Principals, able, holds
from store.domain.waiting import deadline, due_at

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.in_force import InForce

_MOST_NAMED = 50


def due(change: Change, *, people: Principals, rules: InForce, at: str) -> tuple[ev.RequestEscalated, ...]:
    """Return every step that is due at the instant `at` and not recorded yet, oldest first."""
    found: list[ev.RequestEscalated] = []
    while (step := _next(change, people=people, rules=rules, at=at)) is not None:
        found.append(step)
        told = Escalation(step=step.step, role=step.to_role, seq=0, at=at)
        change = replace(change, escalations=(*change.escalations, told))
    return tuple(found)


def _next(change: Change, *, people: Principals, rules: InForce, at: str) -> ev.RequestEscalated | None:
    if change.state not in SUBMITTED:
        return None
    rule = rules.policy.rule(change.level, change.environment)
    before = tuple(one.role for one in change.escalations)
    now = deadline(since=change.submitted_at, rule=rule, escalated_to=before, at=at)
    if now is None or not now.passed or now.next_role is None or change.submitted_at is None:
        return None
    missing = approvals_missing(change, people=people, policy=rules.policy, at=at)
    if not missing:
        return None
    place = {"project": change.project, "environment": change.environment}

    def free(handles: list[str]) -> tuple[str, ...]:
        return tuple(one for one in handles if barred_from_approving(change, one, rules, at) is None)[:_MOST_NAMED]

    asked = free(able(people, "approve", **place, at=at))
    holders = sorted(p.handle for p in people.by_handle.values() if holds(p, now.next_role, **place, at=at))
    told = free(holders)
    from_roles = tuple(dict.fromkeys((*PERMISSIONS["approve"], *before)))
    passed = due_at(change.submitted_at, rule, len(before) + 1)
    return ev.RequestEscalated(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        step=len(before) + 1,
        from_roles=from_roles,
        from_people=asked,
        to_role=now.next_role,
        to_people=told,
        deadline=passed,
        hours=rule.deadline_hours,
        missing=tuple(missing)[:20],
        policy=rules.policy.digest,
        reason=(
            f"not decided by {passed} ({'; '.join(missing)[:200]}): goes on from {' or '.join(from_roles)}"
            f" ({listed(asked) if asked else 'nobody'}) to {now.next_role} ({listed(told) if told else 'nobody'})"
        ),
    )
