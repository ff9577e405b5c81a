"""What is owed, as things that need somebody now: reviews that are due, findings that are open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain.duties import Duty, State, state_of
from store.projections import findings
from store.projections.findings import FindingRow
from store.services.health.health import reviews
from store.services.triage.asked import Asked
from store.services.triage.item import Item

_SEVERITIES: Final = {"info": "low", "warning": "medium"}
"""Severities of findings in the words of risks, by which everything here is ranked."""
_WORSE: Final = {"low": "medium", "medium": "high"}
"""What is overdue weighs one level more; it does not push what is broken from the first line."""


def reviews_due(asked: Asked) -> Iterator[Item]:
    """Yield reviews that are due soon or overdue."""
    for one in reviews(asked.context, asked.at):
        if one.state in {State.SOON, State.OVERDUE}:
            yield _review(one, asked.handle, asked.at)


def open_findings(asked: Asked) -> Iterator[Item]:
    """Yield every open finding."""
    with asked.context.ledger.reading() as connection:
        rows = findings.listing(connection, state="open")
    for row in rows:
        yield _finding(asked, row)


def _review(one: Duty, handle: str | None, at: str) -> Item:
    late = one.state is State.OVERDUE
    return Item(
        key=one.key,
        kind="review",
        severity=_level(one.severity, late=late),
        environment="-" if one.environment == "*" else one.environment,
        project="-" if one.project == "*" else one.project,
        what=f"{one.what}: {_when(one.due or '', late=late)}",
        since=_instant(one.due if late else one.since, at),
        mine=handle in one.who,
        command=one.command,
    )


def _finding(asked: Asked, row: FindingRow) -> Item:
    late = state_of(row.due, asked.at) is State.OVERDUE
    closes = asked.may("close a finding", row.project or "*", row.environment or "*")
    return Item(
        key=row.id,
        kind="finding",
        severity=_level(row.severity, late=late),
        environment=row.environment or "-",
        project=row.project or "-",
        what=f"{row.title}{f' ({row.about})' if row.about else ''}: {_when(row.due, late=late)}",
        since=_instant(row.due if late else row.opened_at, asked.at),
        mine=closes or (asked.handle is not None and asked.handle == row.assignee),
        command=f"quarterdeck finding close {row.id} --done TEXT",
    )


def _instant(text: str | None, at: str) -> str:
    """Return a time that screens can read: entries that nobody checked may hold anything."""
    try:
        return timestamp(parse_timestamp(text or at))
    except (ValueError, OverflowError):
        return at


def _level(severity: str, *, late: bool) -> str:
    level = _SEVERITIES.get(severity, severity)
    return _WORSE.get(level, level) if late else level


def _when(due: str, *, late: bool) -> str:
    return f"{'overdue since' if late else 'due by'} {due[:16]}Z"
