"""Where the secrets stand in a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, islice
from typing import Final

from store.domain.secrets.anchors import Anchors, Words
from store.domain.secrets.marks import is_marked, marks
from store.domain.secrets.names import ROOTS, VALUES, named, pairs
from store.domain.secrets.places import HOLDERS, is_called_for, place_of, placed
from store.domain.secrets.shapes import GENERAL, LONGEST, TOKENS, Shape, Span
from store.domain.secrets.values import SHORTEST, is_placeholder, is_user_and_password

MOST: Final = 20_000
"""Secrets that are looked for in one text: what holds more is a list of secrets, and no export."""
_MOST_LOOKS: Final = 16_384
_MOST_KEPT: Final = 64
_LONG: Final = 20
_LONG_RUN: Final = b"a" * _LONG
_WORDS: Final = bytes(0x61 if chr(byte).isalnum() or byte in b"_-" else 0x20 for byte in range(128)) + b" " * 128
_BREAK: Final = re.compile(rb"\\[nrt]")
_GAP: Final = re.compile(rb"[^A-Za-z0-9_-]")
_BLOCK: Final = 1 << 20
_FEW: Final = 16
_BATCH: Final = 1 << 19
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
_SHAPE_WORDS: Final = frozenset(word for word, _, _ in _GENERAL)
_ROOT_WORDS: Final = frozenset(ROOTS)
_HOLDER_WORDS: Final = frozenset(HOLDERS)
_ANCHORS: Final = Words([*sorted(_SHAPE_WORDS), *ROOTS, *(value.lower() for value in VALUES), *HOLDERS])
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


def scan(data: bytes) -> list[Span]:
    """Return the secrets in UTF-8 text (canonical JSON too), open and sealed; positions count bytes. Linear time."""
    sealed = [Span(start=start, end=end, kind=kind) for start, end, kind in marks(data)]
    found = open_secrets(data)
    return _apart([*sealed, *found]) if sealed else found


def open_secrets(data: bytes, name: str = "", *, more: Iterable[Span] = ()) -> list[Span]:
    """Return the secrets that stand in the open, in order; `name` is the file's, `more` what a platform knows of.

    Raises:
        TooMuch: more words that secrets are told by stand in `data` than in any export.
    """
    if _holds_none(data):
        return []
    found: tuple[Span, ...] = ()
    if told := list(more):
        plain = _plainer(data)
        found = tuple(
            span for span in told if not is_placeholder(plain[span.start : span.end].decode("utf-8", "replace"))
        )
    found += _look(data, place_of(name)).spans
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
    data = _plainer(data)
    anchors = _ANCHORS.anchors(data)
    has_names = anchors.any_of(_ROOT_WORDS)
    spans: list[Span] = []

    def add(found: Iterable[Span]) -> None:
        spans.extend(islice(found, max(0, MOST + 1 - len(spans))))

    if anchors.any_of(_SHAPE_WORDS):
        add(_shaped(data, anchors))
    for start, end in _token_places(data):
        add(_tokens(data, start, end))
        if len(spans) > MOST:
            break
    if has_names:  # without, no name promises anything
        is_json, is_xml = _begins(data, b"{["), _begins(data, b"<")
        is_yaml = not is_json and not is_xml and _YAML_KEY.search(data) is not None
        for root in ROOTS:
            if root in anchors:
                add(named(root, data, anchors, yaml=is_yaml))
        add(pairs(data, anchors, xml=is_xml, yaml=is_yaml))
    if anchors.any_of(_HOLDER_WORDS) or is_called_for(data, place):
        add(placed(data, place))
    return _Look(tuple(spans), has_names)


def _holds_none(data: bytes) -> bool:
    """Say at a glance that a text is too short, a plain name or a few words."""
    if len(data) < SHORTEST:
        return True
    if len(data) >= _NAME_LENGTH or _RUN.search(data):
        return False
    return bool(_PLAIN.fullmatch(data) or (_PHRASE.fullmatch(data) and not _SCHEME.search(data)))


def _plainer(data: bytes) -> bytes:
    r"""Return a text of the same length in which `\n` is no letter, and `&quot;` a quote: both hide where words end."""
    if b"\\" in data and len(data) <= _BLOCK:
        data = _BREAK.sub(b"  ", data)  # one pass for three, but it holds every piece at once
    elif b"\\" in data:
        for escape in (b"\\n", b"\\r", b"\\t"):
            data = data.replace(escape, b"  ")
    return data.replace(b"&quot;", b'\\\\\\\\\\"') if b"&quot;" in data else data


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
    joined = _plainer(b"\n".join(texts))  # no shape reaches from the end of one JSON text into the next
    ends = list(accumulate(len(text) + 1 for text in texts))
    anchors = _ANCHORS.anchors(joined)
    places = [at for word in _ROOT_WORDS | _HOLDER_WORDS for at in anchors.places.get(word, ())]
    if anchors.any_of(_SHAPE_WORDS):
        places += [span.start for span in _shaped(joined, anchors)]
    places += [span.start for start, end in _token_places(joined) for span in _tokens(joined, start, end)]
    suspect = {bisect_right(ends, at) for at in places}
    return [number in suspect or is_marked(text) or is_called_for(text, "") for number, text in enumerate(texts)]


def is_json(data: bytes) -> bool:
    """Say at a glance whether a document is JSON rather than anything else."""
    return _begins(data, b'{["')


def _begins(data: bytes, letters: bytes) -> bool:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return bool(start) and start in letters


def _shaped(data: bytes, anchors: Anchors) -> Iterator[Span]:
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


def _token_places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where tokens may begin and end: around each long run, what overlaps as one."""
    begin, stop = 0, -1
    for start, end in _long_runs(data):
        if start - _LEAD > stop:
            if stop > 0:
                yield begin, stop
            begin = max(0, start - _LEAD)
        stop = end
    if stop > 0:
        yield begin, stop


def _long_runs(data: bytes) -> Iterator[tuple[int, int]]:
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


def _tokens(data: bytes, start: int, end: int) -> Iterator[Span]:
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


def _characters(data: bytes, position: int) -> int:
    return len(data[:position].decode("utf-8", "surrogatepass"))


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Drop spans inside or overlapping an earlier one; at the same start the longer wins."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
