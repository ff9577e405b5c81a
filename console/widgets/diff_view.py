"""Two texts against each other: side by side or unified, words marked, unchanged runs folded, `n`/`N` between changes.

Draws by the line: a file of ten thousand lines costs as much as a screenful.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from console.presentation.diff_rows import (
    DiffRow,
    Fold,
    Pair,
    TextDiff,
    compare_texts,
    is_change,
    position_of,
    rows_of,
)
from console.presentation.line_diff import CONTEXT, folds, path_of
from console.presentation.spans import Line, Span, fit, line, width
from console.presentation.text import display
from console.widgets.beside import beside, in_worker
from console.widgets.diff_drawing import SHIFT, PairDrawing, draw_fold, draw_marker
from console.widgets.line_view import LineView
from console.widgets.messages import WidgetMessage
from console.widgets.own_keys import spoken

SPLIT_FROM = 100
"""Cells from which a view that may choose shows both sides."""
_IN_A_THREAD_FROM = 60_000
_CONTEXTS = (1_000_000, 60, 40, 25, 15, 10, 6, CONTEXT)
"""Lines kept around a change, from all of them to the few that are always kept."""


class DiffView(LineView):
    """What changed between two texts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_change(1)", "Next change", id="diff.next"),
        Binding("N", "next_change(-1)", "Previous change", show=False, id="diff.previous"),
        Binding("s", "toggle_split", "Split/unified", show=False, id="diff.split"),
        Binding("space", "toggle_fold", "Fold", show=False, id="diff.fold"),
        Binding("left", "shift(-1)", "Left", show=False, id="diff.left"),
        Binding("right", "shift(1)", "Right", show=False, id="diff.right"),
    ]

    header_lines = 1
    split: reactive[bool | None] = reactive(None)
    """Side by side; None: when there is room for it."""

    @dataclass(eq=False)
    class Ended(WidgetMessage["DiffView"]):
        """`n` or `N` was pressed where no change is left in this direction."""

        direction: int

    class Turned(Message):
        """A person chose: both sides next to each other, or one below the other."""

        def __init__(self, *, split: bool) -> None:
            self.split = split
            super().__init__()

    @dataclass(eq=False)
    class Compared(WidgetMessage["DiffView"]):
        """A new diff is shown."""

        diff: TextDiff

    def __init__(
        self,
        *,
        roomy: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """With `roomy` as much around the changes stays unfolded as there is room for."""
        super().__init__(id=id, classes=classes)
        self._diff_roomy = roomy
        self._diff = compare_texts("", "")
        self._diff_rows: list[DiffRow] = []
        self._diff_unfolded: frozenset[int] = frozenset()
        self._diff_language = "json"
        self._diff_labels = ("", "")
        self._diff_shift = 0
        self._diff_centred = False
        """The cursor stands a third down, put there by us and not moved since."""
        self._diff_place: tuple[int, str] = (-1, "")

    @property
    def diff(self) -> TextDiff:
        """The diff that is shown."""
        return self._diff

    def compare(
        self, old: str, new: str, *, language: str = "json", old_label: str = "old", new_label: str = "new"
    ) -> None:
        """Show the difference between two texts; long ones are compared in a thread."""
        self._diff_language = language
        self._diff_labels = (old_label, new_label)
        if len(old) + len(new) < _IN_A_THREAD_FROM:
            self._show(compare_texts(old, new))
        else:
            in_worker(self, partial(self._compare, old, new), group="diff", exclusive=True, name="compare texts")

    async def _compare(self, old: str, new: str) -> None:
        self._show(await beside(self, compare_texts, old, new))

    def _show(self, diff: TextDiff) -> None:
        self._diff = self._unfolded_to_fit(diff)
        self._diff_unfolded = frozenset()
        self._diff_shift = 0
        self._relay()
        first = next((i for i, row in enumerate(self._diff_rows) if is_change(row)), 0)
        self.cursor = first
        self._centre(first)
        self.call_after_refresh(self._centre_again)
        self.post_message(self.Compared(self, diff))

    def is_split(self) -> bool:
        """Return whether both sides are shown."""
        return self.size.width >= SPLIT_FROM if self.split is None else self.split

    def _unfolded_to_fit(self, diff: TextDiff) -> TextDiff:
        """Return the diff with as few lines folded as the room allows; the same diff where nothing changes by it."""
        if not self._diff_roomy:
            return diff
        for context in _CONTEXTS:
            fewer = replace(diff, foldable=tuple(folds(diff.lines, context=context)))
            if len(rows_of(fewer, split=self.is_split(), unfolded=frozenset())) <= self.visible_rows():
                break
        return diff if fewer.foldable == diff.foldable else fewer

    def _relay(self) -> None:
        self._diff_rows = rows_of(self._diff, split=self.is_split(), unfolded=self._diff_unfolded)
        self._diff_place = (-1, "")
        self.rows_changed()

    def _relay_at(self, position: int) -> None:
        """Lay the rows out anew and put the cursor back on line `position` of the diff."""
        self._relay()
        starts = [self._position(i) for i in range(len(self._diff_rows))]
        nearest = max((start for start in starts if start <= position), default=0)
        self.cursor = starts.index(nearest) if nearest in starts else 0

    def _position(self, row: int) -> int:
        return position_of(self._diff_rows[row]) if row < len(self._diff_rows) else 0

    def on_resize(self) -> None:
        centred = self._diff_centred
        if self._diff_rows:
            position, fitting = self._position(self.cursor), self._unfolded_to_fit(self._diff)
            if fitting is not self._diff:
                self._diff, self._diff_unfolded = fitting, frozenset()
            self._relay_at(position)
        super().on_resize()
        if centred:
            self._diff_centred = True
            self.call_after_refresh(self._centre_again)

    def watch_split(self) -> None:
        if self.is_mounted and self._diff_rows:
            self._relay_at(self._position(self.cursor))

    # Finding.

    def find(self, text: str, *, onward: bool = False) -> bool:
        """Go to the next line that holds `text`, round the end; return whether there is one. `onward`: not this one.

        What is folded is looked through, and opened where it holds it.
        """
        lines, wanted = self._diff.lines, text.casefold()
        start = self._position(self.cursor) + onward
        for offset in range(len(lines)):
            position = (start + offset) % len(lines)
            if self._holds(position, wanted):
                self._go(position)
                return True
        return False

    def _holds(self, position: int, wanted: str) -> bool:
        found = self._diff.lines[position]
        return (found.old is not None and wanted in self._diff.old[found.old].casefold()) or (
            found.new is not None and wanted in self._diff.new[found.new].casefold()
        )

    def _go(self, position: int) -> None:
        run = next((run for run in self._diff.foldable if position in run), None)
        if run is not None and run.start not in self._diff_unfolded:
            self._diff_unfolded |= {run.start}
            self._relay()
        self.cursor = next(i for i, row in enumerate(self._diff_rows) if self._position(i) == position)
        self._centre(self.cursor)

    # Keys.

    def action_next_change(self, direction: int) -> None:
        """Go to the first row of the next (or the previous) run of changes."""
        starts = self._starts()
        ahead = [i for i in starts if i > self.cursor] if direction > 0 else [i for i in starts if i < self.cursor]
        if ahead:
            target = ahead[0] if direction > 0 else ahead[-1]
            self.cursor = target
            self._centre(target)
        else:
            self.post_message(self.Ended(self, direction))

    def to_last_change(self) -> None:
        """Put the cursor on the first row of the last run of changes."""
        starts = self._starts()
        if starts:
            self.cursor = starts[-1]
            self._centre(starts[-1])

    def _starts(self) -> list[int]:
        """Return the first row of every run of changes."""
        rows = self._diff_rows
        return [i for i, row in enumerate(rows) if is_change(row) and (i == 0 or not is_change(rows[i - 1]))]

    def action_toggle_split(self) -> None:
        self.split = not self.is_split()
        self.post_message(self.Turned(split=self.split))

    def action_toggle_fold(self) -> None:
        """Open the fold under the cursor, or close the one whose lines the cursor is in."""
        if not self._diff_rows:
            return
        position = self._position(self.cursor)
        run = next((run for run in self._diff.foldable if position in run), None)
        if run is not None:
            self._diff_unfolded ^= {run.start}
            self._relay_at(run.start)

    def action_shift(self, direction: int) -> None:
        self._diff_shift = max(self._diff_shift + direction * SHIFT, 0)
        self.refresh()

    def _centre_again(self) -> None:
        """Centre once more when the room is known, unless somebody has moved on."""
        if self._diff_centred:
            self._centre(self.cursor)

    def _centre(self, row: int) -> None:
        self._diff_centred = True
        self.scroll_to_line(max(row - self.visible_rows() // 3, 0))

    # Drawing.

    def row_count(self) -> int:
        return len(self._diff_rows)

    def draw_empty(self, width: int) -> Line:
        return fit(line("  ", ("no difference", "muted")), width)

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._diff_centred = False
        if self.is_mounted:
            self.refresh_line(self.scroll_offset.y)

    def draw_header(self, width_: int) -> Line:
        diff = self._diff
        if not diff.blocks:
            words = "identical" if diff.lines else "nothing to compare"
            return fit(line(" ", (words, "muted")), width_)
        position = self._position(self.cursor)
        at = sum(1 for block in diff.blocks if block.start <= position)
        left = line(" ", (f"change {at}/{len(diff.blocks)}", "strong"), "  ", (self._path(position), "info"))
        right = line((f"−{diff.removed} ", "remove"), (f"+{diff.added} ", "add"), (self._names(), "muted"), " ")
        room = width_ - width(right) - 1
        if room < 24:
            return fit(left, width_)
        return (*fit(left, room), Span(" "), *right)

    def _names(self) -> str:
        old, new = self._diff_labels
        return f"{display(old, 24)} → {display(new, 24)}"

    def _path(self, position: int) -> str:
        if self._diff_language != "json" or not self._diff.lines:
            return ""
        if self._diff_place[0] != position:
            found = self._diff.lines[min(position, len(self._diff.lines) - 1)]
            path = (
                path_of(self._diff.new, found.new) if found.new is not None else path_of(self._diff.old, found.old or 0)
            )
            self._diff_place = (position, path)
        return self._diff_place[1]

    def render_line(self, y: int) -> Strip:
        index = y - self.header_lines + int(self.scroll_offset.y)
        if y < self.header_lines or index >= len(self._diff_rows):
            return super().render_line(y)
        room = self.scrollable_content_region.width
        at_cursor = index == self.cursor
        match row := self._diff_rows[index]:
            case Fold():
                return draw_fold(row, room, self.tone, opens=spoken(self, "`space`"), at_cursor=at_cursor)
            case Pair():
                drawing = PairDrawing(
                    diff=self._diff, language=self._diff_language, shift=self._diff_shift, tone=self.tone
                )
                draw = drawing.split if self.is_split() else drawing.unified
                marker = draw_marker(self.tone, at_cursor=at_cursor)
                return Strip([marker, *draw(row, room - 1)]).adjust_cell_length(room, self.tone("text"))
