"""What happened lately, without what the machine says to itself; and how much happens at which hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.integrity.entry import Entry
from store.services.context import Context
from store.services.subjects import entries_about, is_id

QUIET = frozenset({"gate.evaluated", "configuration.observed", "deployment.started", "request.opened"})
"""Kinds whose news another kind tells better: a submission, a drift, a verification."""
_HOURS: Final = 24


def recent(context: Context, *, on: Mapping[str, str] | None = None, limit: int) -> tuple[Entry, ...]:
    """Return the newest entries that people want to hear of, newest first; `on` narrows them to a place or a thing."""
    loud = sorted(ev.EVENTS.keys() - QUIET)
    return tuple(context.ledger.entries(kinds=loud, on=on, limit=limit, newest_first=True))


def newest_about(context: Context, subject: str) -> int | None:
    """Return the number of the newest entry about an id (CR-…, DEP-…, FND-…, AN-…), None when there is none."""
    if not is_id(subject):
        return None
    return next((entry.seq for entry in entries_about(context.ledger, subject, newest_first=True)), None)


def rhythm(context: Context) -> tuple[int, ...]:
    """Return how many entries each of the last 24 hours brought, the oldest first, by the times they claim.

    Entries stand in order, so the edges of the hours are found by bisection: some hundred look-ups however long the
    ledger is.
    """
    now, size = parse_timestamp(context.now), context.ledger.head().size
    times: dict[int, str] = {}

    def upto(time: str, low: int, high: int) -> int:
        while low < high:
            middle = (low + high + 1) // 2
            if middle not in times:
                times[middle] = context.ledger.entry(middle).statement.time
            low, high = (middle, high) if times[middle] <= time else (low, middle - 1)
        return low

    edges = [upto(timestamp(now - timedelta(hours=_HOURS)), 0, size)]
    for left in range(_HOURS - 1, -1, -1):
        edges.append(upto(timestamp(now - timedelta(hours=left)), edges[-1], size))
    return tuple(after - before for before, after in pairwise(edges))
