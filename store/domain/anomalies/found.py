"""One act as the rules see it, and what a rule found about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

HOUR, VOLUME, ORDER, FIRST_TIME, TWO_PLACES = "hour", "volume", "order", "first-time", "two-places"
STANDING: Final = "standing"
SEVERITIES: Final = {
    HOUR: "warning", VOLUME: "warning", ORDER: "high", FIRST_TIME: "warning", TWO_PLACES: "high", STANDING: "warning",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Something a person did, or (with no key) that quarterdeck saw."""

    seq: int
    at: datetime
    kind: str
    actor: str
    project: str | None = None
    environment: str | None = None
    key: str = ""
    """Fingerprint of the key it is signed with; empty where it is not signed, or was signed elsewhere before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An act that is unusual, and the numbers that make it so."""

    rule: str
    about: int
    summary: str
    measures: tuple[tuple[str, int], ...]
    principal: str | None = None
    project: str | None = None
    environment: str | None = None
    also: tuple[str, ...] = ()
    """Who else it is about: they cannot say that it was nothing, either."""
    severity: str = ""
    """Empty: the rule's own."""

    @property
    def weight(self) -> str:
        """How bad it is."""
        return self.severity or SEVERITIES[self.rule]
