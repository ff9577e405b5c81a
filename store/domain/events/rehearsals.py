"""Events about rehearsed rollbacks: really going back in an earlier environment, and forward again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event
from store.domain.events.requests import ReleaseRef

_PLACE = ("deployment", "project", "environment")


@dataclass(frozen=True, kw_only=True)
class RehearsalStarted(Event):
    """Somebody lets the way back be tried here: the earlier release is pushed, and then this one again."""

    KIND: ClassVar[str] = "rehearsal.started"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    SIGNED: ClassVar[bool] = True
    deployment: str
    project: str
    environment: str
    target: ReleaseRef
    """The earlier release, which is pushed first."""
    returns: ReleaseRef
    """The release whose rollback is rehearsed; it is pushed again whatever becomes of the first push."""
    expected: str
    """The live revision the first push replaces."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class RehearsalReturning(Event):
    """The second half: the rehearsed release is pushed again, as whoever started the rehearsal signed."""

    KIND: ClassVar[str] = "rehearsal.returning"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    deployment: str
    project: str
    environment: str
    rehearsal: str
    """The deployment that the rehearsal began with."""
    target: ReleaseRef
    expected: str
    previous: str | None = None
    """The release desired here before."""


@dataclass(frozen=True, kw_only=True)
class RollbackRehearsed(Event):
    """How a rehearsal ended, and which release stands there now."""

    KIND: ClassVar[str] = "rollback.rehearsed"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    deployment: str
    """The deployment that the rehearsal began with."""
    project: str
    environment: str
    release: str
    """The release whose rollback was rehearsed."""
    to: str
    """The release it went back to."""
    passed: bool
    """Both pushes were read back and are what was meant."""
    stands: str
    """The release that is known to stand there now; empty where nobody can say."""
    summary: str
    returned_by: str | None = None
    """The deployment that brought the rehearsed release back; None where there was none."""
