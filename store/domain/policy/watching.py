"""What is out of the ordinary, and who is told of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from store.domain.policy.kinds import Channel, Count, Days, Glob, Severity, Zone


@dataclass(frozen=True, kw_only=True, slots=True)
class Anomalies:
    """From where on something is unusual. Nothing is before there is enough to compare with."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    window_days: Days = 60
    """How far back the ordinary is looked for."""
    least_acts: Count = 20
    """Fewer acts than this are no habit."""
    hour_percent: Count = 2
    """An hour of the day with a smaller share of somebody's acts than this is unusual."""
    time_zone: Zone = "UTC"
    volume_factor: Count = 5
    """So many times the usual number of acts in a day is unusual."""
    two_places_minutes: Count = 10
    """Acts by one person through different keys within this time are two places at once."""
    enrolled_days: Days = 14
    """Who has a role or key for so long or less says yes to its giver: worth a line each time."""
    first_time: tuple[Glob, ...] = ("prod*",)
    """Globs of environments where a first-time actor is worth a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationRule:
    """Which entries go to which channels. Channels' addresses stand in quarterdeck.toml, never here."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    channels: tuple[Channel, ...]
    events: tuple[Glob, ...] = ("*",)
    """Globs over kinds of entry."""
    severity: Severity = "info"
    """This and worse."""
    projects: tuple[Glob, ...] = ("*",)
    environments: tuple[Glob, ...] = ("*",)
