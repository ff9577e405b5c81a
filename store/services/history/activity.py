"""What happened lately, without what the machine says to itself."""

from __future__ import annotations

from collections.abc import Mapping

from store.domain import events as ev
from store.integrity.entry import Entry
from store.projections import anomalies
from store.services.context import Context
from store.services.subjects import entries_about, is_id

QUIET = frozenset({"gate.evaluated", "configuration.observed", "deployment.started", "request.opened"})
"""Kinds whose news another kind tells better: a submission, a drift, a verification."""


def recent(context: Context, *, on: Mapping[str, str] | None = None, limit: int = 40) -> tuple[Entry, ...]:
    """Return the newest entries that people want to hear of, newest first; `on` narrows them to a place or a thing."""
    loud = sorted(ev.EVENTS.keys() - QUIET)
    return tuple(context.ledger.entries(kinds=loud, on=on, limit=limit, newest_first=True))


def newest_about(context: Context, subject: str) -> int | None:
    """Return the number of the newest entry about an id (CR-…, DEP-…, FND-…, AN-…), None when there is none."""
    if subject.startswith("AN-"):
        with context.ledger.reading() as connection:
            row = anomalies.one(connection, subject)
        return row.seq if row is not None else None
    if not is_id(subject):
        return None
    return next((entry.seq for entry in entries_about(context.ledger, subject, newest_first=True)), None)
