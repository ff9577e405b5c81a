"""Texts and values without their secrets, for people to read."""

from __future__ import annotations

import re
from typing import Final

from store.domain.component import Json
from store.domain.secrets.marks import is_another_secret
from store.domain.secrets.names import secret_kind
from store.domain.secrets.scanning import find

_MARK: Final = "[redacted: {}]"
_SEALED: Final = "SEALED-"
_SHORT: Final = re.compile(r"[A-Za-z0-9._/-]{0,15}|(?!.*(?:basic|bearer) )[A-Za-z0-9 ]{0,15}", re.ASCII | re.IGNORECASE)
"""The names of nearly everything: too short for a secret without a name, and none has one here."""


def redact(text: str) -> str:
    """Return `text` with every open secret replaced by a mark; sealed ones stay. The number of lines is the same."""
    if _SHORT.fullmatch(text):
        return text
    for span in reversed(find(text)):
        if text.startswith(_SEALED, span.start):
            continue
        lost_lines = "\n" * text.count("\n", span.start, span.end)
        text = text[: span.start] + _MARK.format(span.kind) + lost_lines + text[span.end :]
    return text


def redact_value(value: Json, *, name: str = "") -> Json:
    """Return a JSON value without secrets: by shape anywhere, and whole where `name` promises a secret.

    `name` is the object key the value stands under. A `{"name": "X-Api-Key", "value": …}` pair counts as named.
    """
    match value:
        case str():
            kind = secret_kind(name, value)
            return _MARK.format(kind) if kind else redact(value)
        case list():
            return [redact_value(item, name=name) for item in value]
        case dict():
            named = pair_name(value)
            return {
                redact(key): redact_value(item, name=named if key == "value" and named else key)
                for key, item in value.items()
            }
        case _:
            return value


def pair_name(value: Json) -> str:
    """Return the name in a `{"name": …, "value": …}` pair, empty where `value` is no such pair."""
    if isinstance(value, dict) and "value" in value:
        name = value.get("name", value.get("key"))
        return name if isinstance(name, str) else ""
    return ""


__all__ = ["is_another_secret", "pair_name", "redact", "redact_value"]
