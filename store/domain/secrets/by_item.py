"""Secrets in a JSON list, looked for in each of its items once: what was found in one holds in every list it is in.

What a rule says at a place follows from the text around it. In a list of objects an item ends outside of any string,
so that whatever reads on into the next item has to read past the end of the string it began in: past a quote. Rules
that do so at all are listed in `names.are_settled`; all others read past two quotes at most (a test reads that off
their patterns). So an item in which no word that tells of a secret stands near the end, and in which those two rules
end, says the same in every list. Where one does not, and where a rule looks at the whole file, the whole is looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from store.domain.items import Item, Items, each_noted
from store.domain.secrets.anchors import MOST as MOST_WORDS
from store.domain.secrets.anchors import Anchors
from store.domain.secrets.looks import (
    ANCHORS,
    HOLDER_WORDS,
    ROOT_WORDS,
    SHAPE_WORDS,
    long_runs,
    plainer,
    shaped,
    token_places,
    tokens,
)  # fmt: skip
from store.domain.secrets.marks import marks
from store.domain.secrets.names import QUOTES, REACH, ROOTS, are_settled, named
from store.domain.secrets.pairs import pairs
from store.domain.secrets.shapes import Span
from store.errors import TooMuch

_MOST: Final = 1_000
"""Secrets of one list; where there are more, the whole is looked at, and says when they are too many."""
_BEFORE: Final = 64
"""Bytes before a place that a token's pattern may look back."""


class _Look(NamedTuple):
    """What a look at one item found; positions count from where its text begins."""

    shaped: tuple[Span, ...]
    named: tuple[Span, ...]
    runs: tuple[tuple[int, int], ...]
    """Where tokens may be: whether one is there depends on how near the next long run is, in whatever item."""
    marks: tuple[Span, ...]
    words: int
    is_sure: bool
    """It holds in every list."""


class _Found(NamedTuple):
    """What stands in a list."""

    open: tuple[Span, ...]
    sealed: tuple[Span, ...]
    telling: list[tuple[int, _Look]]
    """Where items stand that say anything."""


_NOTHING: Final = _Look((), (), (), (), 0, True)
_UNSURE: Final = _Found((), (), [])
"""Stands for what only a look at the whole can say."""
_FOUND: Final = "secrets: found in a list"
_LOOKS: Final = "secrets: looks at items"


def in_items(items: Items) -> _Found | None:
    """Return what stands in a list, as looks at the whole of it would find it; None where only these can say."""
    found = items.note(_FOUND, lambda: _found(items) or _UNSURE)
    return None if found is _UNSURE else found


def is_bare(items: Items) -> bool:
    """Say whether it is certain that no place that is made for secrets is in a list."""
    return in_items(items) is not None


def _found(items: Items) -> _Found | None:
    if items.fresh * 4 > len(items.each):
        return None  # to look at each takes longer than at all together; they may be met again
    telling = _telling(items)
    if not all(look.is_sure for _, look in telling) or sum(look.words for _, look in telling) > MOST_WORDS:
        return None
    if not any(look.shaped or look.named or look.runs or look.marks for _, look in telling):
        return _Found((), (), telling)
    starts = items.starts
    placed = [(starts[number], look) for number, look in telling]
    spans = (
        *_moved((at, look.shaped) for at, look in placed),
        *_tokens(items, starts, [(at + begin, at + end) for at, look in placed for begin, end in look.runs]),
        *_moved((at, look.named) for at, look in placed),
    )
    sealed = tuple(_moved((at, look.marks) for at, look in placed))
    return _Found(spans, sealed, telling) if len(spans) <= _MOST else None


def _telling(items: Items) -> list[tuple[int, _Look]]:
    """Return where items stand that say anything; of those that the list before had too, this is known."""
    carried = items.carried
    earlier: _Found | None = items.memo.notes(_FOUND).get(carried.before) if carried is not None else None
    if carried is None or earlier is None or earlier is _UNSURE:
        return _looked(items, 0, len(items.each))
    head, tail = items.changed()
    return [
        *((number, look) for number, look in earlier.telling if number < head),
        *_looked(items, head, tail),
        *((number + tail - carried.tail, look) for number, look in earlier.telling if number >= carried.tail),
    ]


def _looked(items: Items, head: int, tail: int) -> list[tuple[int, _Look]]:
    looks = each_noted(items.memo, _LOOKS, items.each[head:tail], _look)
    return [(number, look) for number, look in enumerate(looks, head) if look is not _NOTHING]


def _moved(found: Iterator[tuple[int, Sequence[Span]]]) -> Iterator[Span]:
    return (Span(start=at + span.start, end=at + span.end, kind=span.kind) for at, spans in found for span in spans)


def _tokens(items: Items, starts: Sequence[int], runs: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Yield the tokens around long runs, each place in the text of the items it is in and of two more."""
    for start, end in token_places(runs):
        first = bisect_right(starts, start - _BEFORE)
        begin = starts[first - 1] if first else 0
        last = bisect_right(starts, end) + 2
        text = plainer(items.data[begin : starts[last] if last < len(starts) else len(items.data)])
        for span in tokens(text, start - begin, end - begin):
            yield Span(start=begin + span.start, end=begin + span.end, kind=span.kind)


def _look(item: Item) -> _Look:
    text = plainer(item.text)
    try:
        anchors = ANCHORS.anchors(text)
    except TooMuch:
        return _NOTHING._replace(is_sure=False)
    runs = tuple(long_runs(text))
    sealed = tuple(Span(start=start, end=end, kind=kind) for start, end, kind in marks(item.text))
    if not anchors.places:
        return _NOTHING._replace(runs=runs, marks=sealed) if runs or sealed else _NOTHING
    roots = [root for root in ROOTS if root in anchors]
    given = [*chain.from_iterable(named(root, text, anchors, yaml=False) for root in roots)]
    if anchors.any_of(ROOT_WORDS):
        given += pairs(text, anchors, xml=False, yaml=False)
    return _Look(
        shaped=tuple(shaped(text, anchors)) if anchors.any_of(SHAPE_WORDS) else (),
        named=tuple(given),
        runs=runs,
        marks=sealed,
        words=sum(map(len, anchors.places.values())),
        is_sure=not anchors.any_of(HOLDER_WORDS) and _ends_before(text, anchors) and are_settled(text, anchors),
    )


def _ends_before(text: bytes, anchors: Anchors) -> bool:
    """Say whether every word stands so far from the end that no rule reads on past it."""
    end = len(text)
    for _ in range(QUOTES):
        end = text.rfind(b'"', 0, max(end, 0))
    return max(places[-1] for places in anchors.places.values()) < min(end, len(text) - REACH)
