r"""The only way text from outside becomes drawable.

A terminal obeys what it is sent: an escape sequence in a flow's name could write the approver's clipboard, a bidi
override could turn a name round, a zero-width character could make two names look alike. So every character that
does not simply show itself is written out as `\u{…}`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len

WIDTH_CAP = 2_000
"""Cells that any one text may take when the caller names no width: a name of a megabyte is not a name."""

_CELLS_OF_ONE_CHARACTER = 12
_MARKS_IN_A_ROW = 2
"""Combining marks kept on one base character; scripts that need marks need no more than this."""

# Printable by Python's tables, yet showing nothing, or changing how a neighbour shows: they are in no category of
# their own, so they stand here by name (Unicode's default ignorables, blank letters, emoji modifiers, flag halves).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)
_PLAIN = re.compile("[ -\\[\\]-~…·–—→▸✓✗]*")
"""What a text nearly always is: one cell for one character, none of which is ever written otherwise.

Without the backslash: a stand-in must not be cut apart.
"""
_STAND_IN = re.compile(r"(\\u\{[0-9a-f]{1,6}\})")
_SCRIPTS_THAT_MIX = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "LATIN", "BOPOMOFO"})


def display(text: str, width: int | None = None) -> str:
    r"""Return `text` in one safe line of at most `width` cells (default `WIDTH_CAP`).

    NFC; every control, format, surrogate, private, unassigned and line-separating character, every blank other than
    the plain space, every invisible letter and every third combining mark in a row is written as `\u{…}`. Text that
    is too wide loses its middle (`refund-app…-prod`): both ends of a name tell names apart. Displaying a displayed
    text changes nothing.
    """
    limit = WIDTH_CAP if width is None else max(width, 0)
    if text.isascii() and text.isprintable() and (len(text) <= limit or "\\u{" not in text):
        return text if len(text) <= limit else _cut_ascii(text, limit)
    # A character takes at least a fraction of a cell: this much text is certainly too wide, so the middle can go
    # before the costly part and a name of many megabytes costs no more than a long one.
    most = limit * _CELLS_OF_ONE_CHARACTER + 64
    if len(text) > 2 * most:
        text = text[:most] + text[-most:]
    return _shown(text, limit)


@lru_cache(maxsize=4_096)
def _shown(text: str, limit: int) -> str:
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    pieces = _pieces(text)
    whole = "".join(pieces)
    return whole if cell_len(whole) <= limit else _cut(pieces, limit)


def cell_count(text: str) -> int:
    """Return how many cells of the screen a displayed text takes."""
    return len(text) if text.isascii() or _PLAIN.fullmatch(text) else cell_len(text)


def display_lines(text: str, *, width: int | None = None) -> list[str]:
    """Return `text` as safe lines, split at line feeds (with or without a carriage return), tabs as four spaces.

    For prose and code whose line structure is meant; anything else in it is treated as `display` does.
    """
    lines = text.split("\n")
    if (
        text.isascii()
        and "".join(lines).isprintable()
        and max(map(len, lines)) <= (WIDTH_CAP if width is None else width)
    ):
        return lines  # thousands of lines of an ordinary export, looked at once
    return [display(line.removesuffix("\r").expandtabs(4), width) for line in lines]


def writable(text: str) -> str:
    """Return `text` as a person may write it: lines and tabs stay (as spaces), what does not show itself is left out.

    For what is typed or pasted into a form: what stands there is what is signed.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    plain = unicodedata.normalize("NFC", lines)
    if plain.isascii() and plain.replace("\n", "").isprintable():
        return plain
    return "".join(one for one in plain if one == "\n" or _shows_itself(one))


def hidden(text: str) -> int:
    """Return how many characters of `text` do not show themselves (what a "3 hidden characters" badge counts)."""
    if text.isascii() and text.isprintable():
        return 0
    return sum(1 for character in unicodedata.normalize("NFC", text) if not _shows_itself(character))


def scripts(text: str) -> tuple[str, ...]:
    """Return the scripts that the letters of `text` come from, sorted, in words (`Cyrillic`, `Latin`)."""
    found = {unicodedata.name(c, "UNKNOWN").split(" ", 1)[0].split("-")[0] for c in text if c.isalpha()}
    return tuple(sorted(name.capitalize() for name in found))


def suspicions(text: str) -> tuple[str, ...]:
    """Return what a reviewer should know about a name before trusting their eyes, in words; empty for most names."""
    found: list[str] = []
    count = hidden(text)
    if count:
        found.append(f"{count} hidden character{'s' if count > 1 else ''}")
    mixed = {script for word in re.findall(r"[^\W\d_]+", text) for script in _mixture(word)}
    if mixed:
        found.append(f"mixes {' and '.join(sorted(mixed))} letters in one word")
    return tuple(found)


def _mixture(word: str) -> tuple[str, ...]:
    found = scripts(word)
    if len(found) < 2 or {script.upper() for script in found} <= _SCRIPTS_THAT_MIX:
        return ()
    return found


def _shows_itself(character: str) -> bool:
    return character.isprintable() and not _INVISIBLE.match(character)


def _stand_in(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _pieces(text: str) -> list[str]:
    """Return `text` as units that must not be cut apart: a character with its marks, or one stand-in."""
    pieces: list[str] = []
    for position, part in enumerate(_STAND_IN.split(unicodedata.normalize("NFC", text))):
        pieces.extend([part] if position % 2 else _characters(part))
    return pieces


def _characters(text: str) -> list[str]:
    pieces: list[str] = []
    marks = _MARKS_IN_A_ROW  # a mark at the very beginning has nothing to stand on
    for character in text:
        if not _shows_itself(character):
            pieces.append(_stand_in(character))
            marks = _MARKS_IN_A_ROW
        elif unicodedata.category(character) in {"Mn", "Me"} or cell_len(character) == 0:
            if marks < _MARKS_IN_A_ROW:
                pieces[-1] += character
                marks += 1
            else:
                pieces.append(_stand_in(character))
        else:
            pieces.append(character)
            marks = 0
    return pieces


def _cut_ascii(text: str, limit: int) -> str:
    if limit <= 1:
        return "…"[:limit]
    head = limit // 2
    tail = limit - head - 1
    return f"{text[:head]}…{text[len(text) - tail :]}"


def _cut(pieces: list[str], limit: int) -> str:
    if limit <= 1:
        return "…"[:limit]
    head = _fitting(pieces, limit // 2)
    tail = _fitting(pieces[::-1], limit - limit // 2 - 1)
    # what was cut once already says so once
    return "".join(pieces[:head]).rstrip("…") + "…" + "".join(pieces[len(pieces) - tail :]).lstrip("…")


def _fitting(pieces: list[str], limit: int) -> int:
    """Return how many of the first `pieces` fit into `limit` cells."""
    used = 0
    for count, piece in enumerate(pieces):
        used += cell_len(piece)
        if used > limit:
            return count
    return len(pieces)
