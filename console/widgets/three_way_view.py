"""Desired, live and previous in three columns, lined up; drifted words marked, unchanged runs folded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip

from console.presentation.diff_rows import Fold, pieces
from console.presentation.line_diff import Change, changed_words, path_of
from console.presentation.spans import Line, Span, fit, line
from console.presentation.three_way import ThreeTexts, Triple, line_up, visible
from console.widgets.beside import beside, in_worker
from console.widgets.diff_drawing import (
    GUTTER,
    SHIFT,
    draw_fold,
    draw_marker,
    draw_missing,
    draw_number,
    in_window,
)
from console.widgets.line_view import LineView
from console.widgets.own_keys import spoken

_IN_A_THREAD_FROM = 60_000


class ThreeWayView(LineView):
    """Three versions of one text. `n`/`N` go from drift to drift, `space` folds, arrows move sideways."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_change(1)", "Next change", id="diff.next"),
        Binding("N", "next_change(-1)", "Previous change", show=False, id="diff.previous"),
        Binding("space", "toggle_fold", "Fold", show=False, id="diff.fold"),
        Binding("left", "shift(-1)", "Left", show=False, id="diff.left"),
        Binding("right", "shift(1)", "Right", show=False, id="diff.right"),
    ]

    header_lines = 2

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._three = line_up("", "", "")
        self._three_rows: list[int | Fold] = []
        self._three_foldable: tuple[range, ...] = ()
        self._three_unfolded: frozenset[int] = frozenset()
        self._three_labels: tuple[Line, Line, Line] = ((), (), ())
        self._three_shift = 0
        self._three_given: tuple[str, str, str] | None = None

    def show_texts(self, desired: str, observed: str, previous: str, *, labels: tuple[Line, Line, Line]) -> None:
        """Line three texts up and show them; the same texts again move nothing."""
        if labels != self._three_labels:
            self._three_labels = labels
            self.refresh()
        given = (desired, observed, previous)
        if given == self._three_given:
            return
        self._three_given = given
        if sum(map(len, given)) < _IN_A_THREAD_FROM:
            self._show(line_up(*given))
        else:
            in_worker(self, partial(self._line_up, given), group="three", name="line up texts")

    async def _line_up(self, given: tuple[str, str, str]) -> None:
        texts = await beside(self, line_up, *given)
        if given == self._three_given:
            self._show(texts)

    def _show(self, texts: ThreeTexts) -> None:
        self._three = texts
        self._three_foldable = texts.foldable(self.visible_rows())
        self._three_unfolded = frozenset()
        self._three_shift = 0
        self._relay()
        first = texts.drifted[0].start if texts.drifted else 0
        self._go(first)

    def on_resize(self) -> None:
        """Fold as the new room asks for; the cursor stays on its line."""
        foldable = self._three.foldable(self.visible_rows())
        if foldable != self._three_foldable:
            here = self._here()
            self._three_foldable, self._three_unfolded = foldable, frozenset()
            self._relay()
            self._go(here)
        super().on_resize()

    def _relay(self) -> None:
        self._three_rows = visible(self._three, self._three_foldable, self._three_unfolded)
        self.rows_changed()

    def _go(self, position: int) -> None:
        """Put the cursor on the row that shows `position`, a third from the top."""
        starts = [_start(row) for row in self._three_rows]
        self.cursor = max((i for i, start in enumerate(starts) if start <= position), default=0)
        self.call_after_refresh(self._centre)

    def _centre(self) -> None:
        self.scroll_to_line(max(self.cursor - self.visible_rows() // 3, 0))

    def _here(self) -> int:
        return _start(self._three_rows[self.cursor]) if self.cursor < len(self._three_rows) else 0

    # Keys.

    def action_next_change(self, direction: int) -> None:
        """Go to the next (or the previous) run of drifted lines."""
        starts = [run.start for run in self._three.drifted]
        ahead = [s for s in starts if s > self._here()] if direction > 0 else [s for s in starts if s < self._here()]
        if ahead:
            self._go(ahead[0] if direction > 0 else ahead[-1])
        else:
            self.app.bell()

    def action_toggle_fold(self) -> None:
        position = self._here()
        run = next((run for run in self._three_foldable if position in run), None)
        if run is not None:
            self._three_unfolded ^= {run.start}
            self._relay()
            self._go(run.start)

    def action_shift(self, direction: int) -> None:
        self._three_shift = max(self._three_shift + direction * SHIFT, 0)
        self.refresh()

    # Drawing.

    def row_count(self) -> int:
        return len(self._three_rows)

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self.is_mounted:
            self.refresh_line(int(self.scroll_offset.y))

    def draw_empty(self, width: int) -> Line:
        return fit(line("  ", ("nothing to compare", "muted")), width)

    def render_line(self, y: int) -> Strip:
        room = self.scrollable_content_region.width
        if y == 0:
            return self.strip(fit(self._position(), room), "header", room)
        if y == 1:
            return self.strip(self._headings(room), "header", room)
        index = y - self.header_lines + int(self.scroll_offset.y)
        if index >= len(self._three_rows):
            return super().render_line(y)
        row = self._three_rows[index]
        at_cursor = index == self.cursor
        if isinstance(row, Fold):
            return draw_fold(row, room, self.tone, opens=spoken(self, "`space`"), at_cursor=at_cursor)
        marker = draw_marker(self.tone, at_cursor=at_cursor)
        return Strip([marker, *self._columns(self._three.rows[row], room - 1)])

    def _position(self) -> Line:
        runs = self._three.drifted
        if not runs:
            return line(" ", ("live equals desired", "muted"))
        here = self._here()
        at = sum(1 for run in runs if run.start <= here)
        row = self._three.rows[here] if here < len(self._three.rows) else None
        path = ""
        if row is not None and row.desired is not None:
            path = path_of(self._three.desired, row.desired)
        elif row is not None and row.observed is not None:
            path = path_of(self._three.observed, row.observed)
        return line(" ", (f"change {at}/{len(runs)}", "strong"), "  ", (path, "info"))

    def _headings(self, room: int) -> Line:
        widths = _widths(room - 1)
        spans: list[Span] = [Span(" ")]
        for position, (label, width) in enumerate(zip(self._three_labels, widths, strict=True)):
            spans.extend([Span("│", "faint")] if position else [])
            spans.extend(fit((Span(" "), *label), width, middle=False))
        return tuple(spans)

    def _columns(self, row: Triple, room: int) -> list[Segment]:
        left, middle, right = _widths(room)
        texts = self._three
        bar = Segment("│", self.tone("faint"))
        desired = texts.desired[row.desired] if row.desired is not None else None
        observed = texts.observed[row.observed] if row.observed is not None else None
        previous = texts.previous[row.previous] if row.previous is not None else None
        drifted = row.live is not Change.SAME
        marks = (
            changed_words(desired, observed) if desired is not None and observed is not None and drifted else ((), ())
        )
        moved = row.last is not Change.SAME
        before = (
            changed_words(previous, desired) if desired is not None and previous is not None and moved else ((), ())
        )
        ours = ("−", "remove", "remove", marks[0]) if drifted else ("~", "changed", "", before[1]) if moved else _PLAIN
        theirs = ("+", "add", "add", marks[1]) if drifted else _PLAIN
        past = ("~", "changed", "", before[0]) if moved else _PLAIN
        return [
            *self._cell(row.desired, desired, left, ours),
            bar,
            *self._cell(row.observed, observed, middle, theirs),
            bar,
            *self._cell(row.previous, previous, right, past),
        ]

    def _cell(
        self, number: int | None, text: str | None, room: int, look: tuple[str, str, str, Sequence[range]]
    ) -> list[Segment]:
        if number is None or text is None:
            return draw_missing(room, self.tone)
        sign, tone, ground, marks = look
        segments = [
            Segment(piece, self._word(shown, ground, tone, marked=marked))
            for piece, shown, marked in pieces(text, "json", marks)
        ]
        return [
            draw_number(number, self.tone),
            Segment(f"{sign} ", self.tone(tone, ground)),
            *in_window(segments, self._three_shift, room - GUTTER, ground, self.tone),
        ]

    def _word(self, tone: str, ground: str, changed: str, *, marked: bool) -> Style:
        if not marked:
            return self.tone(tone, ground)
        return self.tone(tone, f"{ground}-word") if ground else self.tone(changed)


_PLAIN: tuple[str, str, str, Sequence[range]] = (" ", "text", "", ())
"""Sign, its tone, the ground of the line and what is marked in it, for a line that is the same everywhere."""


def _start(row: int | Fold) -> int:
    return row.first if isinstance(row, Fold) else row


def _widths(room: int) -> tuple[int, int, int]:
    """Return the cells of the three columns; two bars stand between them."""
    third = (room - 2) // 3
    return third, third, room - 2 - 2 * third
