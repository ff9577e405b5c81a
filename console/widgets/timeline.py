"""A line of time with marks to scrub along: ←/→ from event to event, shift for days, `[` `]` set the two ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from console.presentation.spans import Line, Span, content, fit, line, width
from console.presentation.text import display
from console.presentation.times import day, stamp
from console.widgets.messages import WidgetMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """One event on the line of time."""

    key: str
    at: datetime
    symbol: str
    tone: str
    label: str
    """A few words: `deploy CR-0042 to prod`."""
    weight: int = 0
    """Where two events share a cell, the heavier one is drawn."""


class Timeline(Widget, can_focus=True):
    """Four rows: what is under the cursor, the line with its marks, the cursor and the marks, the ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "step(1)", "Next event", show=False, id="time.next"),
        Binding("left,h", "step(-1)", "Previous event", show=False, id="time.previous"),
        Binding("shift+right,L", "days(1)", "A day on", show=False, id="time.day-on"),
        Binding("shift+left,H", "days(-1)", "A day back", show=False, id="time.day-back"),
        Binding("home,g", "step(-1000000000)", "First event", show=False, id="time.first"),
        Binding("end,G", "step(1000000000)", "Now", show=False, id="time.now"),
        Binding("left_square_bracket", "mark(0)", "Mark start", key_display="[", id="time.mark-start"),
        Binding("right_square_bracket", "mark(1)", "Mark end", key_display="]", id="time.mark-end"),
    ]
    DEFAULT_CSS = """
    Timeline { height: 4; background: $background; }
    Timeline:focus { background: $surface; }
    """

    position: reactive[int] = reactive(0)
    """Which tick the cursor is on; `len(ticks)` is now."""
    marks: reactive[tuple[str | None, str | None]] = reactive((None, None))

    @dataclass(eq=False)
    class Moved(WidgetMessage["Timeline"]):
        """The cursor is on another event (None: now)."""

        key: str | None
        at: datetime

    @dataclass(eq=False)
    class Marked(WidgetMessage["Timeline"]):
        """A mark was set or taken away."""

        start: str | None
        end: str | None

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._time_ticks: tuple[Tick, ...] = ()
        self._time_now: datetime | None = None

    def show_ticks(self, ticks: Sequence[Tick], now: datetime) -> None:
        """Show these events, oldest first; a cursor on an event stays on it, one on "now" stays on now."""
        held = self.key
        at_now = self.position >= len(self._time_ticks)
        self._time_ticks = tuple(sorted(ticks, key=lambda tick: tick.at))
        self._time_now = now
        found = next((i for i, tick in enumerate(self._time_ticks) if tick.key == held), len(self._time_ticks))
        self.set_reactive(Timeline.position, len(self._time_ticks) if at_now else found)
        self.refresh()

    @property
    def key(self) -> str | None:
        """The event under the cursor, None for now."""
        return self._time_ticks[self.position].key if self.position < len(self._time_ticks) else None

    def go_to(self, key: str) -> bool:
        """Put the cursor on an event; return whether there is one of that key."""
        for index, tick in enumerate(self._time_ticks):
            if tick.key == key:
                self.position = index
                return True
        return False

    def validate_position(self, position: int) -> int:
        return max(0, min(position, len(self._time_ticks)))

    def watch_position(self, old: int, new: int) -> None:
        if old != new and self._time_now is not None:
            self.post_message(self.Moved(self, self.key, self._instant(new)))

    def _instant(self, position: int) -> datetime:
        assert self._time_now is not None
        return self._time_ticks[position].at if position < len(self._time_ticks) else self._time_now

    def action_step(self, by: int) -> None:
        self.position += by

    def action_days(self, by: int) -> None:
        """Go to the first event a day or more away, or to the end of the line."""
        if self._time_now is None:
            return
        aim = self._instant(self.position) + timedelta(days=by)
        if by > 0:
            later = (i for i, tick in enumerate(self._time_ticks) if tick.at >= aim)
            self.position = next(later, len(self._time_ticks))
        else:
            earlier = [i for i, tick in enumerate(self._time_ticks) if tick.at <= aim]
            self.position = earlier[-1] if earlier else 0

    def action_mark(self, which: int) -> None:
        """Set a mark on the event under the cursor, or take it away when it is already there."""
        key = self.key
        start, end = self.marks
        if which == 0:
            self.marks = (None if start == key else key, end)
        else:
            self.marks = (start, None if end == key else key)
        self.post_message(self.Marked(self, *self.marks))

    def on_click(self, event: events.Click) -> None:
        """Go to the event nearest to the click, the heaviest of those that share its cell; beyond the last is now."""
        if self._time_now is None or not self._time_ticks:
            return
        room, at = max(self.size.width - 4, 8), event.x - 2
        far = [(abs(self._cell(i, room) - at), -tick.weight, i) for i, tick in enumerate(self._time_ticks)]
        distance, _, nearest = min(far)
        beyond = at >= room or abs(room - 1 - at) < distance
        self.position = len(self._time_ticks) if beyond else nearest

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.position -= 1

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.position += 1

    # Drawing.

    def render(self) -> Content:
        room = max(self.size.width - 4, 8)
        if self._time_now is None or not self._time_ticks:
            return content(line("  ", ("no events in this span", "muted")))
        cells = [self._cell(i, room) for i in range(len(self._time_ticks))]
        cursor = cells[self.position] if self.position < len(cells) else room - 1
        return content(
            self._bubble(cursor, room), self._axis(cells, room), self._markers(cells, cursor, room), self._ends(room)
        )

    def _cell(self, index: int, room: int) -> int:
        assert self._time_now is not None
        first = self._time_ticks[0].at
        whole = max((self._time_now - first).total_seconds(), 1.0)
        part = (self._time_ticks[index].at - first).total_seconds() / whole
        return min(max(round(part * (room - 1)), 0), room - 1)

    def _bubble(self, cursor: int, room: int) -> Line:
        """Return the words over the cursor: when, and what happened."""
        if self.position < len(self._time_ticks):
            tick = self._time_ticks[self.position]
            words = line((f" {stamp(tick.at)} ", "keycap"), " ", (f"{tick.symbol} ", tick.tone), (tick.label, "strong"))
            words = (*words, Span(f"  {self.position + 1}/{len(self._time_ticks)}", "muted"))
        else:
            words = line((" now ", "badge-ok"), (f" after {len(self._time_ticks):,} events", "muted"))
        words = words if width(words) <= room else fit(words, room)
        start = max(min(cursor - 11, room - width(words)), 0)
        return (Span(" " * (start + 2)), *words)

    def _axis(self, cells: list[int], room: int) -> Line:
        drawn: list[Span] = [Span("─", "faint")] * room
        weights = [-1] * room
        for index, cell in enumerate(cells):
            tick = self._time_ticks[index]
            if tick.weight >= weights[cell] or index == self.position:
                drawn[cell] = Span(tick.symbol, tick.tone)
                weights[cell] = 10**6 if index == self.position else tick.weight
        return (Span(" ├", "faint"), *drawn, Span("┤", "faint"))

    def _markers(self, cells: list[int], cursor: int, room: int) -> Line:
        drawn: list[Span] = [Span(" ")] * room
        for mark, symbol in zip(self.marks, "[]", strict=True):
            for index, tick in enumerate(self._time_ticks):
                if tick.key == mark:
                    drawn[cells[index]] = Span(symbol, "changed")
        drawn[cursor] = Span("▲", "key")
        return (Span("  "), *drawn)

    def _ends(self, room: int) -> Line:
        assert self._time_now is not None
        left, right = day(self._time_ticks[0].at), f"{stamp(self._time_now)} now"
        hint = "←/→ event · shift day · [ ] mark"
        middle = room - cell_len(left) - cell_len(right)
        gap = display(hint).center(middle) if middle > len(hint) + 4 else " " * max(middle, 1)
        return line("  ", (left, "muted"), (gap, "faint"), (right, "muted"))
