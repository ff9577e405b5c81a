"""The form of an export that may be kept for ever: every secret replaced by its mark, the document still whole.

JSON stays JSON and YAML stays YAML, the number of lines is the same, and the same bytes always give the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from store.domain.items import Cut
from store.domain.secrets.marks import Fingerprint, mark
from store.domain.secrets.scanning import MOST, is_json, open_secrets
from store.domain.secrets.shapes import Span
from store.errors import BadInput
from store.integrity.utf16 import is_utf16, loosened, tightened

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb"[^\s\",:{}\[\]]+")
_PASSES: Final = 4
"""Taking a secret out may show another one that it hid; more than two passes were never seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """An export without its secrets."""

    data: bytes = field(repr=False)
    kinds: tuple[str, ...] = ()
    """The kind of each secret that was taken out, in the order they stood in."""


def cover(
    data: bytes, fingerprint: Fingerprint, *, name: str = "", more: Iterable[Span] = (), cut: Cut | None = None
) -> Covered:
    """Return `data` with each open secret replaced by its mark; `name` and `more` as `open_secrets` takes them.

    UTF-16 stays UTF-16, looked at as UTF-8: positions in `more` count bytes of that. `cut` says what the items of a
    list are, where they may be known.

    Raises:
        BadInput: it holds more secrets than any export does.
    """
    if is_utf16(data):
        plain = cover(loosened(data), fingerprint, name=name, more=more)
        return replace(plain, data=tightened(plain.data, data)) if plain.kinds else Covered(data=data)
    kinds: list[str] = []
    spans = open_secrets(data, name, more=more, items=cut(data) if cut is not None else None)
    for _ in range(_PASSES):
        if not spans:
            break
        if len(spans) > MOST:
            raise BadInput(f"it holds more than {MOST:,} likely secrets: that is no export of a tool")
        kinds += [span.kind for span in spans]
        data = _replaced(data, spans, fingerprint)
        spans = open_secrets(data, name, items=cut(data) if cut is not None else None)
    return Covered(data=data, kinds=tuple(kinds))


def _replaced(data: bytes, spans: list[Span], fingerprint: Fingerprint) -> bytes:
    parts: list[bytes] = []
    at = 0
    for span, quoted in _in_strings(data, spans) if is_json(data) else ((span, False) for span in spans):
        secret = data[span.start : span.end]
        word = mark(span.kind, fingerprint(secret)).encode()
        parts += [data[at : span.start], b'"%s"' % word if quoted else word, b"\n" * secret.count(b"\n")]
        at = span.end
    return b"".join([*parts, data[at:]])


def _in_strings(data: bytes, spans: list[Span]) -> Iterator[tuple[Span, bool]]:
    """Yield each span confined to the JSON string it begins in; a bare number or word is to be quoted (True)."""
    tokens = _STRING.finditer(data)
    token = next(tokens, None)
    done = 0
    for span in spans:
        while token is not None and token.end() <= span.start:
            token = next(tokens, None)
        if token is not None and token.start() < span.start:
            end = min(span.end, token.end() - 1)
            slashes = len(data[span.start : end]) - len(data[span.start : end].rstrip(b"\\"))
            end -= slashes % 2  # never half an escape
            if end > span.start >= done:
                yield Span(start=span.start, end=end, kind=span.kind), False
                done = end
        elif span.start >= done and (scalar := _SCALAR.match(data, span.start)):
            yield Span(start=span.start, end=scalar.end(), kind=span.kind), True
            done = scalar.end()
