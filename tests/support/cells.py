"""What a terminal was told to draw, or says it shows, as cells: each its text and how it looks."""

from __future__ import annotations

import re
from typing import TypeAlias

Look: TypeAlias = frozenset[tuple[str, str]]
Cell: TypeAlias = tuple[str, Look]
_SGR = re.compile("\x1b\\[([0-9;:]*)m")
_ATTRIBUTES = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "5": "blink", "7": "reverse", "9": "strike"}
_OFF = {
    "22": ("bold", "dim"),
    "23": ("italic",),
    "24": ("underline",),
    "25": ("blink",),
    "27": ("reverse",),
    "29": ("strike",),
}


def cells(drawn: str) -> list[list[Cell]]:
    """Return the cells of lines of text with SGR sequences; a style goes on over the ends of lines."""
    found: list[list[Cell]] = []
    look: dict[str, str] = {}
    for line in drawn.split("\n"):
        row: list[Cell] = []
        for number, part in enumerate(_SGR.split(line)):
            if number % 2:
                _apply(look, part.replace(":", ";").split(";"))
            else:
                row += [(letter, frozenset(look.items())) for letter in part]
        found.append(row)
    return found


def _apply(look: dict[str, str], codes: list[str]) -> None:
    while codes:
        code, *codes = codes
        slot = {"3": "letters", "4": "ground"}.get(code[:1], "") if len(code) == 2 else ""
        if code in {"", "0"}:
            look.clear()
        elif code in _ATTRIBUTES:
            look[_ATTRIBUTES[code]] = "on"
        elif code in _OFF:
            for name in _OFF[code]:
                look.pop(name, None)
        elif code in {"39", "49"}:
            look.pop(slot, None)
        elif code in {"38", "48"}:
            count = 2 if codes[0] == "5" else 4
            look[slot] = ";".join(codes[:count])
            codes = codes[count:]
        else:
            bright = {"9": "letters", "10": "ground"}.get(code[:-1])
            look[bright or slot] = str(int(code[-1]) + (8 if bright else 0))
