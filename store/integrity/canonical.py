"""RFC 8785, the JSON Canonicalization Scheme: one value, one sequence of bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, TypeAlias, cast

import orjson

from store.errors import BadInput

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_DEPTH = 240
"""Deeper than strict_json reads (components wrap documents), below the 254 levels where orjson stops."""

MAX_SAFE_INTEGER = 2**53 - 1
_ORJSON_FLOATS = (1e-3, 1e15)
"""Between these, a float with a fraction is written by orjson exactly as ECMAScript does: plain digits."""
_EXACT: Final[frozenset[type]] = frozenset({str, bool, type(None), int})
"""Types of which orjson writes every value as RFC 8785 wants it, or refuses it."""
_WRITTEN: Final = _EXACT | {float, dict, list}
_RECORDED: Final = _EXACT | {dict, list}
"""Types of which every value may be recorded, as far as its type tells."""
_RECORDING: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
"""Refuses integers beyond ±(2^53−1)."""


def canonical_bytes(value: object) -> bytes:
    """Return the RFC 8785 bytes of `value`: None, bool, int, float, str, list or tuple, dict with str keys.

    One deviation, needed to digest what platforms really export: an integer beyond ±(2^53−1) keeps all its
    decimal digits, where RFC 8785 (section 3.2.2.3) would round it to a double or refuse it.

    Raises:
        BadInput: NaN, infinity, a lone surrogate, a key that is no string, nesting beyond `MAX_DEPTH`, or a
            type JSON does not have.
    """
    if _is_plain(value, MAX_DEPTH, _WRITTEN):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            pass  # an integer beyond 64 bits, or a lone surrogate: the exact writer tells them apart
    parts: list[str] = []
    _write(value, parts.append, MAX_DEPTH)
    return "".join(parts).encode()


def entry_bytes(value: object) -> bytes:
    """Return the RFC 8785 bytes of what a statement or an entry may hold.

    Stricter than `canonical_bytes`: no floating-point numbers, integers within ±(2^53−1), ASCII keys.

    Raises:
        BadInput: one line naming the place (`/data/count`) and what must not stand there.
    """
    if _is_plain(value, MAX_DEPTH, _RECORDED):
        try:
            return orjson.dumps(value, option=_RECORDING)
        except orjson.JSONEncodeError:
            pass  # an integer that is too large, or half a character
    _check_entry_value(value, "", MAX_DEPTH)  # more slowly: it says what stands where
    raise BadInput("a lone surrogate (half a character) cannot be recorded")


def _is_plain(value: object, depth: int, allowed: frozenset[type]) -> bool:
    """Say whether `value` is of `allowed` types only, and orjson with sorted keys writes it as RFC 8785 wants it.

    False where it might not; integers are left to orjson. Only containers cost a call.
    """
    children: Iterable[object]
    if type(value) is dict:
        # orjson sorts by code point, RFC 8785 by UTF-16 unit: they part above U+D7FF. ASCII is safe.
        try:
            if not "".join(value).isascii():
                return False
        except TypeError:  # a key that is no text
            return False
        children = value.values()
    elif type(value) is list:
        children = value
    else:
        children, depth = (value,), depth + 1
    if depth == 0:
        return False
    for child in children:  # a plain loop: most containers are short, and building sets of their types took longer
        kind = type(child)
        if kind in _EXACT:
            continue
        if kind not in allowed:
            return False
        if kind is float:
            number = cast("float", child)
            if not _ORJSON_FLOATS[0] <= abs(number) < _ORJSON_FLOATS[1] or number.is_integer():
                return False
        elif not _is_plain(child, depth - 1, allowed):
            return False
    return True


def _write(value: object, out: Callable[[str], None], depth: int) -> None:
    match value:
        case None:
            out("null")
        case bool():
            out("true" if value else "false")
        case str():
            out(_text(value))
        case int():
            out(_integer(value))
        case float():
            out(_number(value))
        case dict() | list() | tuple() if depth == 0:
            raise BadInput(f"more than {MAX_DEPTH} arrays and objects inside each other")
        case dict():
            _write_object(cast("dict[object, object]", value), out, depth - 1)
        case list() | tuple():
            separator = "["
            for child in value:
                out(separator)
                _write(child, out, depth - 1)
                separator = ","
            out("]" if value else "[]")
        case _:
            raise BadInput(f"JSON has no {type(value).__name__}")


def _write_object(value: dict[object, object], out: Callable[[str], None], depth: int) -> None:
    separator = "{"
    for key in sorted(value, key=_utf16):
        out(separator)
        out(_text(cast("str", key)))
        out(":")
        _write(value[key], out, depth)
        separator = ","
    out("}" if value else "{}")


def _utf16(key: object) -> bytes:
    """Return what RFC 8785 section 3.2.3 sorts by: the key's UTF-16 code units."""
    if not isinstance(key, str):
        raise BadInput(f"a JSON key must be text, not {type(key).__name__}")
    try:
        return key.encode("utf-16-be")
    except UnicodeEncodeError:
        raise BadInput("a key holds a lone surrogate (half a character)") from None


def _text(value: str) -> str:
    """Return the string with the minimal escapes of RFC 8785 section 3.2.2.2, which are orjson's."""
    try:
        return orjson.dumps(str.__str__(value)).decode()
    except orjson.JSONEncodeError:
        raise BadInput("a text holds a lone surrogate (half a character)") from None


def _integer(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:
        raise BadInput("an integer has too many digits to be written") from None


def _number(value: float) -> str:
    """Return the number as ECMAScript's Number::toString does (RFC 8785 section 3.2.2.3)."""
    if not math.isfinite(value):
        raise BadInput("NaN and infinity are not JSON numbers")
    if value == 0:
        return "0"
    # repr() gives the shortest digits that read back to the same double; only the layout is ours.
    sign, digits, exponent = Decimal(float.__repr__(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + cast("int", exponent)  # value = 0.text × 10^point
    if len(text) <= point <= 21:
        text = text.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        text = f"{text[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if sign else text


def _check_entry_value(value: object, where: str, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_SAFE_INTEGER <= cast("int", value) <= MAX_SAFE_INTEGER:
            raise BadInput(f"{where or '/'}: an integer beyond 2^53−1 is recorded as text")
        return
    if (kind is dict or kind is list) and depth == 0:
        raise BadInput(f"more than {MAX_DEPTH} arrays and objects inside each other")
    if kind is dict:
        for key, child in cast("dict[object, object]", value).items():
            if type(key) is not str or not key.isascii():
                raise BadInput(f"{where or '/'}: a key must be ASCII text, not {ascii(key)[:40]}")
            _check_entry_value(child, f"{where}/{key}", depth - 1)
    elif kind is list:
        for position, child in enumerate(cast("list[object]", value)):
            _check_entry_value(child, f"{where}/{position}", depth - 1)
    else:
        what = "a floating-point number" if kind is float else f"a {kind.__name__}"
        raise BadInput(f"{where or '/'}: {what} cannot be recorded")
