"""One line of the table of screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from console.screen.pane import Pane

_SCREENS: Final = Path(__file__).parents[1] / "screens"


@dataclass(frozen=True, slots=True)
class AtVisit:
    """Makes a screen, named as module:Class of `console.screens` and imported when it is first wanted."""

    path: str

    @property
    def pane(self) -> type[Pane[Any]]:
        """The screen's class."""
        module, _, name = self.path.partition(":")
        found: type[Pane[Any]] = getattr(import_module(f"console.screens.{module}"), name)
        return found

    def __call__(self, session: Any) -> Pane[Any]:
        make: Callable[[Any], Pane[Any]] = self.pane
        return make(session)


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

    @property
    def style_sheet(self) -> Path:
        """Where its style sheet is, if it has one; read at the first visit."""
        return _SCREENS / f"{self.id}.tcss"
