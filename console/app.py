"""The console: the screens and the terminal they stand in. Nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.command import Provider
from textual.screen import Screen

from console.personal.memory import LeftOff
from console.places import SCREENS
from console.screen import Frame, Place, Session, checked_keymap
from console.widgets.filter_bar import FilterBar
from console.widgets.terminal import TerminalApp


def _checked(keymap: Mapping[str, str]) -> dict[str, str]:
    from console.key_table import known_keys

    return checked_keymap(keymap, known_keys())


def _going() -> type[Provider]:
    """Return what ctrl+p finds things with."""
    from console.screen.palette import Going

    return Going


class Console(TerminalApp[None]):
    """The whole console over one open workspace."""

    TITLE = "quarterdeck"
    COMMANDS = {_going}  # noqa: RUF012  Textual's own annotation
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_CSS = "CommandPalette SearchIcon { display: none; }"

    def __init__(
        self,
        session: Session,
        *,
        places: Sequence[Place] = SCREENS,
        keymap: Mapping[str, str] | None = None,
        palette: str | None = None,
        look: str = "auto",
        ascii_only: bool = False,
        start: LeftOff | None = None,
    ) -> None:
        """Take an open workspace; `keymap` is the person's own (key id → key), `start` where to begin.

        Raises:
            BadInput: the keymap names an unknown key id or gives one key to two acts.
        """
        checked = _checked(keymap) if keymap else {}
        super().__init__(palette=palette, look=look, ascii_only=ascii_only, threads=session.threads)
        self.set_keymap(checked)
        self._console_session = session
        self._console_places = tuple(places)
        self._console_start = start
        self._console_notes: tuple[str, ...] = ()
        self._console_toured: Callable[[], None] | None = None
        self.greeted = False
        """Whether all that `greet` was given has been on the screen."""
        self.chosen_look = ""
        """The theme that was chosen while the console ran; empty for none."""
        self.left_off = LeftOff()
        """Where the person was when the console was left."""

    def get_default_screen(self) -> Screen[Any]:
        return Frame(self._console_session, self._console_places, self._console_start)

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave; remember where."""
        frame = next((screen for screen in self.screen_stack if isinstance(screen, Frame)), None)
        if frame is not None and frame.is_mounted and frame.query(FilterBar):
            self.left_off = frame.left_off()
        super().exit(result, return_code, message)

    async def on_event(self, event: events.Event) -> None:
        """Leave alone what is typed while the console is left: no key finds what it acts on any more."""
        if not (self._exit and isinstance(event, events.InputEvent)):
            await super().on_event(event)

    def greet(self, *, toured: Callable[[], None] | None = None, notes: Sequence[str] = ()) -> None:
        """Say these things once the first screen stands; with `toured` show the tour before, and call it then."""
        self._console_notes, self._console_toured = tuple(notes), toured

    def on_ready(self) -> None:
        """Greet: the tour first, then what else is to be said, which it would lie over."""
        if self._console_toured is not None:
            from console.screen.tour import tour

            near, read_only = self.screen_stack[0], self._console_session.read_only
            self.push_screen(tour(near, self._console_places, read_only), lambda _: self._say_notes())
            self._console_toured()
        else:
            self._say_notes()

    def _say_notes(self) -> None:
        notes = self._console_notes
        frame = self.screen_stack[0]
        self.greeted = True
        if isinstance(frame, Frame) and notes:
            frame.say(notes, "info")

    def action_command_palette(self) -> None:
        """List what can be done; a dialog in front does what its own keys say, and nothing else can be done there."""
        frame = self.screen
        if isinstance(frame, Frame):
            frame.stop_typing()
            super().action_command_palette()
        else:
            self.bell()

    def action_look(self, name: str) -> None:
        """Change the colours, and remember that it was asked for."""
        self.chosen_look = name if self.is_running else ""
        super().action_look(name)

    def told(self, words: str) -> None:
        """Tell it where everything is told."""
        frame = self.screen_stack[0]
        if isinstance(frame, Frame):
            frame.say((words,), "info")

    def leave(self, return_code: int = 0) -> None:
        """Stop the frame's threads, then restore the terminal."""
        for screen in self.screen_stack:
            if isinstance(screen, Frame):
                screen.close()
        super().leave(return_code)
