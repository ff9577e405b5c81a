"""Cutting a JSON list into items, each read once. What stands in the open in an export is forgotten with it.

An export is cut as it came, then without its secrets. Only the latter is kept, so that nothing is in the memo that is
not in the archive too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from store.domain.items import Carried, Item, Items, Style
from store.domain.memo import Memo
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json

MOST_PIECEWISE: Final = 1024 * 1024
"""Bytes of an export that is looked at in pieces: it holds fewer values than are too many, and fits into a memo."""
_BLANKS: Final = b" \t\r\n"
_STEP: Final = 4096
_LAST: Final = "items: the last list"
_SEEN: Final = "items: names that were met"
_STYLES: Final = (
    Style(open=b"[", begin=b'{"id":', end=b"}", comma=b",", close=b"]"),
    Style(open=b"[\n", begin=b"    {\n", end=b"\n    }", comma=b",\n", close=b"\n]"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """One form of an export: its bytes, what they are cut into, and what was not known of that."""

    data: bytes
    items: Items | None
    new: dict[bytes, dict[bytes, Item]]
    """How items begin in a style → text → item."""


class Cutting:
    """Cuts the forms of one export: as it came, and what becomes of it when its secrets are taken out.

    A first export under a name is not looked at in pieces: that is quicker where nothing is known.
    """

    def __init__(self, name: str, memo: Memo) -> None:
        self._memo: Final = memo
        self._is_known: Final = name in memo.shelf(_SEEN)
        self._form: _Form | None = None
        """What was cut last."""

    def __call__(self, data: bytes) -> Items | None:
        """Return the items of a form; None where only a look at the whole can say what it holds."""
        kept = _kept(self._memo)
        if kept is not None and kept[0] is data:
            return kept[1]
        if not self._is_known or len(data) > MOST_PIECEWISE:
            return None
        if self._form is None or self._form.data is not data:
            texts = _Texts(self._memo, self._form.new if self._form is not None else {})
            items = _cut(data, kept[1] if kept is not None else None, texts)
            self._form = _Form(data=data, items=items, new=texts.new)
        return self._form.items

    def keep(self, data: bytes, name: str) -> None:
        """Keep what is known of the form in which the export is archived, and nothing of any other."""
        form = self._form if self._form is not None and self._form.data is data else None
        new = form.new if form is not None else {}
        weight = sum(len(text) for texts in new.values() for text in texts)
        self._memo.weigh(weight if self._is_known else weight + len(name))
        self._memo.shelf(_SEEN)[name] = True
        self._memo.shelf(_LAST)[""] = data, form.items if form is not None else None
        for begin, texts in new.items():
            self._memo.shelf(_shelf_of(begin)).update(texts)


def items_of(data: bytes, name: str, memo: Memo) -> Items | None:
    """Return the items of a list that is archived as it is, and keep them; None as a `Cutting` says it.

    Who asks for the bytes that were kept last gets the same answer. For two versions it does not pay.
    """
    if not memo.is_lasting:
        return None
    kept = _kept(memo)
    if kept is not None and kept[0] is data:
        return kept[1]
    cut = Cutting(name, memo)
    items = cut(data)
    cut.keep(data, name)
    return items


def _kept(memo: Memo) -> tuple[bytes, Items | None] | None:
    kept: tuple[bytes, Items | None] | None = memo.shelf(_LAST).get("")
    return kept


class _Texts:
    """The items that texts are: in the memo, in another form of this export, or new."""

    def __init__(self, memo: Memo, earlier: dict[bytes, dict[bytes, Item]]) -> None:
        self.memo: Final = memo
        self._earlier: Final = earlier
        self.new: Final[dict[bytes, dict[bytes, Item]]] = {}
        """Those that are not in the memo."""

    def known(self, texts: Sequence[bytes], style: Style) -> list[Item | None]:
        """Return what the memo says of each, all at once."""
        return list(map(self.memo.shelf(_shelf_of(style.begin)).get, texts))

    def item(self, text: bytes, style: Style) -> tuple[Item, bool]:
        """Return the item that a text is, `_PIECE` where it is none by itself; and whether nobody knew it."""
        (known,) = self.known([text], style)
        if known is not None:
            return known, False
        new = self.new.setdefault(style.begin, {})
        item = new.get(text) or self._earlier.get(style.begin, {}).get(text)
        new[text] = made = item or _made(style.begin + text + style.end)
        return made, item is None


def _shelf_of(begin: bytes) -> str:
    return f"items: {begin!r}"


def _cut(data: bytes, last: Items | None, texts: _Texts) -> Items | None:
    spliced = _spliced(data, last, texts) if last is not None else None
    if spliced is not None:
        return spliced
    inside = len(data.rstrip(_BLANKS))
    for style in _STYLES:
        first, end = style.open + style.begin, style.end + style.close
        if data.startswith(first) and data.endswith(end, 0, inside) and inside >= len(first) + len(end):
            begin, stop = len(style.open), inside - len(style.close)
            found = _between(data, begin, stop, style, texts)
            if found is None:
                return None
            each, fresh = found
            starts = _starts(each, begin, style)
            return Items(data=data, each=each, starts=starts, style=style, fresh=fresh, memo=texts.memo)
    return None


def _spliced(data: bytes, last: Items, texts: _Texts) -> Items | None:
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
    found = _between(data, starts[head], stop, style, texts)
    if found is None:
        return None
    new, fresh = found
    carried = Carried(before=last.mark, count=len(starts), head=head, tail=tail)
    moved = [start + shift for start in starts[tail:]]
    return Items(
        data=data,
        each=carried.spliced(last.each, new),
        starts=[*starts[:head], *_starts(new, starts[head], style), *moved],
        style=style,
        fresh=fresh,
        memo=texts.memo,
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


def _between(data: bytes, begin: int, stop: int, style: Style, texts: _Texts) -> tuple[list[Item], int] | None:
    """Return the items between two positions, and how many of them were not known.

    What stands between two items may stand inside of one too (between the wires of a subflow, for example): then the
    texts on both sides are one item. None: there are no items there, or only a look at the whole can say what they are.
    """
    if not (data.startswith(style.begin, begin) and data.endswith(style.end, begin + len(style.begin), stop)):
        return None
    between = style.end + style.comma + style.begin
    pieces = data[begin + len(style.begin) : stop - len(style.end)].split(between)
    known = texts.known(pieces, style)
    each = [item for item in known if item is not None and item is not _PIECE]
    if len(each) == len(pieces):
        return each, 0
    each = []
    left, fresh, begun = len(data), 0, None
    for piece, found in zip(pieces, known, strict=True):
        text = piece if begun is None else begun + between + piece
        item, is_new = (found, False) if found is not None and begun is None else texts.item(text, style)
        fresh += is_new
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
            return Item(text=text, value=value, has_float=document.has_float)
        case _:
            return _PIECE


_PIECE: Final = Item(text=b"", value={}, has_float=False)
