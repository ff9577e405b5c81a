"""Where in a TOML text each key stands. The text was read by tomllib before: only its lines are found here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

Path = tuple[str, ...]

_KEY: Final = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED: Final = re.compile(rf"[ \t]*({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)[ \t]*")
_ONE: Final = re.compile(_KEY)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_PIECE: Final = re.compile(
    r"\"\"\"(?:\\.|[^\\])*?\"\"\"+|'''.*?'''+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|\#[^\n]*|[\[\]{}\n]|[^\[\]{}\n\"'#]+",
    re.DOTALL,
)
"""One token of a value: a string (several lines or one), a comment, a bracket, a line's end, anything else."""


def lines_of(text: str) -> Mapping[Path, int]:
    """Return path → line (the first is 1) of every table and key; of a table in an array, its number is a part."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for at, line in _statements(text):
        if text.startswith("[", at):
            array = text.startswith("[[", at)
            match = _DOTTED.match(text, at + (2 if array else 1))
            table = _numbered(_parts(match[1]), counts) if match else ()
            if array:
                counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, line)
                table = (*table, str(counts[table]))
            found.setdefault(table, line)
        elif match := _DOTTED.match(text, at):
            path = table
            for part in _parts(match[1]):
                path = (*path, part)
                found.setdefault(path, line)
    return found


def _numbered(parts: Path, counts: Mapping[Path, int]) -> Path:
    """Return a header's path with the number of the newest table after each name of an array but the last."""
    path: Path = ()
    for i, part in enumerate(parts):
        path = (*path, part)
        if path in counts and i < len(parts) - 1:
            path = (*path, str(counts[path]))
    return path


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Yield (offset, line) of each header and each `key = value`, with what may go on over lines stepped over."""
    at, line, end = 0, 1, len(text)
    while at < end:
        if text[at] in " \t\r":
            at += 1
        elif text[at] == "\n":
            at, line = at + 1, line + 1
        else:
            if text[at] != "#":
                yield at, line
            at, line = _after(text, at, line)


def _after(text: str, at: int, line: int) -> tuple[int, int]:
    """Return where the statement at `at` ends: at the line's end outside of brackets and strings."""
    depth = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            return len(text), line
        piece = match[0]
        if piece == "\n" and depth <= 0:
            return at, line
        depth += (piece in "[{") - (piece in "]}")
        line += piece.count("\n")
        at = match.end()
    return at, line


def _parts(dotted: str) -> Path:
    return tuple(_unquoted(part) for part in _ONE.findall(dotted))


def _unquoted(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if part.startswith('"'):
        return _ESCAPE.sub(_character, part[1:-1])
    return part


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(match[3], match[3])
