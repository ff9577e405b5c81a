"""How rows of a comparison are drawn: numbers, signs, words on their grounds, cut to the window that is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.presentation.diff_rows import Fold, Pair, TextDiff, differing, pieces
from console.presentation.line_diff import Change
from console.presentation.words import counted

Tone = Callable[[str, str], Style]
"""The style of a tone on a ground (`LineView.tone`)."""
SHIFT = 8
"""Cells that one key moves sideways."""
GUTTER = 7
"""Cells of one line number and the sign behind it."""


def draw_marker(tone: Tone, *, at_cursor: bool) -> Segment:
    """Return the first cell of a row: the cursor is seen without colour, too."""
    return Segment("▸" if at_cursor else " ", tone("key", ""))


def draw_fold(fold: Fold, room: int, tone: Tone, *, opens: str, at_cursor: bool) -> Strip:
    """Return the one row that stands for a run of unchanged lines; `opens` is the key that opens it."""
    style = tone("strong" if at_cursor else "muted", "fold")
    words = f"  ⋯ {counted(fold.count, 'unchanged line')}  ({opens} opens)"
    return Strip([draw_marker(tone, at_cursor=at_cursor), Segment(words, style)]).adjust_cell_length(room, style)


def draw_missing(room: int, tone: Tone) -> list[Segment]:
    """Return what stands on a side that has no such line."""
    return [Segment(" " * GUTTER + "╱" * max(room - GUTTER, 0), tone("faint", ""))]


def draw_number(number: int | None, tone: Tone) -> Segment:
    """Return a line's number as people count, or its empty place."""
    return Segment(f"{number + 1:>4} " if number is not None else "     ", tone("faint", ""))


def in_window(segments: Sequence[Segment], shift: int, room: int, ground: str, tone: Tone) -> list[Segment]:
    """Return `room` cells of a line from cell `shift` on; `…` where it goes on."""
    whole, room = Strip(segments), max(room, 0)
    cut = whole.crop(shift, shift + room)
    if whole.cell_length > shift + room and room > 1:
        cut = Strip([*cut.crop(0, room - 1), Segment("…", tone("key", ground))])
    return list(cut.adjust_cell_length(room, tone("text", ground)))


@dataclass(frozen=True, kw_only=True, slots=True)
class PairDrawing:
    """Draws the lines of one diff as it is looked at now."""

    diff: TextDiff
    language: str
    """Of both texts; code inside a JSON document has its own."""
    shift: int
    tone: Tone

    def split(self, row: Pair, room: int) -> list[Segment]:
        """Return both sides of a row, next to each other."""
        half = (room - 1) // 2
        left = self._half(row, "old", half)
        right = self._half(row, "new", room - 1 - half)
        return [*left, Segment("│", self.tone("faint", "")), *right]

    def unified(self, row: Pair, room: int) -> list[Segment]:
        """Return the one side that a row shows, with the numbers of both."""
        side = "new" if row.side == "both" else row.side
        old = row.line.old if row.side in {"old", "both"} else None
        new = row.line.new if row.side in {"new", "both"} else None
        return [*self._gutter(row, side, (old, new)), *self._text(row, side, room - GUTTER - 5)]

    def _half(self, row: Pair, side: str, room: int) -> list[Segment]:
        number = row.line.old if side == "old" else row.line.new
        if number is None:
            return draw_missing(room, self.tone)
        return [*self._gutter(row, side, (number,)), *self._text(row, side, room - GUTTER)]

    def _gutter(self, row: Pair, side: str, numbers: tuple[int | None, ...]) -> list[Segment]:
        ground = _ground(row, side)
        sign = " " if not ground else "−" if side == "old" else "+"
        shown = (draw_number(number, self.tone) for number in numbers)
        return [*shown, Segment(f"{sign} ", self.tone(ground or "text", ground))]

    def _text(self, row: Pair, side: str, room: int) -> list[Segment]:
        """Return one line's tokens, changed words on their own ground, cut to the window."""
        number = row.line.old if side == "old" else row.line.new
        assert number is not None
        text = (self.diff.old if side == "old" else self.diff.new)[number]
        ground = _ground(row, side)
        sides = differing(self.diff, row)
        segments = [
            Segment(piece, self.tone(tone, f"{ground}-word" if marked else ground))
            for piece, tone, marked in pieces(text, self._language(side, number), sides[0 if side == "old" else 1])
        ]
        if row.line.change is Change.CHANGED and not any(sides):
            segments.append(Segment("  looks alike, bytes differ", self.tone("warn", ground)))
        return in_window(segments, self.shift, room, ground, self.tone)

    def _language(self, side: str, number: int) -> str:
        if self.language != "json":
            return self.language
        return (self.diff.old_languages if side == "old" else self.diff.new_languages).get(number, "json")


def _ground(row: Pair, side: str) -> str:
    if row.line.change is Change.SAME:
        return ""
    return "remove" if side == "old" else "add"
