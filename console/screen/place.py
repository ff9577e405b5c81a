"""One line of the table of screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.screen.pane import Pane


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One line of the table of screens."""

    key: str
    """`1` to `9`, then `0`."""
    id: str
    """Its name in commands and in `Pane.go`; its style sheet is `console/screens/<id>.tcss`."""
    title: str
    factory: Callable[[Any], Pane[Any]]
    """Given the session, makes the pane; called at the first visit."""
    subjects: tuple[str, ...] = ()
    """How ids of its things begin (`CR-`): `:CR-0042` opens here."""
