"""Reading JSON without believing it: one meaning per document, or a refusal."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, cast

import orjson

from store.errors import BadInput
from store.integrity.canonical import Json
from store.integrity.utf16 import as_utf8, is_utf16

MAX_DEPTH = 200
"""How many arrays and objects may stand inside each other."""

MAX_VALUES = 1_000_000
"""How many members and items a document may hold: each takes some 150 bytes as long as it is looked at."""

MAX_MEMBERS = 500_000
"""How many of them one object may hold: unlike items, and the few keys of many objects, no two keys are alike."""

_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 40
_CHUNK = 1024 * 1024
_MOST_QUICK_BYTES = 16 * 1024 * 1024
_MOST_QUICK_VALUES = 500_000

_ORJSON_DEPTH = 254
"""How deep orjson writes; a value inside this many lists less `MAX_DEPTH` is written only where it may be read."""
_OPEN = b"[" * (_ORJSON_DEPTH - MAX_DEPTH)
_FRACTIONAL = re.compile(rb"[:\[,\s]-?[0-9]+[.eE]")
_BEFORE_NUMBER = b":[,"
_IN_FLOAT = b".eE"
_FLOAT_SIGNS = bytes(0x2C if byte in _BEFORE_NUMBER else 0x2E if byte in _IN_FLOAT else byte for byte in range(256))
_DIGITS = b"-0123456789"
_BLANKS = b" \t\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One JSON document that every reader would understand alike."""

    value: Json = field(repr=False)
    has_float: bool
    """Some number may be written with a fraction or an exponent; False is certain, a text may look like one."""


def parse(data: bytes) -> Document:
    """Return the one document that `data` is: RFC 8259 in UTF-8 (a byte order mark is skipped), or UTF-16 with one.

    Refused, because readers would disagree or break: nesting deeper than `MAX_DEPTH`, more than `MAX_VALUES`
    members and items or `MAX_MEMBERS` in one object, a key twice in one object, `NaN` and `Infinity`, numbers too
    large for a double, lone surrogates, UTF-16 without its mark, trailing garbage.
    Integers of any size are kept, up to Python's digit limit.

    Raises:
        BadInput: one line that says what is wrong and where.
    """
    data = as_utf8(data)
    # The quick reader takes its memory before anybody has counted: it is for what is surely small.
    plain = _parse_plain(data) if len(data) <= _MOST_QUICK_BYTES and not _is_dense(data) else None
    return plain if plain is not None else _parse_any(data)


def _is_dense(data: bytes) -> bool:
    """Say whether a document may hold more values than the quick reader is for; each takes a byte at least."""
    if len(data) <= _MOST_QUICK_VALUES:
        return False
    return data.count(b"[") + data.count(b"{") + data.count(b",") > _MOST_QUICK_VALUES


def _parse_plain(data: bytes) -> Document | None:
    r"""Return what `data` is where it surely has one meaning: what orjson read, it writes again, byte for byte.

    Where it is laid out otherwise, the two are compared without blanks. Inside a string these cannot hide anything:
    a member that orjson dropped, because its key stood twice, had more than blanks to it.

    None: only the other way can say.
    """
    if data[:1] not in {b"[", b"{"}:
        return None
    try:
        value = orjson.loads(data)
        nested = value
        for _ in range(len(_OPEN)):
            nested = [nested]
        written = orjson.dumps(nested)[len(_OPEN) : -len(_OPEN)]
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if written != data and data.translate(None, _BLANKS) != written.translate(None, _BLANKS):
        return None
    return Document(value=value, has_float=_may_hold_float(written))


def _may_hold_float(written: bytes) -> bool:
    """Say whether JSON without blanks may hold a float; without its digits one would begin with its point."""
    return b",." in written.translate(_FLOAT_SIGNS, _DIGITS) and _FRACTIONAL.search(written) is not None


def _parse_any(data: bytes) -> Document:
    text = _decode(data)
    _check_shape(data)
    floats: list[None] = []

    def number(digits: str) -> float:
        floats.append(None)
        value = float(digits)
        if math.isinf(value):
            raise BadInput(f"JSON: the number {_shown(digits)} is too large")
        return value

    try:
        value = cast(
            "Json",
            json.loads(text, object_pairs_hook=_object, parse_float=number, parse_constant=_refuse_constant),
        )
    except json.JSONDecodeError as error:
        raise BadInput(f"JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError:
        raise BadInput("JSON: an integer has more digits than can be read") from None
    except RecursionError:
        # Only when the caller's own stack is almost used up: MAX_DEPTH is far below Python's limit.
        raise BadInput("JSON: nested too deeply to be read here") from None
    if _SURROGATE_ESCAPE.search(data):
        _refuse_lone_surrogates(value)
    return Document(value=value, has_float=bool(floats))


def _decode(data: bytes) -> str:
    if is_utf16(data):
        raise BadInput("JSON: it is not valid UTF-16, as its byte order mark promises: damaged or cut off")
    if b"\0" in data[:4]:
        raise BadInput(
            "JSON: the text is UTF-32, or UTF-16 without a byte order mark; UTF-8 is read, and UTF-16 with one "
            "(`iconv -f UTF-16LE -t UTF-8 FILE > NEW` converts it)"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"JSON: byte {error.start} is not valid UTF-8") from None


def _check_shape(data: bytes) -> None:
    """Refuse what would take too much memory or stack, before any of it is built."""
    openings = data.count(b"[") + data.count(b"{")
    if openings <= MAX_DEPTH and openings + data.count(b",") <= MAX_VALUES:
        return
    values = depth = 0
    for outside in _outside_strings(data):
        values += outside.count(b",") + outside.count(b"[") + outside.count(b"{")
        if values > MAX_VALUES:
            raise BadInput(f"JSON: more than {MAX_VALUES:,} members and items")
        for byte in outside.translate(None, _NOT_BRACKETS):
            # `[` and `{` have bit 1 set, `]` and `}` have not (0x5B 0x7B, 0x5D 0x7D).
            depth += 1 if byte & 2 else -1
            if depth > MAX_DEPTH:
                raise BadInput(f"JSON: more than {MAX_DEPTH} arrays and objects inside each other")


def _outside_strings(data: bytes) -> Iterator[bytes]:
    """Yield what stands outside of strings, some of it at a time: it may be made of millions of pieces."""
    # In JSON a backslash stands inside strings only; without escapes, every other piece between quotes is a string.
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in data else data
    inside = 0
    for begin in range(0, len(plain), _CHUNK):
        pieces = plain[begin : begin + _CHUNK].split(b'"')
        yield b"".join(pieces[inside::2])
        inside = (inside + len(pieces) - 1) % 2


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(pairs) > MAX_MEMBERS:
        raise BadInput(f"JSON: an object of more than {MAX_MEMBERS:,} members")
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadInput(f"JSON: the key {_shown(key)} stands twice in one object")
            seen.add(key)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise BadInput(f"JSON: {name} is not a JSON number")


def _refuse_lone_surrogates(value: Json) -> None:
    r"""Raise when a `\\uD800`-style escape stayed alone; paired ones have become one character by now."""
    todo: list[tuple[str, Json]] = [("", value)]
    while todo:
        where, item = todo.pop()
        if isinstance(item, str):
            if _SURROGATE.search(item):
                raise BadInput(f"JSON: half a character (a lone surrogate) at {where or '/'}")
        elif isinstance(item, list):
            todo += [(f"{where}/{position}", child) for position, child in enumerate(item)]
        elif isinstance(item, dict):
            for key, child in item.items():
                if _SURROGATE.search(key):
                    raise BadInput(f"JSON: half a character (a lone surrogate) in a key at {where or '/'}")
                todo.append((f"{where}/{key}", child))


def _shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return json.dumps(cut)
