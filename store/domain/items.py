"""The items of a JSON list, each read once: the versions of one export have most of theirs in common, byte for byte.

A JSON list is what stands between its commas, so when each piece is one object, the whole is the list of them. What
follows from one item alone is kept beside it, and not worked out again for the next version.
"""

from __future__ import annotations

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
    each: Sequence[Item]
    style: Style
    fresh: int
    """How many of them were not known before."""
    found: Any = None
    """What a look for secrets found in all of them."""

    def starts(self) -> list[int]:
        """Return where each item's text begins in the bytes."""
        gap = len(self.style.comma)
        return list(accumulate((len(item.text) + gap for item in self.each[:-1]), initial=len(self.style.open)))


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
        items = _cut(data, memo) if is_known else None
        memo.shelf(_LAST)[""] = data, items
        return items

    return cut


def _cut(data: bytes, memo: Memo) -> Items | None:
    inside = data.rstrip(_BLANKS)
    for style in _STYLES:
        first, last = style.open + style.begin, style.end + style.close
        if inside.startswith(first) and inside.endswith(last) and len(inside) >= len(first) + len(last):
            texts = inside[len(first) : -len(last)].split(style.end + style.comma + style.begin)
            return _resolved(data, texts, style, memo)
    return None


def _resolved(data: bytes, texts: Sequence[bytes], style: Style, memo: Memo) -> Items | None:
    """Return the items that texts between breaks are; a break may stand inside one, as a list of wires may have it."""
    shelf = memo.shelf(f"items: {style.begin!r}")
    known: list[Any] = list(map(shelf.get, texts))
    if None not in known and _PIECE not in known:
        return Items(data=data, each=known, style=style, fresh=0)
    each: list[Item] = []
    left, fresh, begun = len(data), 0, None
    for piece, found in zip(texts, known, strict=True):
        text, item = piece, found
        if begun is not None:
            text = begun + style.end + style.comma + style.begin + piece
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
    return None if begun is not None else Items(data=data, each=each, style=style, fresh=fresh)


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
