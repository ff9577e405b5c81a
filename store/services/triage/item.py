"""One thing that needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RANK: Final[Mapping[str, int]] = {"critical": 0, "high": 1, "medium": 2, "low": 3}
"""Severity → its place in the list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing that needs somebody."""

    key: str
    """Stable: the id of what it is about (a drift, request, deployment, incident, finding, refused file)."""
    kind: str
    """One word for what it is (drift, halted, approval, comment, …). Who draws it needs to know no list of them."""
    severity: str
    environment: str
    project: str
    what: str
    since: str
    """When it began to need somebody (RFC 3339)."""
    mine: bool
    """The caller can handle it."""
    act: str = ""
    """The act of `roles.PERMISSIONS` that handles it; empty: looking at it does."""
    reason: str = ""
    """Why it needs somebody, in one sentence; empty where `what` says that too."""
    about: str = ""
    """The id that it is opened by; empty: its key."""
    command: str = ""
    """What one types about it, where no key of a screen does it."""

    @property
    def subject(self) -> str:
        """The id (or `#entry`) that it is about."""
        return self.about or self.key
