"""Events about incidents, and notes that anybody may add later to anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class PinnedState:
    """What was desired in one environment for one project when an incident began."""

    environment: str
    project: str
    release: str


@dataclass(frozen=True, kw_only=True)
class IncidentOpened(Event):
    KIND: ClassVar[str] = "incident.opened"
    ON: ClassVar[tuple[str, ...]] = ("incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    incident: str
    title: str
    severity: str
    at_seq: int
    """The ledger position pinned as the start."""
    state: tuple[PinnedState, ...]
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class IncidentNoted(Event):
    KIND: ClassVar[str] = "incident.noted"
    ON: ClassVar[tuple[str, ...]] = ("incident",)
    SIGNED: ClassVar[bool] = True
    incident: str
    note: str


@dataclass(frozen=True, kw_only=True)
class IncidentClosed(Event):
    KIND: ClassVar[str] = "incident.closed"
    ON: ClassVar[tuple[str, ...]] = ("incident",)
    SIGNED: ClassVar[bool] = True
    incident: str
    cause: str
    fix: str
    learned: str


@dataclass(frozen=True, kw_only=True)
class EntryAnnotated(Event):
    """A note about an earlier entry or id; the original never changes."""

    KIND: ClassVar[str] = "entry.annotated"
    ON: ClassVar[tuple[str, ...]] = ("entry", "request", "deployment", "drift", "incident", "finding")
    SIGNED: ClassVar[bool] = True
    note: str
    entry: str | None = None
    request: str | None = None
    deployment: str | None = None
    drift: str | None = None
    incident: str | None = None
    finding: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlaybookStarted(Event):
    """A step list of the policy is worked through for an incident; its steps are kept as they were then."""

    KIND: ClassVar[str] = "playbook.started"
    ON: ClassVar[tuple[str, ...]] = ("playbook", "incident")
    SIGNED: ClassVar[bool] = True
    playbook: str
    incident: str
    name: str
    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlaybookTicked(Event):
    """One step was done, or knowingly left out: the note says."""

    KIND: ClassVar[str] = "playbook.ticked"
    ON: ClassVar[tuple[str, ...]] = ("playbook", "incident")
    SIGNED: ClassVar[bool] = True
    playbook: str
    incident: str
    step: int
    """From 1."""
    note: str = ""
