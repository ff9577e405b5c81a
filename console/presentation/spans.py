"""Lines as data: safe text in named tones, ready for any widget, free of markup.

A tone is the name of a meaning (`danger`, `muted`); `TONES` says once how each looks. Colours are theme variables,
so a tone follows the theme down to 16 colours; weight and underline carry what colour cannot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size

from console.presentation.text import cell_count, display

if TYPE_CHECKING:
    from textual.content import Content

TONES: Mapping[str, str] = MappingProxyType(
    {
        "text": "$foreground",
        "strong": "bold $foreground",
        "title": "bold $deck-bright",
        "muted": "$deck-muted",
        "faint": "$deck-faint",
        "ok": "$success",
        "info": "$accent",
        "warn": "$warning",
        "danger": "bold $error",
        "key": "bold $deck-key",
        "own-key": "bold $deck-key",
        "link": "underline $accent",
        "badge-danger": "bold $deck-ink on $error",
        "badge-warn": "bold $deck-ink on $warning",
        "badge-ok": "bold $deck-ink on $success",
        "badge-info": "bold $deck-ink on $accent",
        "badge": "bold $deck-ink on $deck-muted",
        "keycap": "bold $deck-ink on $deck-cap",
        "add": "$deck-add",
        "remove": "$deck-remove",
        "changed": "bold $deck-key",
        "string": "$deck-string",
        "number": "$deck-number",
        "keyword": "$deck-keyword",
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """A run of safe text in one tone. Making one is what makes the text safe."""

    text: str
    tone: str = "text"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", display(self.text))
        if self.tone not in TONES:
            raise KeyError(f"no tone is called {self.tone}")


GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        "cursor": "on $deck-cursor",
        "resting": "on $deck-resting",
        "header": "on $panel",
        "fold": "on $deck-fold",
        "add": "on $deck-add-ground",
        "remove": "on $deck-remove-ground",
        "add-word": "bold underline on $deck-add-word",
        "remove-word": "bold underline on $deck-remove-word",
    }
)
"""What lies behind a whole row: the cursor in a focused list, the cursor of a list without focus, a fold, …"""

_QUOTED_KEY = re.compile("`([^`\\s]{1,2}|esc|enter|tab|space|shift|ctrl\\+[a-z])`")
Line: TypeAlias = tuple[Span, ...]
Cell: TypeAlias = "str | Span | Line"
"""What a table cell or a message may be given; strings become safe on the way."""


def line(*parts: str | Span | tuple[str, str]) -> Line:
    """Return one line from strings (tone `text`), `(string, tone)` pairs and spans."""
    made: list[Span] = []
    for part in parts:
        match part:
            case Span():
                made.append(part)
            case str():
                made.append(Span(part))
            case (words, tone):
                made.append(Span(words, tone))
    return tuple(made)


def keyed(words: str, tone: str = "text") -> Line:
    """Return words in which each key, between backticks (`a`, `esc`), has the tone of one; longer quotes stay."""
    parts = _QUOTED_KEY.split(words)
    return tuple(Span(part, "key" if at % 2 else tone) for at, part in enumerate(parts) if part)


def fact(label: str, *parts: str | Span | tuple[str, str], room: int) -> Line:
    """Return one line of a list of facts: what it is, muted and `room` wide, then what is known; no empty parts."""
    return line((f"{label:<{room}}", "muted"), *(part for part in parts if part))


def as_line(cell: Cell) -> Line:
    """Return what a cell holds as a line."""
    match cell:
        case str():
            return (Span(cell),)
        case Span():
            return (cell,)
        case _:
            return cell


def width(spans: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cell_count(span.text) for span in spans)


def cell_width(cell: Cell) -> int:
    """Return how many cells of the screen the content of a table's cell takes."""
    return cell_count(display(cell)) if isinstance(cell, str) else width(as_line(cell))


def fit(spans: Line, cells: int, *, align: str = "left", middle: bool = True) -> Line:
    """Return the line in exactly `cells` cells: padded on the side away from `align`, or cut with an ellipsis.

    A line of one span is cut in its middle (names), unless `middle` is False; a longer one loses its end.
    """
    used = width(spans)
    if used <= cells:
        blank = Span(" " * (cells - used))
        return (blank, *spans) if align == "right" else (*spans, blank)
    if middle and len(spans) == 1:
        cut = display(spans[0].text, cells)
        return (Span(set_cell_size(cut, cells), spans[0].tone),)
    return _cut_end(spans, cells)


def wrap(spans: Line, cells: int, *, indent: int = 2) -> list[Line]:
    """Return a line broken at blanks into lines of at most `cells` cells; what follows the first is indented.

    A word too long for a line of its own is cut where the line ends; nothing is lost.
    """
    if width(spans) <= cells or cells <= indent + 1:
        return [spans]
    lines: list[list[Span]] = [[]]
    room = cells
    for span in spans:
        for word in _words(span.text):
            left = word
            while cell_len(left.rstrip()) > room:
                if room == cells - (indent if len(lines) > 1 else 0):
                    head = chop_cells(left, room)[0]
                    lines[-1].append(Span(head, span.tone))
                    left = left[len(head) :]
                else:
                    left = left.lstrip()
                lines.append([Span(" " * indent)])
                room = cells - indent
            if cell_len(left) > room:
                left = left.rstrip()  # or a blank that stands over the edge costs a letter where lines are cut
            lines[-1].append(Span(left, span.tone))
            room -= cell_len(left)
    return [tuple(found) for found in lines]


def _words(text: str) -> list[str]:
    """Return words with the blanks that follow them; together they are `text`."""
    return re.findall(r"\s*\S+\s*|\s+", text)


def _cut_end(spans: Line, cells: int) -> Line:
    kept: list[Span] = []
    room = max(cells - 1, 0)
    for span in spans:
        size = cell_len(span.text)
        if size > room:
            kept.append(Span(set_cell_size(span.text, room).rstrip("…") + "…"[:cells], span.tone))  # cut once already
            break
        kept.append(span)
        room -= size
    return tuple(kept)


def content(*lines: Line) -> Content:
    """Return lines as Textual content, one under the other; no markup is ever parsed."""
    from textual.content import Content  # a quarter of a second that the command line need not spend

    return Content("\n").join([Content.assemble(*((span.text, TONES[span.tone]) for span in spans)) for spans in lines])


def plain(spans: Line) -> str:
    """Return a line without its tones."""
    return "".join(span.text for span in spans)
