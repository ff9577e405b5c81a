"""A text to read, over everything else, until it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.spans import Line, Span, line
from console.widgets.dialogs.dialog import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.text_view import Facts, TextView


class Reading(Dialog[None]):
    """Text to read, of any length: an entry, a proof, the keys, an alarm (`danger`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", show=False, id="dialog.cancel"),
    ]

    def __init__(self, title: str, lines: Sequence[str | Line], *, danger: bool = False) -> None:
        super().__init__(classes="-danger -full" if danger else "-full")
        self._read_title = title
        self._read_lines = tuple(lines)
        self._read_tone = "badge-danger" if danger else "title"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((f" {self._read_title} ", self._read_tone)), classes="-title")
            yield TextView(wrapped=True)
            yield KeyCaps(line((" j/k ", "keycap"), "  scroll    ", (" esc ", "keycap"), "  close"))

    def on_mount(self) -> None:
        view = self.query_one(TextView)
        view.show_lines([found or line(Span("")) for found in self._read_lines])
        view.focus()

    def action_close(self) -> None:
        self.dismiss(None)
