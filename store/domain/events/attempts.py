"""Events about what somebody tried and a rule did not let them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class AttemptRefused(Event):
    """A rule said no. An observation of the program's: whoever was refused signed nothing."""

    KIND: ClassVar[str] = "attempt.refused"
    ON: ClassVar[tuple[str, ...]] = ("principal", "request", "project", "environment")
    principal: str
    """Who it was tried as; the key says whether it was them."""
    act: str
    """What was tried: the service's verb in words."""
    key: str
    """The fingerprint of the key in hand."""
    reason: str
    """Every reason, as it was shown."""
    about: str | None = None
    """What the act was about, as it was named, where that is no request."""
    request: str | None = None
    project: str | None = None
    environment: str | None = None
