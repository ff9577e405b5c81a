"""The last line of a dialog: its keys, each drawn as a cap with what it does beside it. A click presses the key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from textual import events
from textual.content import Content
from textual.style import Style

from console.presentation.spans import Line, content
from console.widgets.text_view import Facts

_CAPS: Final = frozenset({"keycap", "badge"})
_NAMED: Final = MappingProxyType({"esc": "escape", "←": "left", "→": "right"})
_META: Final = "pressed_key"


class KeyCaps(Facts):
    """Facts whose caps can be clicked: of `j/k` each half is a key of its own."""

    def __init__(self, *lines: str | Line, id: str | None = None) -> None:
        super().__init__(*lines, id=id, classes="-keys")

    def drawn(self, lines: Sequence[Line]) -> Content:
        made, at = content(*lines), 0
        for given in lines:
            for start, end, key in key_spots(given):
                made = made.stylize(Style.from_meta({_META: key}), at + start, at + end)
            at += sum(len(span.text) for span in given) + 1
        return made

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked on; what only says why a key is locked is none."""
        key = event.style.meta.get(_META)
        if isinstance(key, str):
            event.stop()
            self.app.simulate_key(key)


def key_spots(given: Line) -> Iterator[tuple[int, int, str]]:
    """Yield (first letter, letter after the last, key): of every cap, and of the words of a cap with one key."""
    at, key = 0, ""
    for span in given:
        end = at + len(span.text)
        if span.tone in _CAPS:
            names = span.text.strip().split("/")
            key = _key(names[0]) if len(names) == 1 else ""
            yield from _halves(span.text, names, at)
        elif key and span.tone == "text":
            yield at, end, key
        else:
            key = ""
        at = end


def _halves(text: str, names: Sequence[str], at: int) -> Iterator[tuple[int, int, str]]:
    begin = 0
    for name in names[:-1]:
        end = text.index("/", begin)
        yield at + begin, at + end, _key(name)
        begin = end + 1
    yield at + begin, at + len(text), _key(names[-1])


def _key(name: str) -> str:
    return _NAMED.get(name, name)
