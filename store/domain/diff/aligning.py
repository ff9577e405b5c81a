"""Which items of two lists belong together, so that an item that was put in is not told as a change of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from store.domain.component import Json

_NAMES: Final = ("id", "name", "key", "alias")
"""Members by which lists tell their objects apart."""
_MOST: Final = 10_000
"""Pairs that are weighed; longer lists are paired one by one."""
_ALIKE: Final = 0.3
"""Share of equal members from which two objects count as one that was edited."""
_Pair = tuple[int | None, int | None]


def aligned(old: list[Json], new: list[Json]) -> Iterator[_Pair]:
    """Pair the items of two lists in their order; None where a side has no such item.

    The same ends come first. What is left in the middle is paired by name, where the items have names of their own,
    else one by one in lists of one length, else so that most stays the same.
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
    for a, b in _middle(before, after):
        yield (None if a is None else start + a), (None if b is None else start + b)
    for back in range(end, 0, -1):
        yield len(old) - back, len(new) - back


def _middle(old: list[Json], new: list[Json]) -> Iterator[_Pair]:
    if not old or not new or len(old) * len(new) > _MOST:
        return _one_by_one(old, new)
    names = _named(old, new)
    if len(old) == len(new) and (names is None or not _moved(*names)):
        return _one_by_one(old, new)
    if any(isinstance(item, list) for item in (*old, *new)):
        return _one_by_one(old, new)  # a place in a list of lists has a meaning: the output of a node
    if names is None:
        weights = [[_alike(a, b) for b in new] for a in old]
    else:
        weights = [[float(a == b) for b in names[1]] for a in names[0]]
    return _best(weights)


def _one_by_one(old: Sequence[Json], new: Sequence[Json]) -> Iterator[_Pair]:
    for at in range(max(len(old), len(new))):
        yield (at if at < len(old) else None), (at if at < len(new) else None)


def _named(old: list[Json], new: list[Json]) -> tuple[list[str], list[str]] | None:
    """Return the names of all items, where each has one of its own."""
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


def _alike(old: Json, new: Json) -> float:
    """Return the share of equal members of two objects, 0 where it is too small to be one object that was edited."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return float(old == new and type(old) is type(new))
    if old == new:
        return 1.0
    same = sum(1 for key, value in old.items() if key in new and new[key] == value)
    share = same / len(old.keys() | new.keys())
    return share if share >= _ALIKE else 0.0


def _best(weights: list[list[float]]) -> Iterator[_Pair]:
    """Yield the pairs of the greatest weight that keep the order; what is removed comes before what was put in."""
    rows, columns = len(weights), len(weights[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for a in range(rows - 1, -1, -1):
        for b in range(columns - 1, -1, -1):
            paired = weights[a][b] + best[a + 1][b + 1] if weights[a][b] else 0.0
            best[a][b] = max(paired, best[a + 1][b], best[a][b + 1])
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
