"""The least that Textual can do, to measure the console against: one list of any length, no colours, no ledger.

It imports the widgets that the console imports, and draws rows of the same length in a list of the same size.
"""

from __future__ import annotations

import sys
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import ContentSwitcher, Input, Static, Tree

IMPORTED = (ContentSwitcher, Input, ModalScreen, Static, Tree)
"""What the console imports too."""


class Bare(ScrollView, can_focus=True):
    """Rows drawn on demand and one reversed row."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("j", "move(1)"), Binding("k", "move(-1)"),
                                             Binding("pagedown", "move(35)", priority=True)]  # fmt: skip

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.row = 0

    def on_mount(self) -> None:
        self.virtual_size = Size(0, self.rows)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        text = (
            f" #{self.rows - index:>9,} 2026-11-26 11:51:37  system        artifact.ingested     project-{index % 40}"
        )
        style = Style(reverse=True) if index == self.row else Style()
        return Strip([Segment(f"{text:<{width}}"[:width], style)])

    def action_move(self, by: int) -> None:
        old, self.row = self.row, max(0, min(self.row + by, self.rows - 1))
        self.refresh_line(old)
        self.refresh_line(self.row)
        top, seen = self.scroll_offset.y, self.scrollable_content_region.height
        if self.row >= top + seen:
            self.scroll_to(y=self.row - seen + 1, animate=False)


class BareApp(App[None]):
    """Nothing but the list."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Bare(int(sys.argv[1]))

    def on_mount(self) -> None:
        self.query_one(Bare).focus()


if __name__ == "__main__":
    BareApp().run()
