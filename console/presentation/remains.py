"""What a failed deployment left behind, in words. Pure."""

from __future__ import annotations

from console.presentation.spans import Line, line
from console.presentation.words import counted
from store.services.delivery.remains import Part, Remains

_NAMED = 12
"""Components named in each list before the rest is counted."""


def remains_lines(found: Remains) -> tuple[Line, ...]:
    """Return the exact record: which components changed, which are unsure, which are as before."""
    lines = [line(("failed   ", "muted"), f"{found.stage}: ", (found.reason, "danger"))]
    if not found.known:
        lines.append(line(("record   ", "muted"), "no component is known to have changed"))
    for label, symbol, tone, parts in (
        ("changed", "●", "warn", found.changed),
        ("unsure", "?", "danger", found.unsure),
        ("as before", "·", "muted", found.untouched),
    ):
        lines += _list(label, symbol, tone, parts)
    return tuple(lines)


def _list(label: str, symbol: str, tone: str, parts: tuple[Part, ...]) -> list[Line]:
    found = [
        line((f"{label if not number else '':<9}", "muted"), (f"{symbol} ", tone), part.name, (f"  {part.id}", "faint"))
        for number, part in enumerate(parts[:_NAMED])
    ]
    if len(parts) > _NAMED:
        found.append(
            line(f"{'':<9}", (f"and {counted(len(parts) - _NAMED, 'more component', 'more components')}", tone))
        )
    return found


def ways_line(found: Remains) -> Line:
    """Return the two ways on, as far as they are open to whoever looks."""
    back = "takes away what it brought" if found.first else "pushes what should be live again"
    first = line(("F", "key" if not found.resume_blocked else "faint"), " finishes it   ")
    return (
        *line(("ways on  ", "muted")),
        *first,
        *line(("U", "key" if not found.undo_blocked else "faint"), f" {back}"),
    )
