"""What stands in the place of a sealed secret: a word that any format can hold, that says what was there.

`SEALED-github-token-k5x2m7q4wd`: no character in it means anything to JSON, YAML, XML, a URL or a shell. Its last part
is a keyed fingerprint: the same secret gives the same mark in one workspace, another secret another one, and nobody
without the workspace's key can tell more from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

Fingerprint: TypeAlias = Callable[[bytes], str]
"""A secret → ten letters of `a-z2-7` that are its own in this workspace."""

MARK: Final = re.compile(rb"SEALED-(?P<kind>[a-z0-9-]{1,40})-(?P<print>[a-z2-7]{10})(?![A-Za-z0-9_-])")
_MARK_TEXT: Final = re.compile(MARK.pattern.decode())
_START: Final = b"SEALED-"
_LETTERS: Final = [b"S", b"E", b"A", b"L", b"E", b"D", b"-"]


def mark(kind: str, fingerprint: str) -> str:
    """Return the mark of a secret of this kind."""
    slug = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")[:40].strip("-") or "secret"
    return f"SEALED-{slug}-{fingerprint}"


def is_marked(data: bytes) -> bool:
    """Say at a glance whether marks may stand in `data`."""
    return _START in data


def marks(data: bytes) -> list[tuple[int, int, str]]:
    """Return (start, end, kind of secret) of every mark, in order; positions count bytes."""
    if _START not in data:
        return []
    return [(match.start(), match.end(), match["kind"].decode().replace("-", " ")) for match in MARK.finditer(data)]


def fingerprints(data: bytes) -> tuple[str, ...]:
    """Return the fingerprints in the marks of `data`, each once, in order."""
    return tuple(dict.fromkeys(match["print"].decode() for match in MARK.finditer(_readable(data))))


def sealed_kinds(data: bytes) -> frozenset[str]:
    """Return the kinds of secrets in the marks of a document, or of an archive whose members are not compressed."""
    return frozenset(kind for _, _, kind in marks(_readable(data)))


def _readable(data: bytes) -> bytes:
    """Return a text in which marks can be told: of UTF-16, wherever it stands, every other byte of a mark is zero."""
    return data.replace(b"\0", b"") if b"\0".join(_LETTERS) in data else data


def is_another_secret(old: str, new: str) -> bool:
    """Say whether two texts differ in nothing but which secrets stand sealed in them."""
    return (
        old != new and bool(_MARK_TEXT.search(old)) and _MARK_TEXT.sub("SEALED", old) == _MARK_TEXT.sub("SEALED", new)
    )
