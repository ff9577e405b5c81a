"""A virtual table that grows at both ends while somebody reads it: a log that goes on, a search that finds more."""

from __future__ import annotations

from console.presentation.spans import as_line, plain
from console.widgets.virtual_table import VirtualTable


class GrowingTable(VirtualTable):
    """The cursor stays on its row, whatever is added above or below it."""

    _growing_unseen = 0

    @property
    def unseen(self) -> int:
        """How many rows were added above the window since it last stood at the top."""
        return self._growing_unseen if self.scroll_offset.y else 0

    def grow(self, count: int) -> None:
        """Say that `count` rows were added on top.

        A window that stands at the top goes on showing the top as long as the cursor's row stays in it.
        """
        if count <= 0:
            return
        top, cursor, empty = int(self.scroll_offset.y), self.cursor, not self.total
        self._growing_unseen = self.unseen + count
        super().prepend(count)
        if not empty:
            self.cursor = cursor + count
        if top == 0:
            self.scroll_to_line(max(self.cursor - self.visible_rows() + 1, 0))

    def extend(self, count: int) -> None:
        """Say that `count` rows were added at the end."""
        if count > 0:
            self._virtual_total += count
            self.rows_changed()
            self._want()

    def cell_under_cursor(self, name: str) -> str | None:
        """Return the whole text of a cell of the cursor's row by its column's name; None while it is fetched."""
        row = self._virtual_rows.get(self.cursor)
        column = next(i for i, found in enumerate(self.columns) if found.name == name)
        return plain(as_line(row.cells[column])) if row is not None else None
