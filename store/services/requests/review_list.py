"""The requests as their reviewers find them: what waits first, with the one under the cursor in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from store.errors import IntegrityFailure
from store.projections import requests
from store.projections.requests import RequestRow
from store.services.context import Context
from store.services.requests import lapsing
from store.services.requests.review import Review, review
from store.services.triage import triage
from store.services.triage.triage import Item

_ORDER = {"approved": 0, "in review": 0, "deploying": 0, "draft": 1}


@dataclass(frozen=True, kw_only=True)
class ReviewList:
    """Requests, and one of them in full."""

    rows: tuple[RequestRow, ...]
    """What waits for a decision or a deployment, then drafts, then what was decided; each the newest first."""
    lapsed: Mapping[str, int]
    """The requests that were approved and lack an approval again, with how many they still have."""
    waiting: tuple[Item, ...]
    """What waits, with whether the caller can handle it."""
    review: Review | None
    at: datetime
    unread: IntegrityFailure | None = None
    """Why that one cannot be shown in full; the list stands all the same."""


def review_list(context: Context, handle: str | None, wanted: str | None) -> ReviewList:
    """Return the requests, and `wanted` (None: the first one) as `handle` should see it before deciding.

    Raises:
        NotFound: there is no request `wanted`.
    """
    with context.ledger.reading() as connection:
        found = requests.listing(connection)
    rows = tuple(sorted(found, key=lambda row: _ORDER.get(row.state, 2)))
    wanted = wanted or (rows[0].id if rows else None)
    items = triage.overview(context, handle).items
    full, unread = None, None
    try:
        full = review(context, wanted, handle) if wanted is not None else None
    except IntegrityFailure as error:  # one lost file must not hide what else waits
        unread = error
    return ReviewList(
        rows=rows,
        lapsed={name: len(one.by) for name, one in lapsing.lapsed(context, rows, context.now).items()},
        waiting=tuple(item for item in items if item.kind in {"approval", "ready"}),
        review=full,
        at=context.clock.now(),
        unread=unread,
    )
