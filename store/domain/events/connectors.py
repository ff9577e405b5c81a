"""Events about the inventory of connectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class ConnectorsReviewed(Event):
    """Somebody looked at every host, module, connection and credential in use."""

    KIND: ClassVar[str] = "connectors.reviewed"
    SIGNED: ClassVar[bool] = True
    inventory: str
    """Digest of the archived inventory that was reviewed."""
    connectors: int
    note: str = ""
