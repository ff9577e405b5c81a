"""Text that is read, not acted on: a short one that wraps (`Facts`), a long one that scrolls (`TextView`)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Static

from console.presentation.spans import Line, Span, as_line, content, fit, width, wrap
from console.widgets.line_view import LineView
from console.widgets.own_keys import named
from console.widgets.terminal import TerminalApp


class Facts(Static):
    """A few lines in tones that wrap at the edge: previews, headers, banners."""

    DEFAULT_CSS = "Facts { height: auto; }"

    def __init__(
        self,
        *lines: str | Line,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._facts_lines: tuple[Line, ...] = tuple(as_line(given) for given in lines)
        self._facts_own = False
        """Whether keys are drawn as the person has them."""
        super().__init__(self.drawn(self._facts_lines), id=id, classes=classes, markup=False)

    def on_mount(self) -> None:
        """Name the person's own keys in what was given before: only here are they known."""
        self._facts_own = isinstance(self.app, TerminalApp) and bool(self.app.own_keys)
        if self._facts_own:
            self.call_after_refresh(self.redraw)  # all that binds keys is there only then

    def redraw(self) -> None:
        """Draw the same lines again."""
        self.update(self.drawn(self._facts_lines))

    def drawn(self, lines: Sequence[Line]) -> Content:
        """Return the lines as they are drawn."""
        return content(*(named(self, given) for given in lines) if self._facts_own else lines)

    def show_lines(self, *lines: str | Line) -> None:
        """Show these lines instead; nothing is drawn when they are the same."""
        made = tuple(as_line(given) for given in lines)
        if made != self._facts_lines:
            self._facts_lines = made
            self.update(self.drawn(made))


class HangingFacts(Facts):
    """Facts whose lines, where they wrap, go on below what stands beside their label."""

    def render(self) -> Content:
        return content(*self._wrapped(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines these are when they are `width` cells wide."""
        del container, viewport
        return len(self._wrapped(width))

    def _wrapped(self, cells: int) -> list[Line]:
        return [part for given in self._facts_lines
                for part in wrap(named(self, given), cells, indent=_beside(given, cells))]  # fmt: skip


def _beside(given: Line, cells: int) -> int:
    """Return how far the label of a line reaches (its first words, muted, with blanks after them); without one 2.

    Prose of one tone is not indented at all.
    """
    if len(given) == 1:
        return 0
    label = given[0] if given else None
    if label is None or label.tone != "muted" or not label.text.endswith(" "):
        return 2
    return min(width(given[:1]), cells // 2)


def _hanging(given: Line, cells: int) -> int:
    """Return where a line goes on when it wraps: below its own first letter, where it begins further in."""
    first = given[0].text if given else ""
    return min(max(len(first) - len(first.lstrip(" ")), 2), cells // 2)


class TextView(LineView):
    """Many lines, one below the other; scrolls with the list keys. Long lines are cut, or wrapped with `wrapped`."""

    def __init__(
        self,
        *,
        wrapped: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._text_wrapped = wrapped
        self._text_given: tuple[Line, ...] = ()
        self._text_named: tuple[Line, ...] = ()
        self._text_cut: tuple[Line, ...] = ()
        self._text_lines: tuple[Line, ...] = ()
        self._text_room = Size()
        """The room that the lines were wrapped for, the scrollbar's included."""

    def show_lines(self, lines: Sequence[str | Line], *, cut: Sequence[Line] = ()) -> None:
        """Show these lines from the top; after them those of a list, which lose their end where they are too long."""
        self._text_given = tuple(as_line(given) for given in lines)
        self._text_cut = tuple(cut)
        self._relay()
        self.cursor = 0

    def _relay(self) -> None:
        room = self._text_room = self._room()
        self._text_named = tuple(named(self, given) for given in self._text_given)
        self._text_lines = self._broken(room.width) if self._text_wrapped else (*self._text_named, *self._text_cut)
        if self._text_wrapped and len(self._text_lines) > room.height:  # the scrollbar takes a cell, or will soon
            self._text_lines = self._broken(room.width - self.scrollbar_size_vertical)
        self.rows_changed()

    def _room(self) -> Size:
        """Return the room there is for text and scrollbar, the same whether that is shown already."""
        shown = self.scrollbar_size_vertical if self.show_vertical_scrollbar else 0
        return Size(self.size.width + shown, self.size.height)

    def _broken(self, cells: int) -> tuple[Line, ...]:
        room = max(cells - 2, 20)
        return (
            *(part for given in self._text_named for part in wrap(given, room, indent=_hanging(given, room))),
            *self._text_cut,
        )

    def on_resize(self) -> None:
        self._relay()
        super().on_resize()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._text_wrapped and self._text_room != self._room():  # a border came or went: no resize is told
            self._text_room = self._room()
            self.call_later(self._relay)
        return super().render_lines(crop)

    def row_count(self) -> int:
        return len(self._text_lines)

    def draw_row(self, index: int, width: int) -> tuple[Line, str]:
        marker = Span("▸" if index == self.cursor and self.has_focus else " ", "key")
        return (marker, *fit(self._text_lines[index], width - 1, middle=False)), ""
