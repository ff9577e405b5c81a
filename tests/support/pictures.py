"""A screen as text that a person can compare: its characters, and a digest of the styles in front of each line."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

from console.widgets.terminal import TerminalApp

_CHANGING = re.compile(
    r"(?<=\d\d:\d\d):\d\d(?:\.\d{3})?(?=Z?\b)"  # seconds
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b|(?<=…)[0-9a-f]{4,}\b"  # digests, and the ends of cut ones
    r"|[A-Za-z0-9+/]{30,}={0,2}"  # keys, roots, signatures
)


def picture(app: TerminalApp[None]) -> str:
    """Return the screen in front, line by line, each behind three letters that stand for its styles."""
    lines = []
    for strip in app.screen._compositor.render_strips():  # the only way to the screen's text
        segments = list(strip)
        for line_filter in app.get_line_filters():
            segments = line_filter.apply(segments, app.screen.background_colors[1])
        text = "".join(segment.text for segment in segments).rstrip()
        lines.append(f"{_styles(segments)}│{_CHANGING.sub(_masked, text)}".rstrip())
    return "\n".join(lines)


def _masked(found: re.Match[str]) -> str:
    return re.sub(r"[^:.]", "·", found.group())


def _styles(segments: list[Segment]) -> str:
    cells = [(str(_seen(segment.style)), segment.cell_length) for segment in segments]
    runs = [f"{style}*{sum(length for _, length in same)}" for style, same in groupby(cells, key=lambda cell: cell[0])]
    return sha256("\n".join(runs).encode()).hexdigest()[:3]


def _seen(style: Style | None) -> Style:
    """Return what of a style can be seen: not what a click would do."""
    return (style or Style()).clear_meta_and_links()
