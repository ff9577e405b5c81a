"""The last that happens to a line before the terminal gets it: nothing harmful, ASCII where it must be, no colour."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from console.presentation.words import ASCII_TABLE

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


@lru_cache(maxsize=4_096)
def scrub(text: str) -> str:
    """Return `text` without what a terminal would obey; what took cells leaves as many, so no row shifts.

    The last line of defence: `display` has shown such characters long before. Whatever comes this far was drawn by
    a widget that forgot.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(lambda found: "?" * cell_len(found.group()), text)


class ScrubFilter(LineFilter):
    """Lets no control, bidi or zero-width character and no hyperlink reach the terminal, from whatever widget."""

    def apply(self, segments: list[Segment], _background: Color) -> list[Segment]:
        for text, style, _ in segments:
            if (style is not None and style.link) or scrub(text) != text:
                return [_clean(segment) for segment in segments]
        return segments


def _clean(segment: Segment) -> Segment:
    text, style, control = segment
    if style is not None and style.link:
        style = style.update_link(None)
    return Segment(scrub(text), style, control)


class AsciiFilter(LineFilter):
    """Draws boxes and symbols with ASCII, one cell for one cell, for terminals whose font lacks them."""

    def apply(self, segments: list[Segment], _background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


@lru_cache(maxsize=4_096)
def _ascii(text: str) -> str:
    """Return symbols as ASCII; of other letters only how wide they are: their bytes would be obeyed as controls."""
    drawn = text.translate(dict(ASCII_TABLE))
    return drawn if drawn.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in drawn)


class PlainFilter(LineFilter):
    """Draws without any colour: what stands on a light ground is reversed instead, and stays seen (NO_COLOR)."""

    def apply(self, segments: list[Segment], _background: Color) -> list[Segment]:
        return [
            Segment(text, _plain(style) if style is not None else None, control) for text, style, control in segments
        ]


@lru_cache(maxsize=1_024)
def _plain(style: Style) -> Style:
    ground = style.bgcolor
    light = ground is not None and not ground.is_default and sum(ground.get_truecolor()) > 3 * 128
    return style.without_color + Style(reverse=True) if light else style.without_color
