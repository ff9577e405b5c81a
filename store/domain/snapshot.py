"""What a target answers when it is asked what lives there."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain.component import ExportFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The export files of one project as a target holds them, and the revision they were read at."""

    files: tuple[ExportFile, ...]
    revision: str
    """Opaque; what `push` wants back as `expected`, so that nobody's newer change is overwritten unseen."""
