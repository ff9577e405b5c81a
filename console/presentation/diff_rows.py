"""A text diff as rows to draw: side by side or unified, with folds. Pure and frozen; the widget only looks them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from console.presentation.languages import languages
from console.presentation.line_diff import (
    Change,
    DiffLine,
    changed_blocks,
    changed_words,
    diff_lines,
    folds,
)
from console.presentation.text import display_lines
from console.presentation.tokens import tokens

_WHOLE_LINE = 200_000
"""Cells kept of one line: a reviewer must be able to reach a change anywhere in it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the diff, drawn on one row: both sides (split) or the only side it has."""

    line: DiffLine
    at: int
    """Its position in the diff's `lines`."""
    side: str = "both"
    """`both`, `old` or `new`: which side a unified row shows."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of unchanged lines drawn as one row."""

    first: int
    count: int


DiffRow: TypeAlias = "Pair | Fold"


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts compared: made once (in a thread when they are long), drawn many times."""

    old: tuple[str, ...]
    """Lines of the old text, safe to draw."""
    new: tuple[str, ...]
    lines: tuple[DiffLine, ...]
    blocks: tuple[range, ...]
    """Runs of changed `lines`."""
    foldable: tuple[range, ...] = field(repr=False)
    old_languages: Mapping[int, str] = field(default_factory=dict, repr=False)
    """Line of the old text → its language, for lines of code inside the document."""
    new_languages: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def removed(self) -> int:
        """How many lines of the old text are not in the new one."""
        return sum(1 for line in self.lines if line.change in {Change.REMOVED, Change.CHANGED})

    @property
    def added(self) -> int:
        """How many lines of the new text are not in the old one."""
        return sum(1 for line in self.lines if line.change in {Change.ADDED, Change.CHANGED})


def compare_texts(old: str, new: str) -> TextDiff:
    """Return the diff of two texts, compared as they are and kept as they are safe to show.

    Lines that differ only in what `display` makes alike (composed and decomposed letters, line ends) are changed
    lines all the same.
    """
    old_lines = old.split("\n") if old else []
    new_lines = new.split("\n") if new else []
    lines = diff_lines(old_lines, new_lines)
    return TextDiff(
        old=tuple(display_lines(old, width=_WHOLE_LINE)) if old else (),
        new=tuple(display_lines(new, width=_WHOLE_LINE)) if new else (),
        lines=tuple(lines),
        blocks=tuple(changed_blocks(lines)),
        foldable=tuple(folds(lines)),
        old_languages=languages(old_lines),
        new_languages=languages(new_lines),
    )


def rows_of(diff: TextDiff, *, split: bool, unfolded: frozenset[int]) -> list[DiffRow]:
    """Return the rows to draw; `unfolded` holds the first lines of the folds that are open."""
    closed = {run.start: run for run in diff.foldable if run.start not in unfolded}
    rows: list[DiffRow] = []
    at = 0
    while at < len(diff.lines):
        if at in closed:
            rows.append(Fold(at, len(closed[at])))
            at = closed[at].stop
        elif split or diff.lines[at].change is Change.SAME:
            rows.append(Pair(diff.lines[at], at))
            at += 1
        else:
            end = at
            while end < len(diff.lines) and diff.lines[end].change is not Change.SAME:
                end += 1
            block = [(diff.lines[i], i) for i in range(at, end)]
            rows.extend(Pair(line, i, "old") for line, i in block if line.old is not None)
            rows.extend(Pair(line, i, "new") for line, i in block if line.new is not None)
            at = end
    return rows


def is_change(row: DiffRow) -> bool:
    """Return whether a row shows a changed line."""
    return isinstance(row, Pair) and row.line.change is not Change.SAME


def position_of(row: DiffRow) -> int:
    """Return where a row stands in the diff's `lines`."""
    return row.first if isinstance(row, Fold) else row.at


def differing(diff: TextDiff, row: Pair) -> tuple[Sequence[range], Sequence[range]]:
    """Return the characters that differ between the two sides of a changed line; nothing for any other line."""
    if row.line.old is None or row.line.new is None or row.line.change is not Change.CHANGED:
        return (), ()
    return _words(diff.old[row.line.old], diff.new[row.line.new])


@lru_cache(maxsize=2_048)
def _words(old: str, new: str) -> tuple[list[range], list[range]]:
    return changed_words(old, new)


def pieces(text: str, language: str, strong: Sequence[range]) -> list[tuple[str, str, bool]]:
    """Return `(piece, tone, is changed)`: the tokens of `text`, cut at the edges of the changed ranges."""
    edges = sorted({edge for run in strong for edge in (run.start, run.stop)})
    result: list[tuple[str, str, bool]] = []
    at = 0
    for piece, tone in tokens(text, language):
        cuts = [edge - at for edge in edges if at < edge < at + len(piece)]
        for start, stop in zip((0, *cuts), (*cuts, len(piece)), strict=True):
            result.append((piece[start:stop], tone, any(at + start in run for run in strong)))
        at += len(piece)
    return result
