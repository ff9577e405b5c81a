"""Where the secrets stand in a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, islice
from typing import Final

from store.domain.items import Items
from store.domain.secrets.by_item import in_items
from store.domain.secrets.declared import declared
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
from store.domain.secrets.marks import is_marked, marks
from store.domain.secrets.names import ROOTS, named
from store.domain.secrets.pairs import pairs
from store.domain.secrets.places import is_called_for, place_of, placed
from store.domain.secrets.shapes import Span
from store.domain.secrets.values import SHORTEST, is_placeholder

MOST: Final = 20_000
"""Secrets that are looked for in one text: what holds more is a list of secrets, and no export."""
_MOST_LOOKS: Final = 16_384
_MOST_KEPT: Final = 64
_FEW: Final = 16
_BATCH: Final = 1 << 19
_NAME_LENGTH: Final = 256
_PLAIN: Final = re.compile(rb"[A-Za-z0-9._/-]*")
_RUN: Final = re.compile(rb"[A-Za-z0-9_-]{16}")
"""What is short, plain and without a run so long is a name or a path, and holds no secret."""
_PHRASE: Final = re.compile(rb"[A-Za-z0-9 ]*")
_SCHEME: Final = re.compile(rb"(?:basic|bearer) ", re.IGNORECASE)
"""Among nothing but words, only what follows these is one: every other rule wants a sign between name and value."""
_YAML_KEY: Final = re.compile(rb"^[ \t]*(?:-[ \t]+)*[\w\"'.-]+:(?:[ \t]|\r?$)", re.MULTILINE)


def find(text: str) -> list[Span]:
    """Return the secrets in `text`, sealed ones too, in order, none overlapping; positions count characters."""
    data = text.encode("utf-8", "surrogatepass")
    spans = scan(data)
    if not spans or len(data) == len(text):
        return spans
    return [
        Span(start=_characters(data, span.start), end=_characters(data, span.end), kind=span.kind) for span in spans
    ]


def scan(data: bytes, *, items: Items | None = None) -> list[Span]:
    """Return the secrets in UTF-8 text (canonical JSON too), open and sealed; positions count bytes. Linear time.

    `items` are those of the text, where it is a list of which they are known: that is quicker.
    """
    known = in_items(items) if items is not None else None
    if known is not None:
        return _apart([*known.sealed, *known.open])
    sealed = [Span(start=start, end=end, kind=kind) for start, end, kind in marks(data)]
    found = open_secrets(data)
    return _apart([*sealed, *found]) if sealed else found


def open_secrets(data: bytes, name: str = "", *, more: Iterable[Span] = (), items: Items | None = None) -> list[Span]:
    """Return the secrets that stand in the open, in order; `name` is the file's, `more` what a platform knows of.

    `items` as `scan` takes them.

    Raises:
        TooMuch: more words that secrets are told by stand in `data` than in any export.
    """
    if _holds_none(data):
        return []
    found: tuple[Span, ...] = ()
    if told := list(more):
        plain = plainer(data)
        found = tuple(
            span for span in told if not is_placeholder(plain[span.start : span.end].decode("utf-8", "replace"))
        )
    place = place_of(name)
    known = in_items(items) if items is not None and not place else None
    found += known.open if known is not None else _look(data, place).spans
    return _apart(found) if len(found) > 1 else list(found)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a text found."""

    spans: tuple[Span, ...]
    """Secrets in the open, in the order of the rules that found them; they may overlap."""
    has_names: bool
    """Words stand in it that the names of secrets are built on."""


LOOKS: Final[dict[tuple[bytes, str], _Look]] = {}
"""What was found lately, by the digest of the text: no text is kept, and the same ones are looked at again and again.

An export is covered, then noticed in, then compared; a component is the same in most of its versions.
"""


def _look(data: bytes, place: str) -> _Look:
    key = sha256(data).digest(), place
    look = LOOKS.get(key)
    if look is None:
        look = _found(data, place)
        if len(LOOKS) >= _MOST_LOOKS:
            LOOKS.clear()
        if len(look.spans) <= _MOST_KEPT:
            LOOKS[key] = look
    return look


def _found(data: bytes, place: str) -> _Look:
    data = plainer(data)
    anchors = ANCHORS.anchors(data)
    has_names = anchors.any_of(ROOT_WORDS)
    spans: list[Span] = []

    def add(found: Iterable[Span]) -> None:
        spans.extend(islice(found, max(0, MOST + 1 - len(spans))))

    if anchors.any_of(SHAPE_WORDS):
        add(shaped(data, anchors))
    for start, end in token_places(long_runs(data)):
        add(tokens(data, start, end))
        if len(spans) > MOST:
            break
    if has_names:  # without, no name promises anything
        is_json, is_xml = _begins(data, b"{["), _begins(data, b"<")
        is_yaml = not is_json and not is_xml and _YAML_KEY.search(data) is not None
        for root in ROOTS:
            if root in anchors:
                add(named(root, data, anchors, yaml=is_yaml))
        add(pairs(data, anchors, xml=is_xml, yaml=is_yaml))
    if anchors.any_of(HOLDER_WORDS) or is_called_for(data, place):
        add(placed(data, place))
        add(declared(data))
    return _Look(tuple(spans), has_names)


def _holds_none(data: bytes) -> bool:
    """Say at a glance that a text is too short, a plain name or a few words."""
    if len(data) < SHORTEST:
        return True
    if len(data) >= _NAME_LENGTH or _RUN.search(data):
        return False
    return bool(_PLAIN.fullmatch(data) or (_PHRASE.fullmatch(data) and not _SCHEME.search(data)))


def may_hold(data: bytes) -> bool:
    """Say whether anything in canonical JSON could be redacted; False is certain, True is worth a look."""
    look = _look(data, "")
    return look.has_names or (bool(look.spans) and not _holds_none(data)) or is_marked(data)


def which_may_hold(texts: Sequence[bytes]) -> list[bool]:
    """Say of each canonical JSON text whether anything in it could be redacted, as `may_hold` does.

    One look at many costs a fraction of a look at each. What stands beside a secret is at most called suspect too.
    """
    if len(texts) < _FEW:
        return [may_hold(text) for text in texts]
    told: list[bool] = []
    for begin, end in _batches(texts):
        told += _suspects(texts[begin:end]) if end - begin > 1 else [may_hold(texts[begin])]
    return told


def _batches(texts: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield from where to where texts are looked at together: as many words as `anchors` allows stand in none."""
    begin = size = 0
    for number, text in enumerate(texts):
        if size and size + len(text) > _BATCH:
            yield begin, number
            begin, size = number, 0
        size += len(text)
    if begin < len(texts):
        yield begin, len(texts)


def _suspects(texts: Sequence[bytes]) -> list[bool]:
    joined = plainer(b"\n".join(texts))  # no shape reaches from the end of one JSON text into the next
    ends = list(accumulate(len(text) + 1 for text in texts))
    anchors = ANCHORS.anchors(joined)
    places = [at for word in ROOT_WORDS | HOLDER_WORDS for at in anchors.places.get(word, ())]
    if anchors.any_of(SHAPE_WORDS):
        places += [span.start for span in shaped(joined, anchors)]
    places += [span.start for start, end in token_places(long_runs(joined)) for span in tokens(joined, start, end)]
    suspect = {bisect_right(ends, at) for at in places}
    return [number in suspect or is_marked(text) or is_called_for(text, "") for number, text in enumerate(texts)]


def is_json(data: bytes) -> bool:
    """Say at a glance whether a document is JSON rather than anything else."""
    return _begins(data, b'{["')


def _begins(data: bytes, letters: bytes) -> bool:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return bool(start) and start in letters


def _characters(data: bytes, position: int) -> int:
    return len(data[:position].decode("utf-8", "surrogatepass"))


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Drop spans inside or overlapping an earlier one; at the same start the longer wins."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
