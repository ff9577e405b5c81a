"""Events about what is out of the ordinary, and about who looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event

_ABOUT = ("anomaly", "principal", "project", "environment", "request", "deployment")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One of the numbers that made something unusual."""

    name: str
    value: int


@dataclass(frozen=True, kw_only=True)
class AnomalyNoticed(Event):
    """An entry is out of the ordinary. It says nothing about right or wrong; somebody should look."""

    KIND: ClassVar[str] = "anomaly.noticed"
    ON: ClassVar[tuple[str, ...]] = _ABOUT
    anomaly: str
    rule: str
    """`hour`, `volume`, `order`, `first-time`, `two-places` or `standing`."""
    severity: str
    """As notifications say it: `info`, `warning`, `high` or `critical`."""
    about: int
    """The entry that is unusual."""
    summary: str
    measures: tuple[Measure, ...]
    """The numbers that made it so."""
    policy: str
    """The policy whose thresholds it is past."""
    principal: str | None = None
    also: tuple[str, ...] = ()
    """Who else it is about."""
    project: str | None = None
    environment: str | None = None
    request: str | None = None
    deployment: str | None = None


@dataclass(frozen=True, kw_only=True)
class AnomalyAcknowledged(Event):
    """Somebody looked at it and says what it was."""

    KIND: ClassVar[str] = "anomaly.acknowledged"
    ON: ClassVar[tuple[str, ...]] = _ABOUT
    SIGNED: ClassVar[bool] = True
    anomaly: str
    note: str
    principal: str | None = None
    project: str | None = None
    environment: str | None = None
    request: str | None = None
    deployment: str | None = None
