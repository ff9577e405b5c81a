"""The base of every list here: draws only the lines that are seen, one cursor, the house's moving keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from console.presentation.spans import GROUNDS, TONES, Line, Span, fit
from console.widgets.messages import WidgetMessage

_BRIGHTER_UNDER_CURSOR = {"muted": "text", "faint": "muted"}


class LineView(ScrollView, can_focus=True):
    """Lines drawn on demand. A subclass says how many rows there are and draws one; this does the rest.

    The cursor is marked by `▸` as well as by its ground, so that it is seen without colour.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="list.up"),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False, id="list.half-down"),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False, id="list.half-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("g,home", "to_top", "Top", show=False, id="list.top"),
        Binding("G,end", "to_bottom", "Bottom", show=False, id="list.bottom"),
        Binding("enter", "choose", "Open", show=False, id="list.open"),
    ]
    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: $background;
    }
    """

    header_lines: ClassVar[int] = 0
    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass(eq=False)
    class Moved(WidgetMessage["LineView"]):
        """The cursor is on another row."""

        index: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tone_cache: dict[tuple[str, str], RichStyle] = {}

    # What a subclass provides.

    def row_count(self) -> int:
        """Return how many rows there are."""
        raise NotImplementedError

    def draw_row(self, index: int, width: int) -> tuple[Line, str]:
        """Return row `index` in exactly `width` cells, and the name of its ground (`""` for none)."""
        raise NotImplementedError

    def draw_header(self, width: int) -> Line:
        """Return the fixed first line of a view whose `header_lines` is 1."""
        raise NotImplementedError

    def draw_empty(self, width: int) -> Line:
        """Return what stands where no row is."""
        return fit((Span(""),), width)

    # Drawing.

    def rows_changed(self) -> None:
        """Tell the view that its rows are others now: size, cursor and picture follow."""
        count = self.row_count()
        self.virtual_size = Size(0, count + self.header_lines)
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y < self.header_lines:
            return self.strip(self.draw_header(width), "header", width)
        index = y - self.header_lines + self.scroll_offset.y
        if not self.row_count():
            return self.strip(self.draw_empty(width) if index == 0 else (), "", width)
        if index >= self.row_count():
            return self.strip((), "", width)
        spans, ground = self.draw_row(index, width)
        return self.strip(spans, ground, width)

    def strip(self, spans: Line, ground: str, width: int) -> Strip:
        """Return a line as what the compositor takes, padded with its ground."""
        lit = ground in {"cursor", "resting"}
        tones = (_BRIGHTER_UNDER_CURSOR.get(s.tone, s.tone) if lit else s.tone for s in spans)
        segments = [Segment(span.text, self.tone(tone, ground)) for span, tone in zip(spans, tones, strict=True)]
        return Strip(segments).adjust_cell_length(width, self.tone("text", ground))

    def tone(self, name: str, ground: str = "") -> RichStyle:
        """Return the style of a tone on a ground, in the theme of the moment."""
        key = (name, ground)
        if key not in self._tone_cache:
            variables = self.app.theme_variables
            style = self.visual_style + Style.parse(TONES[name], variables)
            if GROUNDS[ground]:
                style += Style.parse(GROUNDS[ground], variables)
            self._tone_cache[key] = style.rich_style
        return self._tone_cache[key]

    def notify_style_update(self) -> None:
        self._tone_cache.clear()
        super().notify_style_update()

    def ground_of(self, index: int) -> str:
        """Return the ground of a row by where the cursor is."""
        if index != self.cursor:
            return ""
        return "cursor" if self.has_focus else "resting"

    # Moving.

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if old != new:
            self.refresh_line(old + self.header_lines)
            self.refresh_line(new + self.header_lines)
            self.show_row(new)
            self.cursor_moved()

    def cursor_moved(self) -> None:
        """Say that the cursor is elsewhere; a subclass says it in its own words."""
        self.post_message(self.Moved(self, self.cursor))

    def visible_rows(self) -> int:
        """Return how many rows fit into the view."""
        return max(self.scrollable_content_region.height - self.header_lines, 1)

    def scroll_to_line(self, top: int) -> None:
        """Make line `top` the first one seen, at once.

        Forced: before its first picture a view has no scrollbar, and Textual scrolls nothing that has none.
        """
        self.scroll_to(y=top, animate=False, force=True)

    def watch_show_vertical_scrollbar(self) -> None:
        """Put the scrollbar's mark where the view is: Textual tells of a scroll only a bar that stands already."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    def show_row(self, index: int) -> None:
        """Scroll as little as is needed to see row `index`."""
        if not self.scrollable_content_region.height:  # not laid out: `on_resize` will, and knows how much is seen
            return
        top, seen = self.scroll_offset.y, self.visible_rows()
        if index < top:
            self.scroll_to_line(index)
        elif index >= top + seen:
            self.scroll_to_line(index - seen + 1)

    def _show_cursor(self) -> None:
        self.show_row(self.cursor)

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_half_page(self, direction: int) -> None:
        self.cursor += direction * max(self.visible_rows() // 2, 1)

    def action_page(self, direction: int) -> None:
        self.cursor += direction * max(self.visible_rows() - 1, 1)

    def action_to_top(self) -> None:
        self.cursor = 0

    def action_to_bottom(self) -> None:
        self.cursor = self.row_count() - 1

    def action_choose(self) -> None:
        """Open what the cursor is on; a subclass posts its own message."""

    def on_focus(self) -> None:
        self.refresh_line(self.cursor + self.header_lines)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor + self.header_lines)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_cursor)

    def on_click(self, event: events.Click) -> None:
        y = event.y - self.gutter.top  # a title in the border is no row
        index = y - self.header_lines + self.scroll_offset.y
        if y >= self.header_lines and index < self.row_count():
            self.cursor = index
            if event.chain > 1:
                self.action_choose()
