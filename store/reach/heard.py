"""What somebody outside said, on its way to a screen, a log or an entry: short, and without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from store.domain.secrets import redact

_MOST: Final = 300
_MOST_READ: Final = 64 * 1024
_SHORTEST: Final = 6
"""Letters of a handed over value, or of a line of it, that are looked for: what is shorter stands everywhere."""
_HANDED: Final = "[redacted: handed over]"


def heard(text: object, *, handed: Iterable[str] = ()) -> str:
    """Return what was said, without secrets and at most 300 characters of it.

    `handed` are values that whoever speaks was given to use. They are secrets whatever they look like.
    """
    said = str(text)[:_MOST_READ]
    for needle in _needles(handed):
        said = said.replace(needle, _HANDED)
    return redact(said)[:_MOST]


def tells(text: str, handed: Iterable[str]) -> bool:
    """Say whether a value that was handed over stands in a text."""
    return any(needle in text for needle in _needles(handed))


def status_words(status: int) -> str:
    """Return a status of HTTP with the words of the standard; those that came with it may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _needles(handed: Iterable[str]) -> list[str]:
    """Return values and their lines, the longest first: a key of many lines is said line by line."""
    lines = {line.strip() for value in handed for line in (value, *value.splitlines())}
    return sorted((line for line in lines if len(line) >= _SHORTEST), key=len, reverse=True)
