"""Some of several, by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.spans import Cell, Line, Span, as_line, line
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts

_COLUMNS = (Column(name="", width=1, keep=9), Column(name="", grow=1, keep=9, most=300, prose=True))


class ChooseSome(Dialog[tuple[str, ...] | None]):
    """The list; `space` marks, `enter` answers with what is marked, in its order. None: left with `esc`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, id="dialog.cancel"),
        Binding("space", "mark", "Mark", show=False, id="some.mark"),
    ]

    def __init__(
        self, title: str, options: Sequence[tuple[str, Cell]], *, chosen: Sequence[str] = (), facts: Sequence[Line] = ()
    ) -> None:
        """Take `(key, what is shown)` pairs in the order to show them; `chosen` are marked at first."""
        super().__init__(classes="-full")
        self._some_title = title
        self._some_options = tuple(options)
        self._some_chosen = set(chosen)
        self._some_facts = tuple(facts)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((self._some_title, "title")), classes="-title")
            if self._some_facts:
                yield Facts(*self._some_facts)
            yield KeyedTable(_COLUMNS, empty="nothing to choose from", classes="-body")
            yield KeyCaps(id="some-keys")

    def on_mount(self) -> None:
        self._show()
        self.query_one(KeyedTable).focus()

    def _show(self) -> None:
        rows = [
            Row(key=key, cells=(Span("✓", "ok") if key in self._some_chosen else Span("·", "faint"), as_line(shown)))
            for key, shown in self._some_options
        ]
        self.query_one(KeyedTable).sync(rows)
        count = len(self._some_chosen)
        self.query_one("#some-keys", Facts).show_lines(
            line(
                (" space ", "keycap"),
                " mark  ",
                (" enter ", "keycap" if count else "badge"),
                f" with these {count}  " if count else " none marked yet  ",
                (" esc ", "keycap"),
                " back",
            )
        )

    def action_mark(self) -> None:
        key = self.query_one(KeyedTable).key
        if key is not None:
            self._some_chosen ^= {key}
            self._show()

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        if self._some_chosen:
            self.dismiss(tuple(key for key, _ in self._some_options if key in self._some_chosen))
        else:
            self.app.bell()

    def action_cancel(self) -> None:
        self.dismiss(None)
