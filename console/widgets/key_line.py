"""The last lines: what the keys do here, and what was just said. Nothing blinks, nothing goes away by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from console.presentation.spans import Line, Span, content, line, width
from console.widgets.text_view import Facts

_ORDER = ("act.", "look.", "diff.", "time.", "list.")
_SAID = MappingProxyType({"ok": ("✓", "ok"), "info": ("·", "info"), "warn": ("!", "warn"), "danger": ("✗", "danger")})
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
        self._key_shown: tuple[tuple[str, str, str], ...] = ()
        self._key_ends: list[tuple[int, str]] = []

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
        fixed = [_item(entry) for entry in self._key_shown if entry[2] in _ALWAYS]
        wanted = [_item(entry) for entry in self._key_shown if entry[2] not in _ALWAYS]
        if sum(map(width, fixed)) > room // 2:
            fixed = fixed[-1:]
        left = room - sum(map(width, fixed))
        kept: list[Line] = []
        for position, item in enumerate(wanted):
            more = len(wanted) - position - 1
            if width(item) > left - (4 if more else 0):
                kept.append(line((f" +{more + 1}", "muted")))
                break
            kept.append(item)
            left -= width(item)
        used = sum(map(width, kept)) + sum(map(width, fixed))
        spans = (*(s for item in kept for s in item), Span(" " * max(room - used, 0)), *(s for i in fixed for s in i))
        return content(spans)

    def on_click(self, event: events.Click) -> None:
        """Make a click on a key do what the key does."""
        at = 0
        for entry in (e for e in self._key_shown if e[2] not in _ALWAYS):
            at += width(_item(entry))
            if event.x < at:
                self.app.simulate_key(_key_of(self.screen.active_bindings, entry))
                return


def _key_of(bindings: Mapping[str, ActiveBinding], entry: tuple[str, str, str]) -> str:
    return next((key for key, active in bindings.items() if active.binding.id == entry[2]), "")


def _types(binding: Binding) -> bool:
    """Return whether a key writes a letter while an input has the focus."""
    return len(binding.key) == 1 or binding.key in {"slash", "colon", "question_mark"}


def _rank(entry: tuple[str, str, str]) -> tuple[int, bool]:
    prefix = next((i for i, start in enumerate(_ORDER) if entry[2].startswith(start)), len(_ORDER))
    return prefix, entry[2] == "app.help"


def _item(entry: tuple[str, str, str]) -> Line:
    key, label, _ = entry
    return line((f" {key}", "key"), (f" {label} ", "text"))


class MessageLine(Facts):
    """What was last said to the operator; stays until something else is said or `esc` takes it away."""

    DEFAULT_CSS = """
    MessageLine { display: none; max-height: 6; background: $panel; padding: 0 1; }
    MessageLine.-said { display: block; }
    """

    def say(self, lines: Sequence[str], tone: str = "info") -> None:
        """Show these lines; the first one carries the tone and its symbol."""
        symbol, name = _SAID[tone]
        first, *others = lines
        self.show_lines(line((f"{symbol} ", name), (first, name)), *(line("  ", words) for words in others))
        self.set_class(True, "-said")

    def clear(self) -> bool:
        """Take the message away; return whether there was one."""
        said = self.has_class("-said")
        self.set_class(False, "-said")
        return said
