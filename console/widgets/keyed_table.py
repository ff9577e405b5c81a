"""A table for up to a few thousand rows whose cursor is on a *key*, so that an act never hits another row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from textual.reactive import reactive

from console.presentation.spans import Line, Span, as_line, fit, keyed, plain, width
from console.widgets.columns import Column, Row, arrange, heading, layout
from console.widgets.line_view import LineView
from console.widgets.messages import WidgetMessage
from console.widgets.own_keys import named

ARMING_SECONDS = 0.4
"""How long acts wait after the rows moved under the cursor: the time in which a finger is already on its way."""


class KeyedTable(LineView):
    """Rows by key. `sync` replaces them and the cursor stays on its key.

    Lists that change by themselves are how the wrong change gets approved: when the cursor's row has moved or gone,
    `armed()` is False for `ARMING_SECONDS`, and acts wait.
    """

    header_lines = 1
    filter: reactive[str] = reactive("")
    """Only rows that hold every word of this; a word after `!` must not occur."""

    @dataclass(eq=False)
    class Highlighted(WidgetMessage["KeyedTable"]):
        """The cursor is on another key (None: the table is empty)."""

        key: str | None

    @dataclass(eq=False)
    class Chosen(WidgetMessage["KeyedTable"]):
        """`enter` (or a double click) on a row."""

        key: str

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "nothing here",
        id: str | None = None,
        classes: str | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._table_clock = clock
        self._table_given: tuple[Row, ...] = ()
        self._table_all: tuple[Row, ...] = ()
        self._table_told = False
        """Somebody said which rows there are: before, nobody knows that there are none."""
        self._table_shown: tuple[Row, ...] = ()
        self._table_natural: tuple[int, ...] = tuple(0 for _ in columns)
        self._table_moved_at = float("-inf")
        self._table_key: str | None = None

    @property
    def key(self) -> str | None:
        """The key the cursor is on: what an act is about."""
        return self._table_key

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows shown now, after the filter."""
        return self._table_shown

    def armed(self) -> bool:
        """Return whether the row under the cursor has been there long enough to be acted on."""
        return self._table_clock() - self._table_moved_at >= ARMING_SECONDS

    def sync(self, rows: Sequence[Row]) -> None:
        """Show `rows` (unique keys); the cursor and the scroll position stay with the cursor's key.

        Raises:
            ValueError: two rows have the same key.
        """
        if len({row.key for row in rows}) != len(rows):
            raise ValueError("two rows have the same key")
        if self._table_told and tuple(rows) == self._table_given:
            return  # nothing to draw: an idle console sends nothing
        self._table_told = True
        self._table_given = tuple(rows)
        self._table_all = tuple(self._named(row) for row in rows)
        self._table_natural = tuple(
            max((width(as_line(row.cells[i])) for row in self._table_all if i < len(row.cells)), default=0)
            for i in range(len(self.columns))
        )
        self._apply()

    def _named(self, row: Row) -> Row:
        cells = tuple(cell if isinstance(cell, str) else named(self, as_line(cell)) for cell in row.cells)
        return replace(row, cells=cells)

    def select(self, key: str) -> bool:
        """Put the cursor on `key`; return whether it is shown."""
        index = self._index_of(key)
        if index is not None:
            self._table_key = key
            self.cursor = index
        return index is not None

    def watch_filter(self) -> None:
        self._apply(by_hand=True)

    def _index_of(self, key: str | None) -> int | None:
        return next((i for i, row in enumerate(self._table_shown) if row.key == key), None)

    def _apply(self, *, by_hand: bool = False) -> None:
        """Work out the shown rows and put the cursor back on its key."""
        before, at = self._table_shown, self.cursor
        self._table_shown = tuple(row for row in self._table_all if _holds(row, self.filter))
        stays = self._index_of(self._table_key)
        self.rows_changed()
        index = stays if stays is not None else self.validate_cursor(at)
        upto = [row.key for row in before[: at + 1]]
        if before and not by_hand and upto != [row.key for row in self._table_shown[: at + 1]]:
            self._table_moved_at = self._table_clock()
        if stays is not None and stays != at:
            self.scroll_to_line(self.scroll_offset.y + stays - at)
        self.cursor = index
        self._tell_key()

    def _tell_key(self) -> None:
        key = self._table_shown[self.cursor].key if self._table_shown else None
        if key != self._table_key:
            self._table_key = key
            self.post_message(self.Highlighted(self, key))

    def cursor_moved(self) -> None:
        self._tell_key()

    def row_count(self) -> int:
        return len(self._table_shown)

    def draw_header(self, width: int) -> Line:
        return (Span("  "), *heading(self.columns, layout(self.columns, self._table_natural, width - 3)))

    def draw_row(self, index: int, width: int) -> tuple[Line, str]:
        row = self._table_shown[index]
        widths = layout(self.columns, self._table_natural, width - 3)
        marker = Span("▸ " if index == self.cursor else "  ", "key")
        return (marker, *arrange(self.columns, widths, row.cells)), self.ground_of(index)

    def draw_empty(self, width: int) -> Line:
        if not self._table_told:
            return ()
        words = f"no row holds “{self.filter}” (`esc` shows all)" if self.filter else self.empty
        return fit((Span("  "), *named(self, keyed(words, "muted"))), width)

    def action_choose(self) -> None:
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))


def _holds(row: Row, words: str) -> bool:
    """Return whether a row passes the filter."""
    if not words.strip():
        return True
    text = " ".join((row.key, *(plain(as_line(cell)) for cell in row.cells))).casefold()
    for word in words.casefold().split():
        unwanted = word.startswith("!") and len(word) > 1
        if (word[1:] in text) if unwanted else (word not in text):
            return False
    return True
