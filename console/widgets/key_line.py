"""The last lines: what the keys do here, and what was just said. Nothing blinks, nothing goes away by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from console.presentation.spans import Line, Span, content, keyed, line, width
from console.presentation.times import lasted
from console.widgets.stopwatch import Stopwatch
from console.widgets.text_view import Facts

KeyHint: TypeAlias = "tuple[str, str, str]"
"""A key as it is written, what it does, and its binding's id."""

_ORDER = ("act.", "look.", "diff.", "time.", "list.")
_SAID = MappingProxyType({"ok": ("✓", "ok"), "info": ("·", "info"), "warn": ("!", "warn"), "danger": ("✗", "danger")})
_MOST_SAID = 4
"""So many lines are said at once: each may take two on a small terminal, and six are shown."""
_ALWAYS = frozenset({"find.filter", "find.command", "app.help"})


class KeyLine(Widget):
    """One line of keys: the acts of this place first, what always works at the end, and how many did not fit."""

    DEFAULT_CSS = "KeyLine { height: 1; background: $panel; }"

    def __init__(
        self,
        blocked: Callable[[Binding], bool] = lambda _: False,
        *,
        id: str | None = None,
    ) -> None:
        """Take `blocked`: whether a key, though bound, cannot be used on what the cursor is on."""
        super().__init__(id=id)
        self._key_blocked = blocked
        self._key_shown: tuple[KeyHint, ...] = ()
        self._key_spots: list[tuple[int, int, str]] = []
        """Where a key was drawn (first cell, cell after the last) and its binding's id: what a click is on."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.reread())
        self.reread()

    def reread(self) -> None:
        """Read the keys that work now; draws only when they are others than before."""
        typing = isinstance(self.screen.focused, Input)
        found = tuple(
            (self.app.get_key_display(active.binding), active.binding.description, active.binding.id or "")
            for active in self.screen.active_bindings.values()
            if not (typing and _types(active.binding))
            and active.binding.show
            and active.enabled
            and not self._key_blocked(active.binding)
        )
        unique = tuple(dict.fromkeys(sorted(found, key=_rank)))
        if unique != self._key_shown:
            self._key_shown = unique
            self.refresh()

    def render(self) -> Content:
        room = self.size.width
        fixed = [hint for hint in self._key_shown if hint[2] in _ALWAYS]
        wanted = [hint for hint in self._key_shown if hint[2] not in _ALWAYS]
        if sum(map(_cells, fixed)) > room // 2:
            fixed = fixed[-1:]
        kept, left = self._fitting(wanted, room - sum(map(_cells, fixed)))
        more = len(wanted) - len(kept)
        rest: Line = line((f" +{more}", "muted")) if more else ()
        blank = Span(" " * max(left - width(rest), 0))
        self._key_spots = [*_spots(kept, 0), *_spots(fixed, room - sum(map(_cells, fixed)))]
        return content((*_items(kept), *rest, blank, *_items(fixed)))

    def _fitting(self, wanted: Sequence[KeyHint], room: int) -> tuple[list[KeyHint], int]:
        """Return as many keys as fit beside the count of those that do not, and the cells that are left."""
        kept: list[KeyHint] = []
        for position, hint in enumerate(wanted):
            more = len(wanted) - position - 1
            if _cells(hint) > room - (4 if more else 0):
                break
            kept.append(hint)
            room -= _cells(hint)
        return kept, room

    def on_click(self, event: events.Click) -> None:
        """Make a click on a key do what the key does; only what is drawn can be clicked."""
        binding = next((name for start, end, name in self._key_spots if start <= event.x < end), None)
        if binding is not None:
            self.app.simulate_key(_key_of(self.screen.active_bindings, binding))


def fitting(lines: Sequence[str]) -> list[str]:
    """Return what is said in as many lines as stand here: of many reasons the first, never without the way out."""
    if len(lines) <= _MOST_SAID:
        return list(lines)
    ways = [words for words in lines if words.startswith("→")]
    reasons = [words for words in lines if not words.startswith("→")]
    kept = max(_MOST_SAID - 1 - len(ways[:2]), 1)
    if len(reasons) <= kept:
        return [*reasons, *ways][:_MOST_SAID]
    return [*reasons[:kept], f"and {len(reasons) - kept} more: `?` lists them", *ways[:2]]


def _spots(hints: Sequence[KeyHint], at: int) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for hint in hints:
        found.append((at, at + _cells(hint), hint[2]))
        at += _cells(hint)
    return found


def _key_of(bindings: Mapping[str, ActiveBinding], binding: str) -> str:
    return next((key for key, active in bindings.items() if active.binding.id == binding), "")


def _types(binding: Binding) -> bool:
    """Return whether a key writes a letter while an input has the focus."""
    return len(binding.key) == 1 or binding.key in {"slash", "colon", "question_mark"}


def _rank(hint: KeyHint) -> tuple[int, bool]:
    prefix = next((i for i, start in enumerate(_ORDER) if hint[2].startswith(start)), len(_ORDER))
    return prefix, hint[2] == "app.help"


def _item(hint: KeyHint) -> Line:
    key, label, _ = hint
    return line((f" {key}", "key"), (f" {label} ", "text"))


def _items(hints: Sequence[KeyHint]) -> Line:
    return tuple(span for hint in hints for span in _item(hint))


def _cells(hint: KeyHint) -> int:
    return width(_item(hint))


class MessageLine(Facts):
    """What was last said to the operator; until something else is said, the screen changes, or `esc` takes it away.

    What went badly, and what is still under way, stays on every screen.
    """

    DEFAULT_CSS = """
    MessageLine { display: none; max-height: 6; background: $panel; padding: 0 1; }
    MessageLine.-said { display: block; }
    """

    def on_mount(self) -> None:
        self._said: tuple[Line, ...] = ()
        self._said_watch: Stopwatch | None = None
        self._said_tone = "info"
        self._said_tick = self.set_interval(1.0, self._tick, pause=True)

    def say(self, lines: Sequence[str], tone: str = "info", watch: Stopwatch | None = None) -> None:
        """Show these lines; the first one carries the tone and its symbol, and the seconds of `watch` while it runs."""
        symbol, name = _SAID[tone]
        first, *others = fitting(lines)
        self._said = (line((f"{symbol} ", name), *keyed(first, name)), *(line("  ", *keyed(words)) for words in others))
        self._said_watch, self._said_tone = watch, tone
        if watch is not None:
            self._said_tick.reset()
            self._said_tick.resume()
        self._tick()
        self.set_class(True, "-said")

    def _tick(self) -> None:
        """Show what was said, with the seconds it has taken; nothing ticks on once it is over or taken away."""
        first, *others = self._said
        seconds = self._said_watch.seconds() if self._said_watch is not None else None
        if seconds is None:
            self._said_tick.pause()
        else:
            first = (*first, Span(f"  {lasted(seconds)}", "muted"))
        self.show_lines(first, *others)

    def leave(self) -> None:
        """Take away what was said where the person was before; not what still runs, nor what went badly."""
        running = self._said_watch is not None and self._said_watch.seconds() is not None
        if not running and self._said_tone != "danger":
            self.clear()

    def clear(self) -> bool:
        """Take the message away; return whether there was one."""
        said = self.has_class("-said")
        self._said_tick.pause()
        self.set_class(False, "-said")
        return said
