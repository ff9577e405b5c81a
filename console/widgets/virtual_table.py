"""A table of any length: it knows how many rows there are and asks, in a thread, only for those near the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.presentation.spans import Line, Span, cell_width, fit, keyed
from console.widgets.beside import beside, in_worker
from console.widgets.columns import Column, Row, arrange, heading, layout
from console.widgets.line_view import LineView
from console.widgets.messages import WidgetMessage
from console.widgets.own_keys import named

PAGE = 200
_PAGES_KEPT = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Which rows are wanted: `limit` rows from `offset`, counted from the top of a list of `total`.

    `total` is there so that the fetch means the same rows however many were added meanwhile: with newest first and
    dense numbers, row `offset` is entry `total - offset`.
    """

    offset: int
    limit: int
    total: int


class VirtualTable(LineView):
    """A million rows for the price of a screenful."""

    header_lines = 1

    @dataclass(eq=False)
    class Highlighted(WidgetMessage["VirtualTable"]):
        """The cursor is on another row (None: not fetched yet, another one follows when it is)."""

        index: int
        key: str | None

    @dataclass(eq=False)
    class Chosen(WidgetMessage["VirtualTable"]):
        """`enter` (or a double click) on a row."""

        key: str

    @dataclass(eq=False)
    class FetchFailed(WidgetMessage["VirtualTable"]):
        """The fetch raised; the pane says it the house's way (`Pane.report`)."""

        error: Exception

    def __init__(
        self,
        columns: Sequence[Column],
        fetch: Callable[[Window], Sequence[Row]],
        *,
        total: int = 0,
        empty: str = "nothing here",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Take the columns and `fetch`, which is called in a worker thread and may block there."""
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._virtual_fetch = fetch
        self._virtual_total = total
        self._virtual_told = bool(total)
        """Somebody said how many rows there are: before, nobody knows that there are none."""
        self._virtual_rows: dict[int, Row] = {}
        self._virtual_natural: list[int] = [0] * len(columns)
        self._virtual_busy = False
        self._virtual_age = 0

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self._virtual_total

    @property
    def key(self) -> str | None:
        """The key under the cursor, None while it is being fetched."""
        row = self._virtual_rows.get(self.cursor)
        return row.key if row else None

    def on_mount(self) -> None:
        self.rows_changed()
        self._want()

    def reset(self, total: int) -> None:
        """Show another list of `total` rows from its top."""
        self._virtual_total, self._virtual_told = total, True
        self._virtual_age += 1
        self._virtual_rows.clear()
        self._virtual_natural = [0] * len(self.columns)
        self.rows_changed()
        self.cursor = 0
        self.scroll_to_line(0)
        self._want()

    def prepend(self, count: int) -> None:
        """Say that `count` rows were added on top; the cursor and the picture stay with their rows.

        A view that stands at the very top keeps standing there, and so follows the tail.
        """
        if count <= 0:
            return
        at_top = self.cursor == 0
        self._virtual_total += count
        self._virtual_age += 1
        self._virtual_rows = {index + count: row for index, row in self._virtual_rows.items()}
        top = self.scroll_offset.y
        self.rows_changed()
        if not at_top:
            self.scroll_to_line(top + count)
            self.cursor += count
        self._want()

    def row_count(self) -> int:
        return self._virtual_total

    def draw_header(self, width: int) -> Line:
        return (Span("  "), *heading(self.columns, layout(self.columns, self._virtual_natural, width - 3)))

    def draw_row(self, index: int, width: int) -> tuple[Line, str]:
        marker = Span("▸ " if index == self.cursor else "  ", "key")
        row = self._virtual_rows.get(index)
        if row is None:
            return (marker, Span("…", "faint")), self.ground_of(index)
        widths = layout(self.columns, self._virtual_natural, width - 3)
        return (marker, *arrange(self.columns, widths, row.cells)), self.ground_of(index)

    def draw_empty(self, width: int) -> Line:
        return fit((Span("  "), *named(self, keyed(self.empty, "muted"))), width) if self._virtual_told else ()

    def cursor_moved(self) -> None:
        self._want()
        self.post_message(self.Highlighted(self, self.cursor, self.key))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_mounted:
            self._want()

    def on_resize(self) -> None:
        super().on_resize()
        self._want()

    def action_choose(self) -> None:
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def _missing(self) -> int | None:
        """Return the first page that is needed and not here, the visible ones before their neighbours."""
        top = int(self.scroll_offset.y)
        first, last = top // PAGE, (top + self.visible_rows()) // PAGE
        near: tuple[int, ...] = (*range(first, last + 1), last + 1, first - 1)
        for page in near:
            start = page * PAGE
            end = min(start + PAGE, self._virtual_total)
            if start >= 0 and any(i not in self._virtual_rows for i in range(start, end)):
                return page
        return None

    def _want(self) -> None:
        """Fetch what is missing, one page at a time; while a key is held the pages passed over are not fetched."""
        if not self._virtual_busy and self._missing() is not None:
            self._virtual_busy = True
            in_worker(self, self._load, group="virtual-table", name="fetch rows")

    async def _load(self) -> None:
        try:
            while (page := self._missing()) is not None:
                window = Window(offset=page * PAGE, limit=PAGE, total=self._virtual_total)
                age = self._virtual_age
                rows = await beside(self, self._virtual_fetch, window)
                if age == self._virtual_age:
                    self._keep(window, rows)
                    if len(rows) < min(window.limit, window.total - window.offset):
                        return  # the list is shorter than said; asking again would ask for ever
        except Exception as error:  # noqa: BLE001  told to the pane, which knows how bad news looks
            self.post_message(self.FetchFailed(self, error))
        finally:
            self._virtual_busy = False

    def _keep(self, window: Window, rows: Sequence[Row]) -> None:
        was_here = self.cursor in self._virtual_rows
        for position, row in enumerate(rows):
            self._virtual_rows[window.offset + position] = row
            for i, cell in enumerate(row.cells[: len(self.columns)]):
                self._virtual_natural[i] = max(self._virtual_natural[i], cell_width(cell))
        if len(self._virtual_rows) > _PAGES_KEPT * PAGE:
            top = int(self.scroll_offset.y)
            near = range(top - 2 * PAGE, top + 3 * PAGE)
            self._virtual_rows = {i: row for i, row in self._virtual_rows.items() if i in near}
        self.refresh()
        if not was_here and self.key is not None:
            self.post_message(self.Highlighted(self, self.cursor, self.key))
