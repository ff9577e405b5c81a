"""Columns of a table: which are shown at a width, and how wide. Pure, so that 60 and 250 cells are unit tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.presentation.spans import Cell, Line, Span, as_line, fit

GAP = 2
_READABLE = 10
"""Cells below which a cut name says nothing; a column goes before it is cut shorter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column."""

    name: str
    """What the heading says."""
    width: int | None = None
    """Cells; None: as wide as the widest cell, between `least` and `most`."""
    least: int = 1
    most: int = 60
    grow: int = 0
    """Share of the room that is left over; 0: never wider than needed."""
    keep: int = 5
    """How long the column stays when room is short: the lowest goes first, 9 never goes."""
    align: str = "left"
    prose: bool = False
    """Whether cells lose their end when cut (sentences) rather than their middle (names)."""
    tone: str = "text"
    """The tone of plain string cells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: what it is (`key`, what acts are given) and what it shows."""

    key: str
    cells: tuple[Cell, ...]


def layout(columns: Sequence[Column], natural: Sequence[int], room: int) -> tuple[int, ...]:
    """Return the width of every column in `room` cells, 0 for one that is not shown.

    `natural` is the width of each column's widest cell. Columns shrink to `least` before one goes; the one with the
    lowest `keep` (the rightmost among equals) goes first. What is left over goes to growing columns by share, and
    no column grows past what its cells or its `most` need unless it asks to (`grow`).
    """
    wanted = [
        column.width if column.width is not None else max(column.least, min(size, column.most), len(column.name))
        for column, size in zip(columns, natural, strict=True)
    ]
    floor = [
        column.width if column.width is not None else min(want, max(column.least, _READABLE))
        for column, want in zip(columns, wanted, strict=True)
    ]
    shown = list(range(len(columns)))
    while len(shown) > 1 and sum(floor[i] for i in shown) + GAP * (len(shown) - 1) > room:
        goes = min(shown, key=lambda i: (columns[i].keep, -i))
        if columns[goes].keep >= 9:
            break
        shown.remove(goes)
    return _share(columns, wanted, floor, shown, room)


def _share(
    columns: Sequence[Column], wanted: Sequence[int], floor: Sequence[int], shown: Sequence[int], room: int
) -> tuple[int, ...]:
    widths = [0] * len(columns)
    left = room - GAP * (len(shown) - 1)
    for i in shown:
        widths[i] = floor[i]
        left -= floor[i]
    for i in sorted(shown, key=lambda i: -columns[i].keep):
        more = max(min(wanted[i] - widths[i], left), 0)
        widths[i] += more
        left -= more
    shares = sum(columns[i].grow for i in shown)
    for i in shown:
        if shares and left > 0 and columns[i].grow:
            widths[i] += left * columns[i].grow // shares
    return tuple(widths)


def heading(columns: Sequence[Column], widths: Sequence[int]) -> Line:
    """Return the heading of the shown columns."""
    names = tuple(Span(column.name, "muted") for column in columns)
    return arrange(columns, widths, names)


def arrange(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell]) -> Line:
    """Return one row's cells side by side; a missing cell is blank."""
    spans: list[Span] = []
    for position, (column, width) in enumerate(zip(columns, widths, strict=True)):
        if not width:
            continue
        cell: Cell = cells[position] if position < len(cells) else ""
        drawn = (Span(cell, column.tone),) if isinstance(cell, str) else as_line(cell)
        spans.extend(fit(drawn, width, align=column.align, middle=not column.prose))
        spans.append(Span(" " * GAP))
    return tuple(spans[:-1])
