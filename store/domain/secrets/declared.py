"""Values that stand beside the word that they are secret: a `secureString` with a default, a constant named `token`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from store.domain.secrets.names import secret_kind
from store.domain.secrets.places import fields
from store.domain.secrets.shapes import Span
from store.domain.secrets.values import is_placeholder

_PLAIN: Final = (b'"securestring"', b'"secureobject"', b'"constant"', b'"constantvariable"')
_ESCAPED: Final = (b'"securestring\\', b'"secureobject\\')
DECLARED: Final = (*_PLAIN, *_ESCAPED)
"""Without any of these, in whatever case, nothing is declared a secret."""
_IN_A_STRING: Final = re.compile(
    rb'(?P<quote>\\{1,7}")type(?P=quote)[\s\\]{0,20}?:[\s\\]{0,20}?(?P=quote)secure(?:string|object)(?P=quote)',
    re.IGNORECASE,
)
"""A declaration in JSON that is a string of other JSON: a template that was pasted into an action."""
_REACH: Final = 1_000
_LONGEST: Final = 4_096
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],]', re.DOTALL)
_DEEPEST: Final = 1_000
"""Objects and lists in one another; what goes deeper is no export, and refused as such."""
_Members: TypeAlias = dict[bytes, tuple[int, int]]
"""Where the value of each name begins and ends."""
_BARE: Final = (0, 0)
"""Stands for where a number or a word does, which nobody asks about."""


@dataclass(slots=True)
class _Open:
    """An object or a list whose end was not reached yet."""

    start: int
    members: _Members | None
    """None in a list."""
    key: bytes | None = field(default=None)


def declared(data: bytes) -> Iterator[Span]:
    """Yield the values in JSON that a parameter's type or a variable's name declares to be secret. Linear time."""
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return
    lowered = data.lower()
    if any(word in lowered for word in _ESCAPED):  # much quicker than the whole expression
        for declaration in _IN_A_STRING.finditer(data):
            yield from _given_in_a_string(data, declaration)
    if not any(word in lowered for word in _PLAIN):
        return
    for members in _objects(data):
        kind = _string(data, members, b"type").lower()
        if kind in {b"securestring", b"secureobject"}:
            yield from _given(data, members)
        elif b"query" in members:
            yield from _constants(data, members)


def _objects(data: bytes) -> Iterator[_Members]:
    """Yield every object of a JSON text, inner ones first; of what is no JSON at most some of them."""
    stack: list[_Open] = []
    for token in _TOKEN.finditer(data):
        sign = data[token.start()]
        here = stack[-1] if stack else None
        if sign in b"{[":
            if len(stack) > _DEEPEST:
                return
            stack.append(_Open(token.start(), {} if sign in b"{" else None))
        elif sign in b"}]":
            if here is None:
                return
            stack.pop()
            if here.members is not None:
                yield here.members
            if stack:
                _hold(stack[-1], here.start, token.end())
        elif here is None or here.members is None:
            continue
        elif sign in b",":
            here.key = None
        elif here.key is None:
            here.key = token[0][1:-1]
            here.members[here.key] = _BARE
        else:
            _hold(here, token.start(), token.end())


def _hold(outer: _Open, start: int, end: int) -> None:
    if outer.members is not None and outer.key is not None:
        outer.members[outer.key] = (start, end)


def _given(data: bytes, members: _Members) -> Iterator[Span]:
    """Yield the value, or the default, of a parameter of Azure's that is to be kept secret."""
    for name in (b"defaultValue", b"value"):
        start, end = members.get(name, _BARE)
        if data[start : start + 1] == b'"':
            value = data[start + 1 : end - 1]
            if value and not is_placeholder(value.decode("utf-8", "replace")):
                yield Span(start=start + 1, end=end - 1, kind="secure parameter")
        elif end:
            yield from fields(data, start + 1)


def _given_in_a_string(data: bytes, declaration: re.Match[bytes]) -> Iterator[Span]:
    """Yield the values beside a declaration, up to the next brace on both sides; all quotes have the same escapes."""
    start, end, quote = declaration.start(), declaration.end(), declaration["quote"]
    begin = max(0, start - _REACH)
    begin = max(begin, data.rfind(b"{", begin, start), data.rfind(b"}", begin, start))
    stop = min(end + _REACH, len(data))
    stop = min((at for brace in b"{}" if (at := data.find(brace, end, stop)) >= 0), default=stop)
    for name in (b"defaultValue", b"value"):
        named = re.compile(re.escape(quote + name + quote) + rb"[\s\\]{0,20}?:[\s\\]{0,20}?" + re.escape(quote))
        match = named.search(data, begin, stop)
        if match is None:
            continue
        closes = data.find(quote, match.end(), match.end() + _LONGEST)
        while closes > 0 and data[closes - 1 : closes] == b"\\":  # a quote of the value itself has more escapes
            closes = data.find(quote, closes + len(quote), match.end() + _LONGEST)
        value = data[match.end() : closes]
        if closes > 0 and value and not is_placeholder(value.decode("utf-8", "replace")):
            yield Span(start=match.end(), end=closes, kind="secure parameter")


def _constants(data: bytes, members: _Members) -> Iterator[Span]:
    """Yield the value of a dashboard's constant that has the name of a secret, wherever its declaration repeats it."""
    kind, value = _string(data, members, b"type"), _string(data, members, b"query")
    is_constant = kind == b"constant" or (not kind and b"skipUrlSync" in members)  # newer ones tell it further out
    if not is_constant or not value:
        return
    name = _string(data, members, b"name").decode("utf-8", "replace")
    told = secret_kind(name, value.decode("utf-8", "replace"))
    if told is None:
        return
    for place in (b"query", b"current", b"options"):
        start, end = members.get(place, _BARE)
        quoted = b'"%b"' % value
        while (at := data.find(quoted, start, end)) >= 0:
            start = at + len(quoted)
            yield Span(start=at + 1, end=start - 1, kind=told)


def _string(data: bytes, members: _Members, name: bytes) -> bytes:
    start, end = members.get(name, _BARE)
    return data[start + 1 : end - 1] if data[start : start + 1] == b'"' else b""
