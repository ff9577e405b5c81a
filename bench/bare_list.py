"""The least that Textual can do, to measure the console against: a list, and nothing else.

`lines N` draws N rows on demand, in one colour, and imports the widgets that the console uses. `table N` is
Textual's own DataTable with the console's columns; it holds all of its rows, so N is to be small.
"""

from __future__ import annotations

import sys
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import ContentSwitcher, DataTable, Input, Static, Tree

IMPORTED = (ContentSwitcher, Input, ModalScreen, Static, Tree)
"""What the console imports too; Textual imports its widgets when they are named."""
DOWN, UP = "j", "k"


def cells(number: int) -> tuple[str, str, str]:
    """Return a row as the console's ledger draws it."""
    return f"{number:>9,}", "2026-11-26 11:55:13", "+ artifact.ingested"


class Lines(ScrollView, can_focus=True):
    """Rows drawn on demand and one reversed row."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(DOWN, "move(1)"), Binding(UP, "move(-1)")]

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.row = 0

    def on_mount(self) -> None:
        self.virtual_size = Size(0, self.rows)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        text = "  ".join(cells(self.rows - index))
        return Strip([Segment(f"{text:<{width}}"[:width], Style(reverse=True) if index == self.row else Style())])

    def action_move(self, by: int) -> None:
        old, self.row = self.row, max(0, min(self.row + by, self.rows - 1))
        self.refresh_line(old)
        self.refresh_line(self.row)
        top, seen = self.scroll_offset.y, self.scrollable_content_region.height
        if self.row >= top + seen:
            self.scroll_to(y=self.row - seen + 1, animate=False)


class Table(DataTable[Text]):
    """Textual's own, with a cursor that is a row."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(DOWN, "cursor_down"), Binding(UP, "cursor_up")]

    def __init__(self, rows: int) -> None:
        super().__init__(cursor_type="row")
        self.wanted = rows

    def on_mount(self) -> None:
        self.add_columns("entry", "time (UTC)", "kind")
        for number in range(self.wanted, 0, -1):
            self.add_row(*(Text(cell) for cell in cells(number)))


class Bare(App[None]):
    """Nothing but the list."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield {"lines": Lines, "table": Table}[sys.argv[1]](int(sys.argv[2]))

    def on_mount(self) -> None:
        self.query_one("Lines, Table").focus()


if __name__ == "__main__":
    Bare().run()
