"""The round of duties: what is overdue becomes a finding, once; people are reminded, at most once a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import duties as rules
from store.domain import events as ev
from store.domain import findings as finding_rules
from store.domain.duties import Duty, State
from store.domain.kinds import REMINDERS
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.context import Context, Source, named, recorded
from store.services.findings import handling, subjects
from store.services.health.health import seen

_LOOK_BACK: Final = timedelta(days=15)
"""Longer than the longest time between two reminders, and than the longest that something is `soon`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one round recorded."""

    raised: tuple[str, ...] = ()
    """Ids of the findings it raised."""
    reminded: tuple[str, ...] = ()
    """What people were reminded of."""


def once(context: Context) -> Round:
    """Raise findings and remind people of what is overdue now; nothing is recorded twice, by whoever runs.

    Raises:
        StorageFailure, IntegrityFailure, Conflict: nothing was recorded; the next round tries again.
    """
    at = context.now

    def decide(source: Source) -> Sequence[ev.Event]:
        duties = seen(context, source, at).duties
        raised = tuple(_raised(context, source, duties, at))
        told = rules.heard(recorded(_reminders(source, at)))
        fresh = {event.duty for event in raised}
        return [*raised, *rules.reminders((one for one in duties if one.mark not in fresh), told, at=at)]

    if not decide(context.ledger):
        return Round()  # no transaction for nothing
    entries = perform(context, None, decide)
    ids = [(entry.statement.kind == "finding.raised", entry.statement.on) for entry in entries]
    return Round(
        raised=tuple(on["finding"] for raised, on in ids if raised),
        reminded=tuple(on["duty"] for raised, on in ids if not raised),
    )


def _raised(context: Context, source: Source, duties: Sequence[Duty], at: str) -> Iterator[ev.FindingRaised]:
    """Yield a finding for each duty that is overdue and that none was ever raised for."""
    known = {one.duty for one in handling.every(source).values()}
    number = handling.next_number(source)
    for one in duties:
        if one.state is not State.OVERDUE or not one.source or one.mark in known:
            continue
        about = subjects.about(source, one.key) if one.kind.endswith("-review") else subjects.About()
        place = {"project": one.project, "environment": one.environment}
        on = {name: value for name, value in place.items() if value != "*"} | dict(about.on)
        yield ev.FindingRaised(
            finding=named("FND", number),
            title=f"overdue: {one.what}"[:300],
            severity=one.severity,
            source=one.source,
            due=finding_rules.latest(context.policy, one.severity, at),
            duty=one.mark,
            about=about.named or one.key,
            **on,
        )
        number += 1


def _reminders(source: Source, at: str) -> list[Entry]:
    """Return the entries by which people heard of duties lately, oldest first."""
    since = timestamp(parse_timestamp(at) - _LOOK_BACK)
    found: list[Entry] = []
    for entry in source.entries(kinds=REMINDERS, newest_first=True):
        if entry.statement.time < since:
            break
        found.append(entry)
    return found[::-1]
