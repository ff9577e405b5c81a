"""Which items of two lists belong together, so that an item that was put in is not told as a change of all others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import orjson

from store.domain.component import Json

_NAMES: Final = ("id", "name", "key", "alias")
"""Members by which lists tell their objects apart."""
_MOST: Final = 10_000
"""Pairs of two lists that are weighed; longer lists are paired one by one."""
_MOST_OF_ALL: Final = 500_000
"""Pairs that are weighed for one diff, whose lists may be many."""
_ALIKE: Final = 0.3
"""Share of equal members from which two objects count as one that was edited."""
_OBJECT: Final = -1
"""Number of every object: its members have numbers of their own."""
_Pair = tuple[int | None, int | None]


class Effort:
    """What is left of the pairs that may be weighed for one diff."""

    __slots__ = ("_left",)

    def __init__(self, most: int = _MOST_OF_ALL) -> None:
        self._left = most

    def is_enough(self, pairs: int) -> bool:
        """Say whether so many may be weighed, and count them; where it is too little, nothing is."""
        if pairs > self._left:
            return False
        self._left -= pairs
        return True


def aligned(old: list[Json], new: list[Json], effort: Effort | None = None) -> Iterator[_Pair]:
    """Pair the items of two lists in their order; None where a side has no such item.

    The same ends come first. What is left in the middle is paired by name, where the items have names of their own,
    else one by one in lists of one length (but for words most of which moved together), else so that most stays the
    same. Without `effort` left it is paired one by one: right as well, but told as a change of all that stand behind
    what was put in.
    """
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        yield start, start
        start += 1
    end = 0
    while len(old) != len(new) and end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    for a, b in _middle(before, after, effort or Effort()):
        yield (None if a is None else start + a), (None if b is None else start + b)
    for back in range(end, 0, -1):
        yield len(old) - back, len(new) - back


def _middle(old: list[Json], new: list[Json], effort: Effort) -> Iterator[_Pair]:
    if (words := _words(old, new)) is not None and _moved(*words):
        found = list(_in_order(*words))
        if len(found) * 2 < 3 * len(old):  # most of them keep their order: told is what came, went or moved
            return iter(found)
    pairs = len(old) * len(new)
    if not pairs or pairs > _MOST:
        return _one_by_one(old, new)
    names = _named(old, new)
    if len(old) == len(new) and (names is None or not _moved(*names)):
        return _one_by_one(old, new)
    if any(isinstance(item, list) for item in (*old, *new)):
        return _one_by_one(old, new)  # a place in a list of lists has a meaning: the output of a node
    if not effort.is_enough(pairs):
        return _one_by_one(old, new)
    if names is None:
        return _best(_weights(old, new))
    return _best([[float(a == b) for b in names[1]] for a in names[0]])


def _words(old: list[Json], new: list[Json]) -> tuple[list[str], list[str]] | None:
    """Return the items of two lists of one length that are words, each there once: ids, names, kinds."""
    if len(old) != len(new):
        return None
    before, after = [[item for item in side if isinstance(item, str)] for side in (old, new)]
    if len(before) != len(old) or len(after) != len(new):
        return None
    return (before, after) if len(set(before)) == len(old) and len(set(after)) == len(new) else None


def _in_order(old: list[str], new: list[str]) -> Iterator[_Pair]:
    """Yield the most pairs of equal words that keep the order (the longest rising run of places; Schensted, 1961)."""
    places = {word: at for at, word in enumerate(new)}
    ends: list[int] = []
    """Length of a run less one → where in `new` the one of them ends that ends first."""
    lengths: list[tuple[int, int, int]] = []
    for a, word in enumerate(old):
        if (b := places.get(word)) is not None:
            length = bisect_left(ends, b)
            ends[length : length + 1] = [b]
            lengths.append((a, b, length))
    kept: list[tuple[int, int]] = []
    left = len(ends) - 1
    for a, b, length in reversed(lengths):
        if length == left and (not kept or b < kept[-1][1]):
            kept.append((a, b))
            left -= 1
    before = after = 0
    for a, b in [*reversed(kept), (len(old), len(new))]:
        yield from ((gone, None) for gone in range(before, a))
        yield from ((None, come) for come in range(after, b))
        if a < len(old):
            yield a, b
        before, after = a + 1, b + 1


def _one_by_one(old: Sequence[Json], new: Sequence[Json]) -> Iterator[_Pair]:
    for at in range(max(len(old), len(new))):
        yield (at if at < len(old) else None), (at if at < len(new) else None)


def _named(old: list[Json], new: list[Json]) -> tuple[list[str], list[str]] | None:
    """Return the names of all items, where each has one of its own."""
    if not all(isinstance(item, dict) for side in (old, new) for item in side):
        return None
    for member in _NAMES:
        sides = [[item.get(member) if isinstance(item, dict) else None for item in side] for side in (old, new)]
        texts = [[name for name in side if isinstance(name, str) and name] for side in sides]
        if all(len(set(found)) == len(side) for found, side in zip(texts, (old, new), strict=True)):
            return texts[0], texts[1]
    return None


def _moved(old: Sequence[str], new: Sequence[str]) -> bool:
    """Say whether a name stands at another place now."""
    places = {name: at for at, name in enumerate(old)}
    return any(places.get(name, at) != at for at, name in enumerate(new))


class _Numbers(dict[bytes | tuple[str, int], int]):
    """One number for all values that are equal, so that each is read once and not once for every pair it stands in."""

    def of(self, value: Json) -> int:
        """Return the number of a value."""
        try:
            data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # an integer of more than 64 bits, half a character, or very deep
            data = repr(value).encode(errors="backslashreplace")
        return self.setdefault(data, len(self))

    def item(self, value: Json) -> _Item:
        """Return what is compared of an item."""
        if not isinstance(value, dict):
            return _Item(self.of(value), frozenset(), frozenset())
        members = ((key, self.of(part)) for key, part in value.items())
        return _Item(_OBJECT, frozenset(value), frozenset(self.setdefault(one, len(self)) for one in members))


class _Item(NamedTuple):
    """An item of a list, ready to be held against many others."""

    number: int
    keys: frozenset[str]
    """Of an object; none where it is another value."""
    members: frozenset[int]


def _weights(old: list[Json], new: list[Json]) -> list[list[float]]:
    """Return how alike every item of one list and every item of the other are."""
    numbers = _Numbers()
    before, after = [numbers.item(item) for item in old], [numbers.item(item) for item in new]
    return [[_alike(a, b) for b in after] for a in before]


def _alike(old: _Item, new: _Item) -> float:
    """Return the share of equal members of two objects, 0 where it is too small to be one object that was edited."""
    if old.number == new.number and old.members == new.members:
        return 1.0
    same = len(old.members & new.members)
    share = same / len(old.keys | new.keys) if same else 0.0
    return share if share >= _ALIKE else 0.0


def _best(weights: list[list[float]]) -> Iterator[_Pair]:
    """Yield the pairs of the greatest weight that keep the order; what is removed comes before what was put in."""
    rows, columns = len(weights), len(weights[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for a in range(rows - 1, -1, -1):
        row, below, weight, most = best[a], best[a + 1], weights[a], 0.0
        for b in range(columns - 1, -1, -1):  # spelled out: this is gone through ten thousand times
            if weight[b] and weight[b] + below[b + 1] > most:
                most = weight[b] + below[b + 1]
            row[b] = most = max(most, below[b])
    a = b = 0
    while a < rows and b < columns:
        if weights[a][b] and best[a][b] == weights[a][b] + best[a + 1][b + 1]:
            yield a, b
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            yield a, None
            a += 1
        else:
            yield None, b
            b += 1
    for left in range(a, rows):
        yield left, None
    for come in range(b, columns):
        yield None, come
