"""One thing that needs somebody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing that needs somebody."""

    key: str
    """Stable: the id of what it is about (a drift, request, deployment, incident, finding, refused file)."""
    kind: str
    """drift, halted, approval, ready, failed, incident, anomaly, refused, finding or review."""
    severity: str
    environment: str
    project: str
    what: str
    since: str
    """When it began to need somebody (RFC 3339)."""
    mine: bool
    """The caller can handle it."""
    command: str = ""
    """What one types about it, where no key of a screen does it."""
