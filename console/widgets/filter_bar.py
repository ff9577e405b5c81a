"""The one-line input at the bottom: `/` narrows the list while it is typed, `:` takes a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from console.presentation.spans import line
from console.widgets.text_view import Facts


class Mode(StrEnum):
    """What is being typed."""

    FILTER = "/"
    COMMAND = ":"


_HINTS: Mapping[Mode, str] = MappingProxyType(
    {
        Mode.FILTER: "words to narrow the list to; enter keeps them, esc shows all",
        Mode.COMMAND: "a screen, an act or an id: drift, approve CR-0010, INC-0001@-30m; enter runs it",
    }
)


class FilterBar(Horizontal):
    """Hidden until opened. `esc` on a filter first empties it, then leaves; on a command it leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Clear, leave", id="find.leave"),
        Binding("up", "recall(-1)", "Earlier", show=False, id="find.earlier"),
        Binding("down", "recall(1)", "Later", show=False, id="find.later"),
    ]
    DEFAULT_CSS = """
    FilterBar { display: none; height: 1; background: $surface; }
    FilterBar.-open { display: block; }
    FilterBar > Facts { width: 2; padding: 0 0 0 1; }
    FilterBar > Input { width: 1fr; background: $surface; }
    """

    class Changed(Message):
        """The filter's text is another one."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Submitted(Message):
        """`enter`: a command is to be run, or a filter is to stay while the list has the focus again."""

        def __init__(self, mode: Mode, text: str) -> None:
            self.mode = mode
            self.text = text
            super().__init__()

    class Dismissed(Message):
        """The bar was left; a filter is empty now."""

        def __init__(self, mode: Mode) -> None:
            self.mode = mode
            super().__init__()

    def __init__(self, commands: Sequence[str] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.mode = Mode.FILTER
        self._bar_commands = tuple(commands)
        self._bar_past: list[str] = []
        self._bar_at = 0

    def compose(self) -> ComposeResult:
        yield Facts(line(("/", "key")))
        field = Input(compact=True, max_length=500)
        field.cursor_blink = False
        yield field

    @property
    def field(self) -> Input:
        """The input itself."""
        return self.query_one(Input)

    def open(self, mode: Mode, text: str = "", *, hint: str = "") -> None:
        """Show the bar and take the focus; `hint` says what is typed here, where it is not as everywhere."""
        self.mode = mode
        self.query_one(Facts).show_lines(line((mode.value, "key")))
        self.field.placeholder = hint or _HINTS[mode]
        self.field.suggester = SuggestFromList(self._bar_commands) if mode is Mode.COMMAND else None
        self.field.value = text
        self._bar_at = len(self._bar_past)
        self.set_class(True, "-open")
        self.field.focus()

    def close(self) -> None:
        """Hide the bar."""
        self.set_class(False, "-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.mode is Mode.FILTER and self.has_class("-open"):
            self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        if self.mode is Mode.COMMAND and event.value.strip():
            self._bar_past = [*self._bar_past, event.value][-50:]
        self.post_message(self.Submitted(self.mode, event.value))

    def action_dismiss(self) -> None:
        if self.mode is Mode.FILTER and self.field.value:
            self.field.value = ""
            return
        self.close()
        self.post_message(self.Dismissed(self.mode))

    def action_recall(self, by: int) -> None:
        if self.mode is Mode.COMMAND and self._bar_past:
            self._bar_at = max(0, min(self._bar_at + by, len(self._bar_past)))
            past = [*self._bar_past, ""]
            self.field.value = past[self._bar_at]
            self.field.cursor_position = len(self.field.value)
