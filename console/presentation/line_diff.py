"""Which lines changed between two texts: patience matching, folds, and the words that differ inside a line.

Patience (match the lines that occur once on both sides first) is fast on long generated JSON and does not pair
braces of different blocks, which is what makes a diff of a configuration readable.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 3
"""Unchanged lines kept visible around a change."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_TOKEN_PAIRS = 40_000


class Change(StrEnum):
    """What happened to a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class DiffLine:
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
    for same_old, same_new in _matches(old, new):
        result.extend(_gap(range(at_old, same_old), range(at_new, same_new)))
        result.append(DiffLine(Change.SAME, same_old, same_new))
        at_old, at_new = same_old + 1, same_new + 1
    result.extend(_gap(range(at_old, len(old)), range(at_new, len(new))))
    return result


def _gap(old: range, new: range) -> Iterator[DiffLine]:
    """Pair the lines between two matches one with one; what is left over is removed or added."""
    paired = min(len(old), len(new))
    for i in range(paired):
        yield DiffLine(Change.CHANGED, old[i], new[i])
    for i in old[paired:]:
        yield DiffLine(Change.REMOVED, i, None)
    for i in new[paired:]:
        yield DiffLine(Change.ADDED, None, i)


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of equal lines, rising in both texts; without recursion, so depth cannot be provoked."""
    pairs: list[tuple[int, int]] = []
    todo = [(0, len(old), 0, len(new))]
    while todo:
        a, b, c, d = todo.pop()
        while a < b and c < d and old[a] == new[c]:
            pairs.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
            pairs.append((b, d))
        if a == b or c == d:
            continue
        anchors = _anchors(old, new, (a, b, c, d))
        if not anchors:
            pairs.extend(_plain_matches(old, new, (a, b, c, d)))
            continue
        for i, j in anchors:
            todo.append((a, i, c, j))
            pairs.append((i, j))
            a, c = i + 1, j + 1
        todo.append((a, b, c, d))
    return sorted(pairs)


def _anchors(old: Sequence[str], new: Sequence[str], box: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the longest rising run of lines that occur exactly once on each side of the box."""
    a, b, c, d = box
    once_old = Counter(old[a:b])
    once_new = Counter(new[c:d])
    places = {line: i for i, line in enumerate(new[c:d], c) if once_new[line] == 1}
    unique = [(i, places[line]) for i, line in enumerate(old[a:b], a) if once_old[line] == 1 and line in places]
    tails: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for position, (_, j) in enumerate(unique):
        at = bisect_left(tails, j)
        before.append(holders[at - 1] if at else -1)
        if at == len(tails):
            tails.append(j)
            holders.append(position)
        else:
            tails[at] = j
            holders[at] = position
    run: list[tuple[int, int]] = []
    position = holders[-1] if holders else -1
    while position >= 0:
        run.append(unique[position])
        position = before[position]
    return run[::-1]


def _plain_matches(old: Sequence[str], new: Sequence[str], box: tuple[int, int, int, int]) -> Iterator[tuple[int, int]]:
    """Match a box without unique lines the ordinary way when it is small; a big one counts as replaced whole."""
    a, b, c, d = box
    if (b - a) * (d - c) > _TOKEN_PAIRS:
        return
    for i, j, size in SequenceMatcher(None, old[a:b], new[c:d], autojunk=False).get_matching_blocks():
        for step in range(size):
            yield a + i + step, c + j + step


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
