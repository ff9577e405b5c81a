"""The last line of a dialog: its keys, each drawn as a cap with what it does beside it. A click presses the key.

Whoever draws a dialog names the keys that it binds by default; where a person has keys of their own, these are drawn,
and pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from textual import events
from textual.content import Content
from textual.style import Style

from console.presentation.spans import Line, Span, content
from console.widgets.own_keys import Cap, as_bound, cap_in_force
from console.widgets.terminal import TerminalApp
from console.widgets.text_view import Facts

_CAPS: Final = frozenset({"keycap", "badge"})
_META: Final = "pressed_key"


class KeyCaps(Facts):
    """Facts whose caps can be clicked: of `j/k` each half is a key of its own."""

    def __init__(self, *lines: str | Line, id: str | None = None) -> None:
        self._caps_key: Callable[[str], Cap] = as_bound
        super().__init__(*lines, id=id, classes="-keys")

    def on_mount(self) -> None:
        if isinstance(self.app, TerminalApp) and self.app.own_keys:
            self._caps_key = partial(cap_in_force, self)

    def drawn(self, lines: Sequence[Line]) -> Content:
        drawn = [_capped(given, self._caps_key) for given in lines]
        made, at = content(*(shown for shown, _ in drawn)), 0
        for shown, spots in drawn:
            for start, end, key in spots:
                made = made.stylize(Style.from_meta({_META: key}), at + start, at + end)
            at += sum(len(span.text) for span in shown) + 1
        return made

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked on; what only says why a key is locked is none."""
        key = event.style.meta.get(_META)
        if isinstance(key, str):
            event.stop()
            self.app.simulate_key(key)


def _capped(given: Line, in_force: Callable[[str], Cap]) -> tuple[Line, list[tuple[int, int, str]]]:
    """Return a line with the caps of the keys in force, and (first letter, letter after the last, key) of what presses.

    That is every cap, and the words of a cap with one key.
    """
    shown: list[Span] = []
    spots: list[tuple[int, int, str]] = []
    at, only = 0, ""
    for span in given:
        drawn = span
        if span.tone in _CAPS:
            caps = [in_force(name) for name in span.text.strip().split("/")]
            drawn = Span(f" {'/'.join(name for name, _ in caps)} ", span.tone)
            spots += _halves(caps, at)
            only = caps[0][1] if len(caps) == 1 else ""
        elif only and span.tone == "text":
            spots.append((at, at + len(span.text), only))
        else:
            only = ""
        shown.append(drawn)
        at += len(drawn.text)
    return tuple(shown), spots


def _halves(caps: Sequence[Cap], at: int) -> list[tuple[int, int, str]]:
    """Return where each key of a cap is pressed; the blanks at its ends belong to the first and the last."""
    found, start = [], at
    for number, (name, key) in enumerate(caps):
        end = start + len(name) + (number == 0) + (number == len(caps) - 1)
        found.append((start, end, key))
        start = end + 1
    return found
