"""What is left of the approvals of a request that had them all: one counts only as long as its giver may give it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from store.domain.approving import approvals_missing, counted
from store.domain.change import SUBMITTED
from store.domain.roles import Principals
from store.projections.requests import RequestRow
from store.services.context import Context
from store.services.identity.people import principals
from store.services.requests.reading import change_of

WORDS: Final = "approvals are missing again: waits for approval"


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """The approvals of a request that count now."""

    by: tuple[str, ...]
    missing: tuple[str, ...]
    """In words, which are missing; empty when the rule is met."""


def left(context: Context, request: str, at: str, *, people: Principals | None = None) -> Left:
    """Return whose approvals count at the instant `at`, and what is missing. Raises NotFound."""
    change, policy = change_of(context.ledger, request), context.policy
    people = principals(context.ledger) if people is None else people
    return Left(
        by=tuple(one.actor for one in counted(change, people=people, policy=policy, at=at)),
        missing=tuple(approvals_missing(change, people=people, policy=policy, at=at)),
    )


def lapsed(
    context: Context, rows: Iterable[RequestRow], at: str, *, people: Principals | None = None
) -> dict[str, Left]:
    """Return, of the requests that had all approvals, those that lack some again, by id."""
    approved = [row for row in rows if row.state == "approved"]
    people = principals(context.ledger) if approved and people is None else people
    found = {row.id: left(context, row.id, at, people=people) for row in approved}
    return {request: one for request, one in found.items() if one.missing}


def waits(context: Context, row: RequestRow, at: str, *, missing: bool | None = None) -> bool:
    """Say whether a request waits for approvals: it never had them all, or does not have them any more.

    `missing` says whether some are, where that is known already; None: it is looked up.
    """
    if row.state != "approved":
        return row.state in SUBMITTED
    return bool(lapsed(context, [row], at)) if missing is None else missing
