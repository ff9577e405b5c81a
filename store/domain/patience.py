"""Line differences people can read: Bram Cohen's patience order, which anchors on lines that occur once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

Match: TypeAlias = tuple[int, int, int]
"""`old[a : a + size]` equals `new[b : b + size]`, as (a, b, size)."""
Edit: TypeAlias = tuple[int, int, int, int]
"""`old[a1:a2]` became `new[b1:b2]`, as (a1, a2, b1, b2); one side may be empty."""

_SMALL = 250_000
"""Without an anchor, blocks up to this many pairs of lines are compared one by one; larger ones as a whole."""


_STRIDE = 64
"""Lines that are compared at once where two texts begin alike."""


def matches(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Return the runs of lines that both texts share, in order, joined where they touch."""
    found: list[Match] = []
    todo = [(0, len(old), 0, len(new))]
    while todo:
        a1, a2, b1, b2 = todo.pop()
        start = _common(old, new, a1, b1, min(a2 - a1, b2 - b1), step=1)
        end = _common(old, new, a2 - 1, b2 - 1, min(a2 - a1, b2 - b1) - start, step=-1)
        found += [(a1, b1, start), (a2 - end, b2 - end, end)]
        a1, b1, a2, b2 = a1 + start, b1 + start, a2 - end, b2 - end
        if a1 == a2 or b1 == b2 or (a2 - a1 == b2 - b1 == 1):  # one line for another: most changes are no more
            continue
        anchors = _anchors(old, new, (a1, a2, b1, b2))
        if not anchors:
            found += _plain(old, new, (a1, a2, b1, b2))
            continue
        found += [(a, b, 1) for a, b in anchors]
        gaps = zip([(a1 - 1, b1 - 1), *anchors], [*anchors, (a2, b2)], strict=True)
        todo += [
            (a + 1, next_a, b + 1, next_b) for (a, b), (next_a, next_b) in gaps if a + 1 < next_a and b + 1 < next_b
        ]
    return _joined(sorted(match for match in found if match[2]))


def edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """Return what changed between two lists of lines, in order."""
    most = min(len(old), len(new))
    start = _common(old, new, 0, 0, most, step=1)
    end = _common(old, new, len(old) - 1, len(new) - 1, most - start, step=-1)
    a, b = len(old) - end, len(new) - end
    if a - start <= 1 and b - start <= 1:  # one line for another, as in most changes
        return [(start, a, start, b)] if a > start or b > start else []
    changed: list[Edit] = []
    a = b = 0
    for next_a, next_b, size in [*matches(old, new), (len(old), len(new), 0)]:
        if a < next_a or b < next_b:
            changed.append((a, next_a, b, next_b))
        a, b = next_a + size, next_b + size
    return changed


def unified(
    old: Sequence[str], new: Sequence[str], *, shown_old: Sequence[str], shown_new: Sequence[str], context: int = 3
) -> str:
    """Return a unified diff (hunks only, no file names) of two texts, empty when they are equal.

    The comparison is of `old` and `new`; what is printed comes from `shown_old` and `shown_new`, the same lines
    with their secrets taken out.
    """
    lines: list[str] = []
    for hunk in _hunks(edits(old, new), context):
        a1, b1 = max(0, hunk[0][0] - context), max(0, hunk[0][2] - context)
        a2, b2 = min(len(old), hunk[-1][1] + context), min(len(new), hunk[-1][3] + context)
        lines.append(f"@@ -{_range(a1, a2)} +{_range(b1, b2)} @@")
        at = a1
        for edit in hunk:
            lines += [f" {line}" for line in shown_old[at : edit[0]]]
            lines += [f"-{line}" for line in shown_old[edit[0] : edit[1]]]
            lines += [f"+{line}" for line in shown_new[edit[2] : edit[3]]]
            at = edit[1]
        lines += [f" {line}" for line in shown_old[at:a2]]
    return "\n".join(lines)


def _common(old: Sequence[str], new: Sequence[str], a: int, b: int, most: int, *, step: int) -> int:
    size = 0
    while (
        step > 0 and most - size >= _STRIDE and old[a + size : a + size + _STRIDE] == new[b + size : b + size + _STRIDE]
    ):
        size += _STRIDE
    while size < most and old[a + size * step] == new[b + size * step]:
        size += 1
    return size


def _anchors(old: Sequence[str], new: Sequence[str], block: Edit) -> list[tuple[int, int]]:
    """Return pairs of lines that occur once on either side, the longest run of them in the same order."""
    a1, a2, b1, b2 = block
    once_old = Counter(old[a1:a2])
    once_new = Counter(new[b1:b2])
    where = {new[b]: b for b in range(b1, b2) if once_new[new[b]] == 1}
    pairs = [(a, where[old[a]]) for a in range(a1, a2) if once_old[old[a]] == 1 and old[a] in where]
    tops: list[int] = []
    top_at: list[int] = []
    before: list[int] = []
    for index, (_, b) in enumerate(pairs):
        pile = bisect_left(tops, b)
        before.append(top_at[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [b]
        top_at[pile : pile + 1] = [index]
    chain: list[tuple[int, int]] = []
    index = top_at[-1] if top_at else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _plain(old: Sequence[str], new: Sequence[str], block: Edit) -> list[Match]:
    a1, a2, b1, b2 = block
    if (a2 - a1) * (b2 - b1) > _SMALL:
        return []
    matcher = SequenceMatcher(None, old[a1:a2], new[b1:b2], autojunk=False)
    return [(a1 + match.a, b1 + match.b, match.size) for match in matcher.get_matching_blocks()]


def _joined(found: list[Match]) -> list[Match]:
    runs: list[Match] = []
    for a, b, size in found:
        if runs and runs[-1][0] + runs[-1][2] == a and runs[-1][1] + runs[-1][2] == b:
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + size)
        else:
            runs.append((a, b, size))
    return runs


def _hunks(changed: list[Edit], context: int) -> Iterator[list[Edit]]:
    hunk: list[Edit] = []
    for edit in changed:
        if hunk and edit[0] - hunk[-1][1] > 2 * context:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _range(start: int, end: int) -> str:
    """Return a hunk range as diff prints it: one line has no length, an empty range names the line before."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"
