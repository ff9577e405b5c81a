"""Whether the approvals that are counted were really given: signed, by somebody who could, in this very ledger."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from store.clock import SKEW, parse_timestamp
from store.domain import events as ev
from store.domain import roles
from store.domain.approving import SEPARATION
from store.domain.change import Approval, Change
from store.domain.policy.in_force import InForce
from store.domain.signatures import demand_of, problem_of, valid_lines
from store.domain.waiting import may_approve
from store.errors import NotFound
from store.integrity.entry import Entry
from store.ledger import Ledger
from store.services.source import Source, recorded

InForceAt = Callable[[int], InForce]
"""Which policy was in force for an entry."""


_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_NOW: Final = 2**53 - 1
"""A place after every entry there is."""


def doubts(ledger: Ledger, source: Source, change: Change, in_force_at: InForceAt, now: str) -> list[str]:
    """Return what stands against the approvals that `change` counts at the instant `now`; empty when they hold.

    Whoever can write the file can append entries, but not sign for others; a signature is judged by the keys,
    the roles and the policy in force at its sequence number (docs/integrity.md). Its own time is a claim: a role must
    have held when the entry before it was made too, and a time that has not come yet is none.
    """
    found: list[str] = []
    security = False
    place = {"project": change.project, "environment": change.environment}
    for approval in change.good_approvals:
        people = roles.fold(recorded(source.entries(kinds=roles.KINDS, until=approval.seq)))
        one = people.by_handle.get(approval.actor, roles.Principal(handle=approval.actor))
        entry = next(iter(source.entries(after=approval.seq - 1, until=approval.seq)))
        rules = in_force_at(approval.seq)
        at = max(entry.statement.time, _time_before(source, entry), key=_sortable)
        reasons = [*_doubts(ledger, change, entry, one, rules), *_doubts_of_time(entry, rules, now)]
        if not may_approve(change, approval.actor, people=people, policy=rules.policy, at=at, before=approval.seq):
            reasons.append(f"{approval.actor} had no role to approve with")
        found += [f"{_named(approval)} does not count: {reason}" for reason in reasons]
        security = security or roles.holds(one, "security-approver", **place, at=at)
    newest = in_force_at(_NOW).policy
    if newest.rule(change.level, change.environment).security and not security:
        found.append("no approval by a security-approver: none of them was one when they approved")
    return found


def _named(approval: Approval) -> str:
    return f"the approval of {approval.actor} (entry {approval.seq})"


def _doubts(ledger: Ledger, change: Change, entry: Entry, one: roles.Principal, rules: InForce) -> Iterator[str]:
    demand = demand_of([rules.policy], risk=change.level, environment=change.environment)
    problem = problem_of(entry, valid_lines(one, entry.seq), demand=demand)
    if problem:
        yield problem
    event = next(recorded([entry])).event
    assert isinstance(event, ev.ApprovalGranted)
    if event.policy != rules.policy.digest:
        yield "it was given under a policy that was not in force"
    until = rules.cools_until(one.handle, entry.statement.time)
    if until is not None:
        yield f"{SEPARATION}: {one.handle} wrote the policy then in force and could not approve before {until}"
    if not _was_seen_here(ledger, event, entry.seq):
        yield "the head its approver saw was never this ledger's"


def _doubts_of_time(entry: Entry, rules: InForce, now: str) -> Iterator[str]:
    """Yield what is wrong with the times an approval claims for itself."""
    event = next(recorded([entry])).event
    assert isinstance(event, ev.ApprovalGranted)
    given = _sortable(entry.statement.time)
    if given > _sortable(now) + SKEW:
        yield f"it claims a time that has not come yet: {entry.statement.time}"
    if _sortable(event.not_after) > given + timedelta(days=rules.policy.approval_days) + SKEW:
        yield f"it would be good for longer than policy allows: until {event.not_after}"


def _time_before(source: Source, entry: Entry) -> str:
    return next(iter(source.entries(after=entry.seq - 2, until=entry.seq - 1))).statement.time


def _sortable(time: str) -> datetime:
    """Return a claimed time as an instant; what is no time is after every other."""
    try:
        return parse_timestamp(time)
    except (ValueError, OverflowError):
        return _NEVER


def _was_seen_here(ledger: Ledger, event: ev.ApprovalGranted, seq: int) -> bool:
    try:
        root = ledger.root_at(event.seen_size)
    except NotFound:
        return False
    return event.seen_size < seq and base64.b64encode(root).decode() == event.seen_root
