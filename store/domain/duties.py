"""Duties: what somebody owes by a day, when that becomes a finding, and when its people are reminded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.roles import is_before

SOON: Final = timedelta(days=3)
"""So long before its day something is due soon, where nothing else is said."""
DAILY: Final = timedelta(days=1)
WEEKLY: Final = timedelta(days=7)
_MOST_NAMED: Final = 12


class State(StrEnum):
    """How pressing a duty is."""

    OVERDUE = "overdue"
    SOON = "soon"
    OWED = "owed"
    """Somebody's turn, and there is time."""
    ENDED = "ended"
    """It ran out by itself a short while ago; nobody owes anything."""


PRESSING: Final[Mapping[State, int]] = {State.OVERDUE: 0, State.SOON: 1, State.OWED: 2, State.ENDED: 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """One thing on the list of what is owed."""

    key: str
    """What it is about: FND-0001, BG-0001, EX-0001, `policy`, `connectors`, a name."""
    kind: str
    """finding, glass-review, policy-review, connector-review, exception, grant, witness, verification, notices, …"""
    what: str
    severity: str
    state: State
    since: str | None
    """When it began to be owed."""
    due: str | None
    """None: no day is set."""
    who: tuple[str, ...]
    """Who can see to it, by name."""
    command: str
    """The one command that handles it."""
    project: str = "*"
    environment: str = "*"
    mark: str = ""
    """Which time it is due: the same duty comes again after it was done."""
    source: str = ""
    """As what it becomes a finding when it is overdue; empty: it does not."""
    reminds: bool = True
    """Its people are told when it is due soon and when it is overdue."""
    anybody: bool = False
    """It needs no role, as no entry of a person comes of it: anybody at this machine can see to it."""
    cause_gone: bool = False
    """A finding: what it was raised for is not so any more."""


def state_of(due: str, at: str, soon: timedelta = SOON) -> State:
    """Return how pressing it is at the instant `at`; what cannot be read as a time is overdue."""
    try:
        left = parse_timestamp(due) - parse_timestamp(at)
    except (ValueError, OverflowError):
        return State.OVERDUE
    if left <= timedelta(0):
        return State.OVERDUE
    return State.SOON if left <= soon else State.OWED


def due_after(since: str, days: int) -> str:
    """Return the instant so many days after `since`; what cannot be read as a time stays as it is."""
    return _later(since, timedelta(days=days))


def ranked(duties: Iterable[Duty]) -> tuple[Duty, ...]:
    """Return duties, the most pressing first: overdue before soon, and in the order of their days."""
    return tuple(sorted(duties, key=lambda one: (PRESSING[one.state], one.due or "9", one.key)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """When people heard of a duty last, and how it was said."""

    soon: str | None = None
    overdue: str | None = None


def heard(recorded: Iterable[ev.Recorded]) -> dict[str, Told]:
    """Return by mark when people heard of each duty, after these entries, oldest first."""
    found: dict[str, Told] = {}
    for record in recorded:
        match record.event:
            case ev.DutyDueSoon(mark=mark):
                found[mark] = Told(soon=record.time, overdue=found.get(mark, Told()).overdue)
            case ev.DutyOverdue(mark=mark) | ev.FindingOverdue(mark=mark) | ev.FindingRaised(duty=mark):
                found[mark] = Told(soon=found.get(mark, Told()).soon, overdue=record.time)
            case _:
                pass
    return found


def reminders(duties: Iterable[Duty], told: Mapping[str, Told], *, at: str) -> tuple[ev.Event, ...]:
    """Return the reminders that are due now.

    Once when it is soon; when it is overdue at most once a day, and once a week when it has been so for a week.
    """
    found: list[ev.Event] = []
    for one in duties:
        last = told.get(one.mark, Told())
        if not one.reminds or one.due is None:
            continue
        if one.state is State.SOON and last.soon is None:
            found.append(_reminder(ev.DutyDueSoon, one))
        elif one.state is State.OVERDUE and (last.overdue is None or _again(one.due, last.overdue, at)):
            found.append(_reminder(ev.FindingOverdue if one.kind == "finding" else ev.DutyOverdue, one))
    return tuple(found)


def _again(due: str, last: str, at: str) -> bool:
    fresh = is_before(at, _later(due, WEEKLY))
    return not is_before(at, _later(last, DAILY if fresh else WEEKLY))


def _later(text: str, gap: timedelta) -> str:
    """Return the instant `gap` after another; what cannot be read as a time stays as it is."""
    try:
        return timestamp(parse_timestamp(text) + gap)
    except (ValueError, OverflowError):
        return text


def _reminder(kind: type[ev.DutyDueSoon | ev.DutyOverdue | ev.FindingOverdue], one: Duty) -> ev.Event:
    return kind(
        duty=one.key,
        mark=one.mark,
        title=one.what[:300],
        severity=one.severity,
        due=one.due or "",
        who=one.who[:_MOST_NAMED],
        command=one.command,
        project=None if one.project == "*" else one.project,
        environment=None if one.environment == "*" else one.environment,
    )
