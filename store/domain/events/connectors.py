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


@dataclass(frozen=True, kw_only=True)
class ModulesObserved(Event):
    """A live installation has other modules, or other versions of them, than when it was last asked."""

    KIND: ClassVar[str] = "modules.observed"
    ON: ClassVar[tuple[str, ...]] = ("project", "environment")
    project: str
    environment: str
    connectors: str
    """Digest of the archived list of all of them."""
    modules: int
    changes: tuple[str, ...] = ()
    """The first of what is different, in words; nothing the first time."""
    more_changes: int = 0
