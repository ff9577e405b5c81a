"""What Textual itself needs for such a screen, to measure the console against.

`lines N` draws N rows on demand, in one colour, and nothing else: the least there is. `screen N` puts these rows
into the frame of the console's ledger, made of Textual's own widgets, one for each of the console's and of its
kind: lines that say something are `Static` (the status, the places, the message, the keys, the verdict, the query,
the entry), the pane in front stands in a `ContentSwitcher`, the filter is an `Input` that is not shown. There are as
many widgets as in the console's first screen, laid out as there, with a style sheet of as few rules as that takes.
It imports the widgets that the console imports until then and reads nothing: no ledger, no configuration, no keys.
So it says what Textual costs, not what a console without quarterdeck's work would be: Textual's `Tabs` and `Footer`
would be a widget for every place and every key, where the console draws one line, and would flatter us.

`table N` is Textual's own DataTable with the console's columns; it holds all of its rows, so N is to be small.
"""

from __future__ import annotations

import sys
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import ContentSwitcher, DataTable, Input, Static

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


PLACES = "Triage Approvals Lineage Drift Replay Ledger Connectors Health Incidents Findings"
KEYS = "e Entry  V Verify  t Time travel  y Copy hash  r Reload  / Filter  : Command  ? Keys"


class Framed(Screen[None]):
    """The frame and the ledger's list, in Textual's own widgets."""

    CSS = """
    #too-small { display: none; }
    #status, #places, #message, #keys, #verdict, #query { height: 1; background: $panel; }
    ContentSwitcher, #pane { height: 1fr; }
    #body { height: 1fr; layout: horizontal; }
    #entry { width: 42%; height: 1fr; border-left: solid $secondary; }
    #filter { display: none; height: 1; layout: horizontal; }
    #slash { width: 1; }
    Input { width: 1fr; height: 1; border: none; }
    """

    def compose(self) -> ComposeResult:
        rows = int(sys.argv[2])
        yield Static("too small", id="too-small")
        yield Static(" all calm   acme > Ledger   dev ok   staging ok   prod ok", id="status")
        yield Static("  ".join(f"{number} {place}" for number, place in enumerate(PLACES.split(), 1)), id="places")
        with ContentSwitcher(initial="pane"), Container(id="pane"):
            yield Static("not verified yet   V verifies every byte", id="verdict")
            yield Static(f"{rows:,} entries, newest first", id="query")
            with Container(id="body"):
                yield Lines(rows)
                yield Static("", id="entry")
        yield Static("", id="message")
        with Container(id="filter"):
            yield Static("/", id="slash")
            yield Input(compact=True)
        yield Static(KEYS, id="keys")

    def on_mount(self) -> None:
        self.query_one(Lines).focus()


class BareScreen(App[None]):
    """A console's first screen without a console."""

    ENABLE_COMMAND_PALETTE = False

    def get_default_screen(self) -> Framed:
        return Framed()


if __name__ == "__main__":
    (BareScreen if sys.argv[1] == "screen" else Bare)().run()
