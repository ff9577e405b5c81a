"""Events about findings, and about duties that somebody has by a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event

_ABOUT = ("finding", "request", "deployment", "drift", "incident", "project", "environment")


@dataclass(frozen=True, kw_only=True)
class _OfFinding(Event):
    """What every entry about a finding repeats: which one, and what it is about, so that both lead to it."""

    ON: ClassVar[tuple[str, ...]] = _ABOUT
    finding: str
    request: str | None = None
    deployment: str | None = None
    drift: str | None = None
    incident: str | None = None
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingOpened(_OfFinding):
    """Somebody found that something is not as it should be."""

    KIND: ClassVar[str] = "finding.opened"
    SIGNED: ClassVar[bool] = True
    title: str
    severity: str
    """info, warning, high or critical."""
    source: str
    """Where it comes from: audit, overdue-review or health."""
    due: str
    about: str = ""
    """The id or the entry's number that it is about; empty for nothing in particular."""
    summary: str = ""
    assignee: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingRaised(_OfFinding):
    """quarterdeck itself saw that a duty was not done in time; once for each."""

    KIND: ClassVar[str] = "finding.raised"
    title: str
    severity: str
    source: str
    due: str
    duty: str
    """What it was raised for: the mark of a duty, which no other finding is raised for."""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingAssigned(_OfFinding):
    """Somebody is to see to it; by another day than before where `due` says so."""

    KIND: ClassVar[str] = "finding.assigned"
    SIGNED: ClassVar[bool] = True
    assignee: str
    due: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingNoted(_OfFinding):
    """Somebody said something about an open finding."""

    KIND: ClassVar[str] = "finding.noted"
    SIGNED: ClassVar[bool] = True
    note: str


@dataclass(frozen=True, kw_only=True)
class FindingClosed(_OfFinding):
    """Somebody who may says that it is dealt with, and how."""

    KIND: ClassVar[str] = "finding.closed"
    SIGNED: ClassVar[bool] = True
    done: str


@dataclass(frozen=True, kw_only=True)
class _Reminder(Event):
    ON: ClassVar[tuple[str, ...]] = ("duty", "project", "environment")
    duty: str
    """What is due: FND-0001, BG-0001, policy, connectors, …"""
    mark: str
    """Which time it is due: the same duty comes again after it was done."""
    title: str
    severity: str
    due: str
    who: tuple[str, ...]
    """Who can see to it, at most a few."""
    command: str
    """What they type."""
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class DutyDueSoon(_Reminder):
    """Something is due within days: those who can do it are told once."""

    KIND: ClassVar[str] = "duty.due-soon"


@dataclass(frozen=True, kw_only=True)
class DutyOverdue(_Reminder):
    """A review is overdue, and its people are reminded: at most once a day."""

    KIND: ClassVar[str] = "duty.overdue"


@dataclass(frozen=True, kw_only=True)
class FindingOverdue(_Reminder):
    """A finding was not closed in time, and its people are reminded: at most once a day."""

    KIND: ClassVar[str] = "finding.overdue"
