"""How long a request may wait for its approvals, and who may give them once it waited too long. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from store.clock import parse_timestamp, timestamp
from store.domain.change import Change
from store.domain.roles import Principals, holds, is_before, may, require

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import ApprovalRule, Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """By when a request that waits must be decided, and what happens then."""

    due: str
    passed: bool
    minutes_left: int
    """Below zero once it passed."""
    escalated_to: tuple[str, ...] = ()
    """The roles it went on to already."""
    next_role: str | None = None
    """Who is asked next when it passes; None: nobody is left."""

    @property
    def words(self) -> str:
        """In words: when, how long that is, where it went."""
        left = abs(self.minutes_left)
        span = f"{left // 60} h {left % 60} min" if left >= 60 else f"{left} min"
        when = f"overdue by {span} (since {self.due})" if self.passed else f"due in {span} ({self.due})"
        went = f", escalated to {', '.join(self.escalated_to)}" if self.escalated_to else ""
        return f"{when}{went}{f', then {self.next_role}' if self.next_role else ''}"


def deadline(*, since: str | None, rule: ApprovalRule, escalated_to: tuple[str, ...], at: str) -> Deadline | None:
    """Return the deadline that comes next for a request that lacks approvals since `since`; None where none runs."""
    if not rule.deadline_hours or since is None:
        return None
    step = len(escalated_to) + 1
    due = due_at(since, rule, min(step, len(rule.escalate_to) + 1))
    left = parse_timestamp(due) - parse_timestamp(at)
    return Deadline(
        due=due,
        passed=left <= timedelta(0),
        minutes_left=int(left.total_seconds() // 60),
        escalated_to=escalated_to,
        next_role=rule.escalate_to[step - 1] if step <= len(rule.escalate_to) else None,
    )


def due_at(since: str, rule: ApprovalRule, step: int) -> str:
    """Return when the deadline passes for the `step`-th time."""
    return timestamp(parse_timestamp(since) + timedelta(hours=rule.deadline_hours) * step)


def escalated_roles(change: Change, policy: Policy, at: str, *, before: int | None = None) -> tuple[str, ...]:
    """Return the roles whose holders may approve because nobody else did in time (by entries `before` that one).

    An escalation that policy does not know, or that was recorded before its deadline, changes nothing: whoever can
    write the file can append one.
    """
    rule = policy.rule(change.level, change.environment)
    if change.submitted_at is None or not rule.deadline_hours:
        return ()
    return tuple(
        one.role
        for one in change.escalations
        if rule.escalate_to[one.step - 1 : one.step] == (one.role,)
        and not is_before(one.at, due_at(change.submitted_at, rule, one.step))
        and not is_before(at, due_at(change.submitted_at, rule, one.step))
        and (before is None or one.seq < before)
    )


def may_approve(
    change: Change, handle: str, *, people: Principals, policy: Policy, at: str, before: int | None = None
) -> bool:
    """Say whether `handle` holds a role that may approve this request: the usual ones, or one it was escalated to."""
    place = {"project": change.project, "environment": change.environment}
    if may(people, handle, "approve", **place, at=at):
        return True
    one = people.by_handle.get(handle)
    roles = escalated_roles(change, policy, at, before=before)
    return one is not None and any(holds(one, role, **place, at=at) for role in roles)


def require_approver(change: Change, handle: str, *, people: Principals, policy: Policy, at: str) -> None:
    """Raise Refusal where `may_approve` says no, naming who could instead."""
    if not may_approve(change, handle, people=people, policy=policy, at=at):
        require(people, handle, "approve", project=change.project, environment=change.environment, at=at)
