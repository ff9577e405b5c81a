"""Events about broken glass: acting past the approvals, and what is owed for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class GlassBroken(Event):
    """Until then this responder may deploy or roll back here past the approvals; somebody else reviews it."""

    KIND: ClassVar[str] = "glass.broken"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    justification: str
    until: str
    review_due: str
    policy: str
    """Digest of the policy that allowed it."""
    project: str | None = None
    """None: every project for which they are a responder."""


@dataclass(frozen=True, kw_only=True)
class GlassEnded(Event):
    """Somebody ended it before its time; what only runs out ends without an entry, and with its incident."""

    KIND: ClassVar[str] = "glass.ended"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    reason: str
    project: str | None = None


@dataclass(frozen=True, kw_only=True)
class GlassReviewed(Event):
    """Somebody else looked at why the glass was broken, and at everything that was done past the approvals."""

    KIND: ClassVar[str] = "glass.reviewed"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    note: str
    deployments: tuple[str, ...] = ()
    """What was done under it, as the reviewer saw it."""
    project: str | None = None
