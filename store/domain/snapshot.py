"""What a target answers when it is asked what lives there, and what it says after a push."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.domain.component import ExportFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The export files of one project as a target holds them, and the revision they were read at."""

    files: tuple[ExportFile, ...]
    revision: str
    """Opaque; what `push` wants back as `expected`, so that nobody's newer change is overwritten unseen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """How a push ended that did all it should."""

    revision: str
    ids: Mapping[str, str] = field(default_factory=dict)
    """Component id → the id the platform knows it by, where that is another one; all that are known, not only new."""
