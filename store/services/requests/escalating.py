"""Escalating what nobody decided on in time: recorded once a step, by quarterdeck, whenever somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import escalation
from store.domain import events as ev
from store.domain.change import SUBMITTED
from store.domain.waiting import Deadline, deadline
from store.integrity.entry import Entry
from store.projections import requests
from store.projections.requests import RequestRow
from store.services.acting import perform
from store.services.context import Context, Source
from store.services.identity.people import principals
from store.services.requests import lapsing
from store.services.requests.reading import change_of

_MOST = 10_000


def escalate_all(context: Context) -> tuple[Entry, ...]:
    """Record every escalation that is due; return the new entries."""
    with context.ledger.reading() as connection:
        waiting = requests.listing(connection, states=SUBMITTED, limit=_MOST)
    at, found = context.now, list[Entry]()
    for row in reversed(waiting):
        now = _deadline(context, row, at)
        due = now is not None and now.passed and now.next_role is not None
        if due and lapsing.waits(context, row, at):
            found += escalate(context, row.id)
    return tuple(found)


def escalate(context: Context, request: str) -> tuple[Entry, ...]:
    """Record what is due for one request, if anything is; the table that said so is not believed.

    Raises:
        NotFound: there is no such request.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        return escalation.due(change, people=principals(source), rules=context.rules, at=context.now)

    return perform(context, None, decide) if decide(context.ledger) else ()


def deadline_of(context: Context, row: RequestRow, at: str, *, missing: bool | None = None) -> Deadline | None:
    """Return by when a request must be decided, None where no deadline runs.

    `missing` says whether it lacks approvals, where that is known already; None: it is looked up.
    """
    found = _deadline(context, row, at)
    return found if found is not None and lapsing.waits(context, row, at, missing=missing) else None


def _deadline(context: Context, row: RequestRow, at: str) -> Deadline | None:
    """Return by when it would have to be decided if it waits for approvals."""
    rule = context.policy.rule(row.risk, row.environment)
    return deadline(since=row.submitted_at, rule=rule, escalated_to=row.escalated_to, at=at)
