"""Three texts side by side, lined up on the first: what should be, what is, what was. Pure and frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from console.presentation.diff_rows import Fold
from console.presentation.line_diff import Change, DiffLine, changed_blocks, diff_lines, folds
from console.presentation.text import display_lines

_WHOLE_LINE = 200_000


@dataclass(frozen=True, slots=True)
class Triple:
    """One row: a line of each text, None where it has none, and how the other two differ from the first."""

    desired: int | None
    observed: int | None
    previous: int | None
    live: Change
    """From desired to observed."""
    last: Change
    """Between desired and previous, seen from desired."""


@dataclass(frozen=True, slots=True)
class ThreeTexts:
    """Three texts lined up: made once, drawn many times."""

    desired: tuple[str, ...]
    """Lines safe to draw."""
    observed: tuple[str, ...]
    previous: tuple[str, ...]
    rows: tuple[Triple, ...]
    drifted: tuple[range, ...]
    """Runs of rows in which what is live differs from what should be."""
    either: tuple[DiffLine, ...] = field(repr=False)
    """Whether a row differs anywhere, as `line_diff` says it."""

    def foldable(self, room: int) -> tuple[range, ...]:
        """Return the runs of unchanged rows to fold: as much stays around the changes as `room` rows can hold."""
        found: list[range] = []
        for context in _CONTEXTS:
            found = folds(self.either, context=context)
            if len(self.rows) - sum(len(run) - 1 for run in found) <= room:
                break
        return tuple(found)


_CONTEXTS = (1_000_000, 60, 40, 25, 15, 10, 6, 3)


def line_up(desired: str, observed: str, previous: str) -> ThreeTexts:
    """Return the three texts lined up on the lines of `desired`; what only another one has stands between them."""
    texts = [text.split("\n") if text else [] for text in (desired, observed, previous)]
    rows = tuple(_rows(diff_lines(texts[0], texts[1]), diff_lines(texts[0], texts[2])))
    return ThreeTexts(
        desired=_shown(desired),
        observed=_shown(observed),
        previous=_shown(previous),
        rows=rows,
        drifted=tuple(changed_blocks([_as_line(row.live) for row in rows])),
        either=tuple(_as_line(row.live if row.live is not Change.SAME else row.last) for row in rows),
    )


def visible(texts: ThreeTexts, foldable: Sequence[range], unfolded: frozenset[int]) -> list[int | Fold]:
    """Return what to draw: positions in `rows`, and folds; `unfolded` holds the first rows of those that are open."""
    closed = {run.start: run for run in foldable if run.start not in unfolded}
    found: list[int | Fold] = []
    at = 0
    while at < len(texts.rows):
        if at in closed:
            found.append(Fold(at, len(closed[at])))
            at = closed[at].stop
        else:
            found.append(at)
            at += 1
    return found


def _rows(live: Sequence[DiffLine], last: Sequence[DiffLine]) -> list[Triple]:
    """Merge two diffs that have their old side in common."""
    lives, lasts = _by_line(live), _by_line(last)
    found: list[Triple] = []
    for position in range(max(len(lives), len(lasts))):
        live_line, live_new = lives[position]
        last_line, last_new = lasts[position]
        if live_line is not None and last_line is not None:
            found.append(Triple(live_line.old, live_line.new, last_line.new, live_line.change, last_line.change))
        for observed, previous in zip_longest(live_new, last_new):
            found.append(
                Triple(
                    None,
                    observed,
                    previous,
                    Change.SAME if observed is None else Change.ADDED,
                    Change.SAME if previous is None else Change.ADDED,
                )
            )
    return found


def _by_line(lines: Sequence[DiffLine]) -> list[tuple[DiffLine | None, list[int]]]:
    """Return every old line (None first: before them all) with the new lines that were added after it."""
    found: list[tuple[DiffLine | None, list[int]]] = [(None, [])]
    for line in lines:
        if line.old is not None:
            found.append((line, []))
        elif line.new is not None:
            found[-1][1].append(line.new)
    return found


def _as_line(change: Change) -> DiffLine:
    return DiffLine(change, 0, 0)


def _shown(text: str) -> tuple[str, ...]:
    return tuple(display_lines(text, width=_WHOLE_LINE)) if text else ()
