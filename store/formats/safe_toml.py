"""TOML as data: bounded in size and depth; what JSON has not (dates, inf) stays a text under its type."""

from __future__ import annotations

import math
import re
import tomllib
from datetime import date, datetime, time
from typing import Any, Final

from store.domain.component import Json
from store.errors import BadInput

MAX_BYTES: Final = 512 * 1024
"""Longer ones are no configuration."""
MAX_DEPTH: Final = 200
MAX_DOTS: Final = 20
"""In one key or table's name: the reader's time grows with the square of them."""

_DEEP_KEY: Final = re.compile(
    rb"""(?:(?<![\w-])[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
    rb"""(?:\.[ \t]*+(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+){21}"""
)
"""More than `MAX_DOTS`."""


def read(data: bytes) -> Json:
    """Return what a TOML document holds; a date comes as `{"!timestamp": "2024-01-02"}`.

    Raises:
        BadInput: one line: no TOML, not UTF-8, too big or too deep.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"TOML: {len(data)} bytes are more than the {MAX_BYTES} that are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"TOML: byte {error.start} is not valid UTF-8") from None
    if _DEEP_KEY.search(data):
        raise BadInput(f"TOML: a name has more than {MAX_DOTS} dots")
    try:
        return _plain(tomllib.loads(text), 1)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"TOML: {' '.join(str(error).split())}") from None
    except ValueError:
        raise BadInput("TOML: a number has more digits than can be read, or a date does not exist") from None
    except RecursionError:
        raise BadInput(f"TOML: more than {MAX_DEPTH} tables and lists inside each other") from None


def _plain(value: Any, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise BadInput(f"TOML: more than {MAX_DEPTH} tables and lists inside each other")
    match value:
        case dict():
            return {key: _plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case datetime() | date() | time():
            return {"!timestamp": value.isoformat()}
        case float() if not math.isfinite(value):
            return {"!float": str(value)}
        case str() | int() | float():
            return value
    raise BadInput(f"TOML: a {type(value).__name__} cannot be kept")
