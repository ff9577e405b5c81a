"""The items of a JSON list, each read once: the versions of one export have most of theirs in common, byte for byte.

A JSON list is what stands between its commas, so when each piece is one object, the whole is the list of them. What
follows from one item alone is kept beside it, and not worked out again for the next version.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, TypeAlias

from store.domain.component import Json
from store.domain.memo import Memo
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json

MOST_PIECEWISE: Final = 1024 * 1024
"""Bytes of an export that is looked at in pieces: it holds fewer values than are too many, and fits into a memo."""
_BLANKS: Final = b" \t\r\n"
_STEP: Final = 4096
_LAST: Final = "items: the last list"
_SEEN: Final = "items: names that were met"


class Item:
    """One object of a list. Lists share it, so nobody changes it but to keep here what follows from its bytes alone."""

    __slots__ = ("has_float", "hidden", "look", "part", "text", "value")

    def __init__(self, text: bytes, value: dict[str, Json], *, has_float: bool) -> None:
        self.text: Final = text
        """As it stands in the list, with the blanks before it."""
        self.value: Final = value
        self.has_float: Final = has_float
        """As `strict_json.Document` says it."""
        self.look: Any = None
        """What a look for secrets found in it."""
        self.hidden: Any = None
        """The secrets in it that only its platform knows of."""
        self.part: Any = None
        """What its platform makes of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How one item ends and the next begins: as Node-RED writes and sends lists, and as it writes them to be read."""

    open: bytes
    begin: bytes
    end: bytes
    comma: bytes
    close: bytes


_STYLES: Final = (
    Style(open=b"[", begin=b'{"id":', end=b"}", comma=b",", close=b"]"),
    Style(open=b"[\n", begin=b"    {\n", end=b"\n    }", comma=b",\n", close=b"\n]"),
)


@dataclass(kw_only=True, slots=True, eq=False)
class Items:
    """A JSON list of objects, as it is laid out in its bytes."""

    data: bytes
    each: list[Item]
    starts: list[int]
    """Where each item's text begins in the bytes."""
    style: Style
    fresh: int
    """How many of them were not known before."""
    carried: Carried | None = None
    found: Any = None
    """What a look for secrets found in all of them."""
    parts: list[Any] | None = None
    """What its platform makes of each of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What a list has in common with the one before it, so that what was worked out of that can be gone on from."""

    before: Items
    head: int
    """So many items at the beginning are the same ones."""
    tail: int
    """From this one of the earlier list on they are the same ones up to the end."""

    def spliced(self, earlier: list[Any], between: list[Any]) -> list[Any]:
        """Return what was worked out of each item of the earlier list with what is new between."""
        return [*earlier[: self.head], *between, *earlier[self.tail :]]


Cut: TypeAlias = Callable[[bytes], Items | None]
"""Bytes → their items; None where only a look at the whole can say what they hold."""


def items_of(data: bytes, name: str, memo: Memo) -> Items | None:
    """Return the items of a list; None where only a look at the whole can say what it holds.

    Who asks for the bytes that were cut last gets the same answer.
    """
    last = memo.shelf(_LAST).get("")
    return last[1] if last is not None and last[0] is data else cutting(name, memo)(data)


def cutting(name: str, memo: Memo) -> Cut:
    """Return what cuts an export under this name, and what becomes of it when its secrets are taken out.

    A first export under a name is not looked at in pieces: that is quicker where nothing is known.
    """
    seen = memo.shelf(_SEEN)
    is_known = name in seen
    if not is_known:
        seen[name] = True
        memo.weigh(len(name))

    def cut(data: bytes) -> Items | None:
        last: tuple[bytes, Items | None] | None = memo.shelf(_LAST).get("")
        if last is not None and last[0] is data:
            return last[1]
        if len(data) > MOST_PIECEWISE:
            return None
        items = _cut(data, last[1] if last is not None else None, memo) if is_known else None
        memo.shelf(_LAST)[""] = data, items
        return items

    return cut


def _cut(data: bytes, last: Items | None, memo: Memo) -> Items | None:
    spliced = _spliced(data, last, memo) if last is not None else None
    if spliced is not None:
        return spliced
    inside = len(data.rstrip(_BLANKS))
    for style in _STYLES:
        first, end = style.open + style.begin, style.end + style.close
        if data.startswith(first) and data.endswith(end, 0, inside) and inside >= len(first) + len(end):
            begin, stop = len(style.open), inside - len(style.close)
            found = _between(data, begin, stop, style, memo)
            if found is None:
                return None
            each, fresh = found
            return Items(data=data, each=each, starts=_starts(each, begin, style), style=style, fresh=fresh)
    return None


def _spliced(data: bytes, last: Items, memo: Memo) -> Items | None:
    """Return the items of a list that begins and ends as the last one did, cut between only; None where it does not."""
    old, starts, style = last.data, last.starts, last.style
    front = _alike(data, old)
    back = _alike_at_end(data, old, min(len(data), len(old)) - front)
    head = bisect_right(starts, front - len(style.begin)) - 1
    if head < 0:
        return None
    tail = bisect_left(starts, len(old) - back + len(style.end + style.comma))
    shift = len(data) - len(old)
    if tail < len(starts):
        stop = starts[tail] + shift - len(style.comma)
    else:
        stop = len(data.rstrip(_BLANKS)) - len(style.close)
        if not data.startswith(style.close, stop):
            return None
    found = _between(data, starts[head], stop, style, memo)
    if found is None:
        return None
    new, fresh = found
    last.carried = None  # or a history would be kept whole
    carried = Carried(before=last, head=head, tail=tail)
    moved = [start + shift for start in starts[tail:]]
    return Items(
        data=data,
        each=carried.spliced(last.each, new),
        starts=[*starts[:head], *_starts(new, starts[head], style), *moved],
        style=style,
        fresh=fresh,
        carried=carried,
    )


def _starts(each: Sequence[Item], begin: int, style: Style) -> list[int]:
    gap = len(style.comma)
    return list(accumulate((len(item.text) + gap for item in each[:-1]), initial=begin))


def _alike(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts have in common at their beginnings."""
    least, at = min(len(one), len(other)), 0
    while at + _STEP <= least and one[at : at + _STEP] == other[at : at + _STEP]:
        at += _STEP
    low, high = at, min(at + _STEP, least)
    while low < high:
        middle = (low + high + 1) // 2
        if one[at:middle] == other[at:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_at_end(one: bytes, other: bytes, most: int) -> int:
    """Return how many bytes, `most` at most, two texts have in common at their ends."""
    ends, at = (len(one), len(other)), 0
    while at + _STEP <= most and one[ends[0] - at - _STEP : ends[0] - at] == other[ends[1] - at - _STEP : ends[1] - at]:
        at += _STEP
    low, high = at, min(at + _STEP, most)
    while low < high:
        middle = (low + high + 1) // 2
        if one[ends[0] - middle : ends[0] - at] == other[ends[1] - middle : ends[1] - at]:
            low = middle
        else:
            high = middle - 1
    return low


def _between(data: bytes, begin: int, stop: int, style: Style, memo: Memo) -> tuple[list[Item], int] | None:
    """Return the items between two positions, and how many of them were not known.

    A break may stand inside one, as a list of wires may have it. None: there are no items there, or only a look at the
    whole can say what they are.
    """
    if not (data.startswith(style.begin, begin) and data.endswith(style.end, begin + len(style.begin), stop)):
        return None
    between = style.end + style.comma + style.begin
    texts = data[begin + len(style.begin) : stop - len(style.end)].split(between)
    shelf = memo.shelf(f"items: {style.begin!r}")
    known: list[Any] = list(map(shelf.get, texts))
    if None not in known and _PIECE not in known:
        return known, 0
    each: list[Item] = []
    left, fresh, begun = len(data), 0, None
    for piece, found in zip(texts, known, strict=True):
        text, item = piece, found
        if begun is not None:
            text = begun + between + piece
            item = shelf.get(text)
        if item is None:
            shelf[text] = item = _made(style.begin + text + style.end)
            memo.weigh(len(text))
            fresh += 1
        if item is not _PIECE:
            each.append(item)
            begun = None
        elif (left := left - len(text)) < 0:
            return None  # looking at pieces takes longer than at the whole
        else:
            begun = text
    return None if begun is not None else (each, fresh)


def _made(text: bytes) -> Item:
    """Return the item that a text is; `_PIECE` where it is none by itself: then it is a piece of one, or an error."""
    try:
        document = parse_json(b"[%b]" % text)  # as deep as it stands in the export
    except BadInput:
        return _PIECE
    match document.value:
        case [dict() as value]:
            return Item(text, value, has_float=document.has_float)
        case _:
            return _PIECE


_PIECE: Final = Item(b"", {}, has_float=False)
