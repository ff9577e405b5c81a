"""Sends a terminal only the cells that are other than what it shows: over ssh every byte is waited for.

Textual draws a widget's whole region anew when it changes: a preview of forty lines for one changed number. This
remembers what was sent and leaves out what is there already. Whatever cannot be relied on is sent whole: the first
picture, every full one, and any line with characters over whose width terminals disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell: TypeAlias = tuple[str, Style | None]
_BRIDGE: Final = 8
"""Unchanged cells between two changed ones that cost less than a jump over them."""
_RESET: Final = ("0",)
_JOINED: Final = re.compile("[\u200d\ufe0e\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Joiners, variants, flags and skin tones: some terminals draw one picture, some several."""


class Written(CompositorUpdate):
    """An update that is text already."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.text, None, [])

    def render_segments(self, _console: Console) -> str:
        return self.text


class Picture:
    """What the terminal shows, as far as it is known; one a terminal."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Cell | None]] = {}

    def forget(self) -> None:
        """Assume nothing any more: the terminal was resized, or something else wrote into it."""
        self._lines.clear()

    def sparing(self, update: RenderableType | None, console: Console) -> RenderableType | None:
        """Return what to send instead of `update`, None when all of it is there; it must be sent then."""
        match update:
            case None:
                return None
            case ChopsUpdate():
                pen = _Pen(console)
                for y, x, strip in _pieces(update):
                    self._draw(pen, y, x, strip)
                return Written(pen.text()) if pen.parts else None
            case LayoutUpdate():
                self.forget()
                for y, strips in enumerate(update.strips, update.region.y):
                    self._note(y, update.region.x, _cells(part for strip in strips for part in strip))
                return update
            case _:
                self.forget()
                return update

    def _draw(self, pen: _Pen, y: int, x: int, strip: Strip) -> None:
        new = _cells(strip)
        old = self._lines.get(y, [])[x : x + len(new)]
        if old == new:
            return
        if len(old) == len(new) and _is_plain(old) and _is_plain(new):
            for start, end in _runs(old, new):
                pen.put(y, x + start, new[start:end])
        else:
            pen.put(y, x, new)
        self._note(y, x, new)

    def _note(self, y: int, x: int, cells: Sequence[Cell]) -> None:
        line = self._lines.setdefault(y, [])
        line += [None] * (x + len(cells) - len(line))
        line[x : x + len(cells)] = cells
        if any(text and not text.isascii() and _is_unsure(text) for text, _ in cells):
            self._lines.pop(y)
            self._lines.pop(y + 1, None)  # where it takes more cells than thought, it goes on there


class _Pen:
    """Writes cells, and of each style only what differs from the one before."""

    def __init__(self, console: Console) -> None:
        self.parts: list[str] = []
        self._system = console._color_system  # the private name is what Textual's own `Strip.render` reads
        self._codes: tuple[str, ...] = _RESET

    def put(self, y: int, x: int, cells: Sequence[Cell]) -> None:
        self.parts.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style in cells:
            codes = _codes(style, self._system)
            if codes != self._codes:
                self.parts.append(_change(self._codes, codes))
                self._codes = codes
            self.parts.append(text)

    def text(self) -> str:
        return "".join([*self.parts, "" if self._codes == _RESET else "\x1b[0m"])


def _pieces(update: ChopsUpdate) -> Iterable[tuple[int, int, Strip]]:
    """Yield what the update draws (line, column, strip), as its own `render_segments` takes it."""
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            whole = x1 <= x < x2 and end <= x2
            yield y, x, strip if whole else strip.crop(0, min(end, x2) - x)


def _cells(segments: Iterable[Segment]) -> list[Cell]:
    """Return a cell for each column; what is wider stands in its first one and leaves the others empty."""
    cells: list[Cell] = []
    for text, style, control in segments:
        if control:
            continue
        if text.isascii():
            cells += [(character, style) for character in text]
            continue
        if _is_unsure(text):
            cells += [(text, style), *[("", style)] * (cell_len(text) - 1)]
            continue
        for character in text:
            wide = cell_len(character)
            if wide:
                cells += [(character, style), *[("", style)] * (wide - 1)]
            elif cells:  # an accent belongs to the letter before
                cells[-1] = (cells[-1][0] + character, cells[-1][1])
    return cells


def _is_unsure(text: str) -> bool:
    """Say whether terminals disagree over how many cells a text takes."""
    return _JOINED.search(text) is not None or sum(map(cell_len, text)) != cell_len(text)


def _is_plain(cells: Sequence[Cell | None]) -> bool:
    return all(cell is not None and len(cell[0]) == 1 for cell in cells)


def _runs(old: Sequence[Cell | None], new: Sequence[Cell]) -> Iterable[tuple[int, int]]:
    """Yield where `new` differs from `old`, as (start, end), near ones joined."""
    changed = [i for i, (before, after) in enumerate(zip(old, new, strict=True)) if before != after]
    start = changed[0]
    for one, following in pairwise([*changed, changed[-1] + _BRIDGE + 2]):
        if following - one > _BRIDGE:
            yield start, one + 1
            start = following


@lru_cache(maxsize=4_096)
def _codes(style: Style | None, system: ColorSystem | None) -> tuple[str, ...]:
    """Return the SGR parameters of a style, each colour as one."""
    sent = style.render("x", color_system=system) if style is not None else "x"
    if not sent.startswith("\x1b["):
        return _RESET
    parameters = sent[2 : sent.index("m")].split(";")
    codes: list[str] = []
    while parameters:
        count = {"5": 3, "2": 5}.get(parameters[1], 1) if parameters[0] in {"38", "48"} and parameters[1:] else 1
        codes.append(";".join(parameters[:count]))
        del parameters[:count]
    return tuple(codes)


@lru_cache(maxsize=4_096)
def _change(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    """Return the shortest sequence from one style to another."""
    if new == _RESET:
        return "\x1b[0m"
    if old == _RESET:
        return f"\x1b[{';'.join(new)}m"
    added = [code for code in new if code not in old]
    gone = {_slot(code) for code in old} - {_slot(code) for code in new}
    return f"\x1b[{';'.join(added)}m" if not gone else f"\x1b[0;{';'.join(new)}m"


def _slot(code: str) -> str:
    """Return what a code sets: the letters' colour, the ground, or an attribute of its own."""
    number = int(code.partition(";")[0])
    if number == 38 or 30 <= number <= 37 or 90 <= number <= 97:
        return "letters"
    if number == 48 or 40 <= number <= 47 or 100 <= number <= 107:
        return "ground"
    return code
