"""Secrets by their looks: where shapes stand in one text, and where the runs of letters that tokens are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from store.domain.secrets.anchors import Anchors, Words
from store.domain.secrets.declared import DECLARED
from store.domain.secrets.names import ROOTS
from store.domain.secrets.pairs import VALUES
from store.domain.secrets.places import HOLDERS
from store.domain.secrets.shapes import GENERAL, LONGEST, TOKENS, Shape, Span
from store.domain.secrets.values import is_placeholder, is_user_and_password

_LONG: Final = 20
_LONG_RUN: Final = b"a" * _LONG
_WORDS: Final = bytes(0x61 if chr(byte).isalnum() or byte in b"_-" else 0x20 for byte in range(128)) + b" " * 128
_BREAK: Final = re.compile(rb"\\[nrt]")
_GAP: Final = re.compile(rb"[^A-Za-z0-9_-]")
_BLOCK: Final = 1 << 20
_LEAD: Final = 160
"""How far before its long run a token's shape may begin (`hooks.slack.com/services/…`)."""
_TAME: Final = re.compile(
    rb"(?:[_-]*+[A-Z]?[a-z]++[0-9]{0,2}+)++|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{24}"
)
"""`write_desired_temp`, `page-backgroundColor`, a UUID: no generated token, but for one in a thousand."""
_NEEDLES: Final = sorted({needle for shape in TOKENS for needle in shape.needles}, key=len, reverse=True)
_TOKEN_WORDS: Final = Words(_NEEDLES)
_SHAPES: Final = {
    needle: tuple(shape for shape in TOKENS if any(needle.startswith(other) for other in shape.needles))
    for needle in _NEEDLES
}
_GENERAL: Final = tuple((needle.lower(), needle, shape) for shape in GENERAL for needle in shape.needles)
SHAPE_WORDS: Final = frozenset(word for word, _, _ in _GENERAL)
ROOT_WORDS: Final = frozenset(ROOTS)
HOLDER_WORDS: Final = frozenset((*HOLDERS, *DECLARED))
ANCHORS: Final = Words([*sorted(SHAPE_WORDS), *ROOTS, *(value.lower() for value in VALUES), *sorted(HOLDER_WORDS)])


def plainer(data: bytes) -> bytes:
    r"""Return a text of the same length in which `\n` is no letter, and `&quot;` a quote: both hide where words end."""
    if b"\\" in data and len(data) <= _BLOCK:
        data = _BREAK.sub(b"  ", data)  # one pass for three, but it holds every piece at once
    elif b"\\" in data:
        for escape in (b"\\n", b"\\r", b"\\t"):
            data = data.replace(escape, b"  ")
    return data.replace(b"&quot;", b'\\\\\\\\\\"') if b"&quot;" in data else data


def shaped(data: bytes, anchors: Anchors) -> Iterator[Span]:
    """Yield what has the general shape of a secret; `anchors` are those of the text."""
    for word, needle, shape in _GENERAL:
        done, end = 0, -1
        for at in anchors.places.get(word, ()):
            if at < done or not (shape.any_case or data.startswith(needle, at)):
                continue
            if shape.end and end < at:
                end = data.find(shape.end, at)
                if end < 0:
                    break
            if end - at > LONGEST:
                continue
            match = shape.pattern.match(data, at - shape.lead) if at >= shape.lead else None
            if match and _is_shaped(shape, match[1]):
                yield Span(start=match.start(1), end=match.end(1), kind=shape.kind)
            done = max(match.end(), at + 1) if match else at + len(needle)


def token_places(runs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where tokens may begin and end: around each long run, what overlaps as one."""
    begin, stop = 0, -1
    for start, end in runs:
        if start - _LEAD > stop:
            if stop > 0:
                yield begin, stop
            begin = max(0, start - _LEAD)
        stop = end
    if stop > 0:
        yield begin, stop


def long_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where `_LONG` or more characters stand in a row that could be a token; most texts have none."""
    begin = 0
    while begin < len(data):
        gap = _GAP.search(data, begin + _BLOCK)  # a large text is not held once more, whole
        stop = gap.start() if gap else len(data)
        words = data[begin : min(stop, begin + _BLOCK + _LONG)].translate(_WORDS)
        start = words.find(_LONG_RUN)
        while start >= 0:
            end = words.find(b" ", start)
            end = stop - begin if end < 0 else end
            if not _TAME.fullmatch(data, begin + start, begin + end):
                yield begin + start, begin + end
            start = words.find(_LONG_RUN, end)
        begin = stop


def tokens(data: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield the tokens that begin between two positions; each issuer's letters say which shapes to try."""
    after = start
    for at, needle in _TOKEN_WORDS.each(data, start, end):
        if at < after:
            continue
        for shape in _SHAPES[needle]:
            match = shape.pattern.match(data, at - shape.lead) if at >= shape.lead else None
            if match and _is_shaped(shape, match[1]):
                yield Span(start=match.start(1), end=match.end(1), kind=shape.kind)
                after = max(after, match.end())


def _is_shaped(shape: Shape, found: bytes) -> bool:
    if shape.base64:
        return is_user_and_password(found)
    return not is_placeholder(found.decode("utf-8", "replace"))
