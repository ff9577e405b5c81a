"""Questions with one answer: a line of text, or one of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.presentation.spans import Cell, Line, line
from console.presentation.text import display
from console.widgets.columns import Column, Row
from console.widgets.dialogs.dialog import Dialog, field
from console.widgets.key_caps import KeyCaps
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts, HangingFacts


class Ask(Dialog[str | None]):
    """One line of text. None: left with `esc`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False, id="dialog.cancel")]

    def __init__(
        self,
        title: str,
        *,
        facts: Sequence[str | Line] = (),
        value: str = "",
        placeholder: str = "",
        required: bool = True,
        secret: bool = False,
    ) -> None:
        super().__init__()
        self._ask_title = title
        self._ask_facts = tuple(facts)
        self._ask_required = required
        self._ask_value = value
        self._ask_placeholder = placeholder
        self._ask_secret = secret

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((self._ask_title, "title")), classes="-title")
            if self._ask_facts:
                yield HangingFacts(*self._ask_facts)
            yield field(
                "answer", placeholder=display(self._ask_placeholder), value=self._ask_value, secret=self._ask_secret
            )
            yield KeyCaps(line((" enter ", "keycap"), "  done    ", (" esc ", "keycap"), "  cancel"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() or not self._ask_required:
            self.dismiss(event.value.strip())
        else:
            self.app.bell()

    def action_cancel(self) -> None:
        self.dismiss(None)


class Choose(Dialog[str | None]):
    """One of several, by key. None: left with `esc`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False, id="dialog.cancel")]

    def __init__(self, title: str, options: Sequence[tuple[str, Cell]]) -> None:
        """Take `(key, what is shown)` pairs in the order to show them."""
        super().__init__()
        self._ask_title = title
        self._ask_rows = tuple(Row(key=key, cells=(shown,)) for key, shown in options)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((self._ask_title, "title")), classes="-title")
            table = KeyedTable((Column(name="", grow=1, keep=9),), empty="nothing to choose from")
            table.styles.height = min(len(self._ask_rows), 14) + 1
            yield table
            yield KeyCaps(line((" enter ", "keycap"), "  choose    ", (" esc ", "keycap"), "  cancel"))

    def on_mount(self) -> None:
        table = self.query_one(KeyedTable)
        table.sync(self._ask_rows)
        table.focus()

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        self.dismiss(event.key)

    def action_cancel(self) -> None:
        self.dismiss(None)
