"""Which lines changed between two texts: patience matching, folds, and the words that differ inside a line.

Patience (match the lines that occur once on both sides first) is fast on long generated JSON and does not pair
braces of different blocks, which is what makes a diff of a configuration readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from store.domain.patience import Match, matches

CONTEXT = 3
"""Unchanged lines kept visible around a change."""

_SLIDE = 200
"""How far the edges of a run of changes are moved at most, in lines."""
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_TOKEN_PAIRS = 40_000


class Change(StrEnum):
    """What happened to a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


class DiffLine(NamedTuple):
    """One line of the diff: positions (from 0) in the old and the new text; None where there is no line.

    CHANGED pairs an old line with the new one that took its place.
    """

    change: Change
    old: int | None
    new: int | None


def diff_lines(old: Sequence[str], new: Sequence[str]) -> list[DiffLine]:
    """Return every line of both texts in the order they are read side by side."""
    result: list[DiffLine] = []
    at_old = at_new = 0
    for same_old, same_new, size in _settled(matches(old, new), old, new):
        result.extend(_gap(range(at_old, same_old), range(at_new, same_new)))
        result.extend(DiffLine(Change.SAME, same_old + i, same_new + i) for i in range(size))
        at_old, at_new = same_old + size, same_new + size
    result.extend(_gap(range(at_old, len(old)), range(at_new, len(new))))
    return result


def _settled(found: Sequence[Match], old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Move each run that is only added (or only removed) to where a reader expects its edges.

    Between lines that are alike a run may begin in several places. A new object of a configuration begins with its
    name, not with the last field of the one before it.
    """
    runs = list(found)
    for i in range(1, len(runs)):
        (a, b, size), (next_a, next_b, next_size) = runs[i - 1], runs[i]
        only_added, only_removed = a + size == next_a, b + size == next_b
        if only_added == only_removed:
            continue
        text, start, stop = (new, b + size, next_b) if only_added else (old, a + size, next_a)
        by = _slide(text, start, stop, up=min(size - 1, _SLIDE), down=min(next_size - 1, _SLIDE))
        runs[i - 1] = (a, b, size + by)
        runs[i] = (next_a + by, next_b + by, next_size - by)
    return runs


def _slide(text: Sequence[str], start: int, stop: int, *, up: int, down: int) -> int:
    """Return by how many lines to move `text[start:stop]`: to the outermost line to begin with, the nearest one."""
    lowest = highest = 0
    while -lowest < up and text[start + lowest - 1] == text[stop + lowest - 1]:
        lowest -= 1
    while highest < down and text[start + highest] == text[stop + highest]:
        highest += 1
    return min(range(lowest, highest + 1), key=lambda by: (*_depth(text[start + by]), abs(by)))


def _depth(line: str) -> tuple[int, bool]:
    """Return how far in a line stands, and whether it only closes what was opened before it."""
    body = line.lstrip()
    return (len(line) - len(body) if body else 10**6), body[:1] in {"}", "]", ")", ""}


def _gap(old: range, new: range) -> Iterator[DiffLine]:
    """Pair the lines between two matches one with one; what is left over is removed or added."""
    paired = min(len(old), len(new))
    for i in range(paired):
        yield DiffLine(Change.CHANGED, old[i], new[i])
    for i in old[paired:]:
        yield DiffLine(Change.REMOVED, i, None)
    for i in new[paired:]:
        yield DiffLine(Change.ADDED, None, i)


def folds(lines: Sequence[DiffLine], *, context: int = CONTEXT) -> list[range]:
    """Return the runs of unchanged lines worth folding: farther than `context` from any change, two or more."""
    found: list[range] = []
    start: int | None = None
    for position, line in enumerate((*lines, None)):
        same = line is not None and line.change is Change.SAME
        if same and start is None:
            start = position
        elif not same and start is not None:
            first = start if start == 0 else start + context
            last = position if line is None else position - context
            if last - first >= 2:
                found.append(range(first, last))
            start = None
    return found


def changed_blocks(lines: Sequence[DiffLine]) -> list[range]:
    """Return the runs of changed lines: the stops of "next change"."""
    found: list[range] = []
    start: int | None = None
    for position, line in enumerate((*lines, None)):
        changed = line is not None and line.change is not Change.SAME
        if changed and start is None:
            start = position
        elif not changed and start is not None:
            found.append(range(start, position))
            start = None
    return found


def changed_words(old: str, new: str) -> tuple[list[range], list[range]]:
    """Return which characters differ between two lines, as ranges in the old and in the new one.

    Lines too long to compare word by word, or with nothing in common, count as different as a whole.
    """
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(left) * len(right) > _TOKEN_PAIRS:
        return _middle(old, new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    starts_left, starts_right = _starts(left), _starts(right)
    in_old: list[range] = []
    in_new: list[range] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        if a < b:
            in_old.append(range(starts_left[a], starts_left[b]))
        if c < d:
            in_new.append(range(starts_right[c], starts_right[d]))
    return in_old, in_new


def _starts(tokens: Sequence[str]) -> list[int]:
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    return starts


def _middle(old: str, new: str) -> tuple[list[range], list[range]]:
    """Return what lies between the common beginning and the common end."""
    most = min(len(old), len(new))
    head = 0
    while head < most and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < most - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return [range(head, len(old) - tail)], [range(head, len(new) - tail)]


def path_of(lines: Sequence[str], position: int) -> str:
    """Return where a line of indented JSON stands, by the keys above it: `nodes › parameters › max`."""
    keys: list[str] = []
    depth = 10**9
    for at in range(position, max(position - 4_000, -1), -1):
        line = lines[at]
        body = line.lstrip()
        indent = len(line) - len(body)
        if body and indent < depth:
            depth = indent
            key = re.match(r'"((?:[^"\\]|\\.)*)"\s*:', body)
            if key:
                keys.append(key.group(1))
            if not indent:
                break
    return " › ".join(reversed(keys))
