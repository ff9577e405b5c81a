"""Whether the approvals that are counted were really given: signed, by somebody who could, in this very ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from store.domain import events as ev
from store.domain import roles
from store.domain.change import Approval, Change
from store.domain.signatures import demand_of, problem_of, valid_lines
from store.errors import NotFound
from store.integrity.entry import Entry
from store.services.context import Context, Source, recorded
from store.services.identity.people import principals


def doubts(context: Context, source: Source, change: Change) -> list[str]:
    """Return what stands against the approvals that `change` counts; empty when they hold.

    Whoever can write the file can append entries, but not sign for others; a signature is judged by the keys
    and the roles in force at its sequence number (integrity.md).
    """
    found: list[str] = []
    security = False
    place = {"project": change.project, "environment": change.environment}
    for approval in change.good_approvals:
        people = principals(source, until=approval.seq)
        one = people.by_handle.get(approval.actor, roles.Principal(handle=approval.actor))
        entry = next(iter(source.entries(after=approval.seq - 1, until=approval.seq)))
        at = entry.statement.time
        reasons = [*_doubts(context, entry, one)]
        if not roles.may(people, approval.actor, "approve", **place, at=at):
            reasons.append(f"{approval.actor} had no role to approve with")
        found += [f"{_named(approval)} does not count: {reason}" for reason in reasons]
        security = security or roles.holds(one, "security-approver", **place, at=at)
    if context.policy.rule(change.content.risk).security and not security:
        found.append("no approval by a security-approver: none of them was one when they approved")
    return found


def _named(approval: Approval) -> str:
    return f"the approval of {approval.actor} (entry {approval.seq})"


def _doubts(context: Context, entry: Entry, one: roles.Principal) -> Iterator[str]:
    problem = problem_of(entry, valid_lines(one, entry.seq), demand=demand_of([context.policy]))
    if problem:
        yield problem
    event = next(recorded([entry])).event
    if isinstance(event, ev.ApprovalGranted) and not _was_seen_here(context, event, entry.seq):
        yield "the head its approver saw was never this ledger's"


def _was_seen_here(context: Context, event: ev.ApprovalGranted, seq: int) -> bool:
    try:
        root = context.ledger.root_at(event.seen_size)
    except NotFound:
        return False
    return event.seen_size < seq and base64.b64encode(root).decode() == event.seen_root
