"""What changed in words: components as a tree, under each the fields with old and new value; noise folded away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from console.presentation.changes import ComponentChange, FieldChange, Said
from console.presentation.spans import Line, Span, fit, keyed, line, width, wrap
from console.presentation.words import change as change_mark
from console.presentation.words import counted
from console.presentation.words import severity as severity_mark
from console.widgets.line_view import LineView
from console.widgets.messages import WidgetMessage
from console.widgets.own_keys import named, spoken

_MOST_TOLD = 6
"""Lines of one comment in the tree."""


@dataclass(frozen=True, slots=True)
class _Row:
    component: ComponentChange
    field: FieldChange | None = None
    words: str | None = None
    folded_noise: int = 0
    said: Said | None = None
    part: Line = ()
    """One line of a comment that takes several."""
    first: bool = True


class SemanticDiff(LineView):
    """Components and their fields; `space` folds one, `w` shows noise, `n`/`N` go from component to component.

    Where the text stands in view beside it (`step_text`), they go from change to change in that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_change(1)", "Next", id="diff.next"),
        Binding("N", "next_change(-1)", "Previous", show=False, id="diff.previous"),
        Binding("space", "toggle_fold", "Fold", show=False, id="diff.fold"),
        Binding("w", "toggle_noise", "Noise", id="diff.noise"),
        Binding("full_stop", "next_said(1)", "Next comment", show=False, key_display=".", id="diff.next-comment"),
        Binding("comma", "next_said(-1)", "Previous comment", show=False, key_display=",", id="diff.previous-comment"),
    ]

    header_lines = 1
    noise: reactive[bool] = reactive(False)

    @dataclass(eq=False)
    class Highlighted(WidgetMessage["SemanticDiff"]):
        """The cursor is on another component or field."""

        component: str | None
        path: str | None

    @dataclass(eq=False)
    class Chosen(WidgetMessage["SemanticDiff"]):
        """`enter` on a component (`path` None) or on one of its fields."""

        component: str
        path: str | None

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._semantic_changes: tuple[ComponentChange, ...] = ()
        self._semantic_known = False
        """Whether it was told yet what changes: before that nobody says that nothing does."""
        self._semantic_rows: list[_Row] = []
        self._semantic_folded: set[str] = set()
        self.step_text: Callable[[int], None] | None = None
        """What goes to the next (1) or the previous (-1) change of the text that is in view, None while none is."""

    def show_changes(self, changes: Sequence[ComponentChange]) -> None:
        """Show these components; what was folded stays folded, the cursor stays on its component."""
        at, here = self.component, self._here()
        self._semantic_changes, self._semantic_known = tuple(changes), True
        self._relay(at)
        same = (
            i for i, row in enumerate(self._semantic_rows) if here is not None and _identity(row) == _identity(here)
        )
        self.cursor = next(same, self.cursor)
        self.cursor_moved()

    @property
    def component(self) -> str | None:
        """The key of the component the cursor is on or in."""
        here = self._here()
        return here.component.key if here else None

    @property
    def comment(self) -> int | None:
        """The entry of the comment the cursor is on, None when it is on none."""
        here = self._here()
        return here.said.seq if here is not None and here.said is not None else None

    def _here(self) -> _Row | None:
        return self._semantic_rows[self.cursor] if self.cursor < len(self._semantic_rows) else None

    def _relay(self, at: str | None) -> None:
        self._semantic_rows = [row for change in self._semantic_changes for row in self._rows_of(change)]
        self.rows_changed()
        self.cursor = next((i for i, row in enumerate(self._semantic_rows) if row.component.key == at), 0)

    def _rows_of(self, change: ComponentChange) -> list[_Row]:
        if change.change == "noise" and not self.noise and not change.said:
            return []
        rows = [_Row(change)]
        if change.key in self._semantic_folded:
            return rows
        rows.extend(
            _Row(change, said=one, part=part, first=not number)
            for one in change.said
            for number, part in enumerate(_told(one, max(self.size.width - 1, 30)))
        )
        rows.extend(_Row(change, words=sentence) for sentence in change.words)
        rows.extend(_Row(change, field=field) for field in change.fields if self.noise or not field.noise)
        noise = sum(1 for field in change.fields if field.noise)
        if noise and not self.noise:
            rows.append(_Row(change, folded_noise=noise))
        return rows

    def on_resize(self) -> None:
        """Break comments where the line ends now; the cursor stays on its row."""
        if any(change.said for change in self._semantic_changes):
            self.show_changes(self._semantic_changes)
        super().on_resize()

    def watch_noise(self) -> None:
        if self.is_mounted:
            self._relay(self.component)

    def find(self, text: str, *, onward: bool = False) -> bool:
        """Go to the next row that holds `text`, round the end; return whether there is one. `onward`: not this one."""
        rows, wanted = self._semantic_rows, text.casefold()
        for offset in range(len(rows)):
            at = (self.cursor + onward + offset) % len(rows)
            if wanted in _spoken(rows[at]).casefold():
                self.cursor = at
                return True
        return False

    # Keys.

    def action_next_change(self, direction: int) -> None:
        if self.step_text is not None:
            self.step_text(direction)
        else:
            self.action_next_component(direction)

    def action_next_component(self, direction: int) -> None:
        heads = [i for i, row in enumerate(self._semantic_rows) if _is_head(row)]
        ahead = [i for i in heads if i > self.cursor] if direction > 0 else [i for i in heads if i < self.cursor]
        if ahead:
            self.cursor = ahead[0] if direction > 0 else ahead[-1]
        else:
            self.app.bell()

    def action_next_said(self, direction: int) -> None:
        """Go to the next (or the previous) component with comments, round the end; open ones go first."""
        heads = [i for i, row in enumerate(self._semantic_rows) if _is_head(row) and row.component.said]
        ahead = [i for i in heads if i > self.cursor] if direction > 0 else [i for i in heads if i < self.cursor]
        if heads:
            around = heads[0] if direction > 0 else heads[-1]
            self.cursor = (ahead[0] if direction > 0 else ahead[-1]) if ahead else around
        else:
            self.app.bell()

    def name_of(self, component: str) -> str:
        """Return what people call a component."""
        return next((one.name for one in self._semantic_changes if one.key == component), component)

    def has_next(self, direction: int) -> bool:
        """Return whether a component follows (or precedes) the one under the cursor."""
        heads = [i for i, row in enumerate(self._semantic_rows) if _is_head(row)]
        here = max((i for i in heads if i <= self.cursor), default=0)
        return any(i > here for i in heads) if direction > 0 else any(i < here for i in heads)

    def go_component(self, direction: int) -> None:
        """Go to the component after (or before) the one under the cursor."""
        if self.has_next(direction):
            heads = [i for i, row in enumerate(self._semantic_rows) if _is_head(row)]
            here = max((i for i in heads if i <= self.cursor), default=0)
            self.cursor = min(i for i in heads if i > here) if direction > 0 else max(i for i in heads if i < here)

    def action_toggle_fold(self) -> None:
        if self.component is not None:
            self._semantic_folded ^= {self.component}
            self._relay(self.component)

    def action_toggle_noise(self) -> None:
        self.noise = not self.noise

    def action_choose(self) -> None:
        here = self._here()
        if here is not None:
            self.post_message(self.Chosen(self, here.component.key, here.field.path if here.field else None))

    def cursor_moved(self) -> None:
        here = self._here()
        path = here.field.path if here and here.field else None
        self.post_message(self.Highlighted(self, here.component.key if here else None, path))

    # Drawing.

    def row_count(self) -> int:
        return len(self._semantic_rows)

    def draw_header(self, width: int) -> Line:
        counts = Counter(change.change for change in self._semantic_changes)
        parts: list[tuple[str, str]] = []
        for name in ("added", "removed", "changed", "renamed"):
            if counts[name]:
                mark = change_mark(name)
                parts.append((f" {mark.symbol}{counts[name]} {mark.word} ", mark.tone))
        moved = counts["noise"] + sum(f.noise for c in self._semantic_changes for f in c.fields if c.change != "noise")
        if moved:
            parts.append((f" {moved} layout only, {self._key('w')} {'hides' if self.noise else 'shows'} ", "muted"))
        said = [one for change in self._semantic_changes for one in change.said]
        if said:
            still = sum(not one.settled for one in said)
            parts.append((f" {counted(len(said), 'comment')}, {still} open ", "warn" if still else "muted"))
        return fit(line(*parts) if parts else line((" no change" if self._semantic_known else "", "muted")), width)

    def draw_empty(self, width: int) -> Line:
        count = sum(1 for change in self._semantic_changes if change.change == "noise")
        words = f"layout only: {counted(count, 'component')} moved (`w` shows)" if count else ""
        return fit((Span("  "), *named(self, keyed(words, "muted"))), width)

    def draw_row(self, index: int, width: int) -> tuple[Line, str]:
        row = self._semantic_rows[index]
        marker = Span("▸" if index == self.cursor else " ", "key")
        body = self._head(row.component, width - 1) if _is_head(row) else _detail(row, width - 1, self._key)
        return (marker, *body), self.ground_of(index)

    def _key(self, name: str) -> str:
        """Return a key by default as the person at it has it."""
        return spoken(self, f"`{name}`")

    def _head(self, change: ComponentChange, room: int) -> Line:
        mark = change_mark(change.change)
        fields = sum(1 for field in change.fields if not field.noise) + len(change.words)
        folded = change.key in self._semantic_folded and fields
        right: Line = line((f"{counted(fields, 'change')} folded  ", "muted")) if folded else ()
        if change.said:
            still = sum(not one.settled for one in change.said)
            words = f"○ {still} open " if still else "✓ settled "
            right = (*right, Span(f"{counted(len(change.said), 'comment')} ", "muted"))
            right = (*right, Span(words, "warn" if still else "muted"))
        if change.viewed:
            right = (*right, Span("✓ viewed ", "ok"))
        if change.risk:
            right = (*right, *severity_mark(change.risk).line(), Span(" "))
        left = line((f"{mark.symbol} ", mark.tone), (change.name, "title"), "  ", (change.kind, "muted"))
        space = room - width(right)
        return (*fit(left, space), *right) if space > 20 else fit(left, room)


def _is_head(row: _Row) -> bool:
    return row.field is None and row.words is None and not row.folded_noise and row.said is None


def _spoken(row: _Row) -> str:
    """Return all that a row has to say, uncut."""
    if row.field is not None:
        return " ".join((row.field.path, row.field.old or "", row.field.new or ""))
    if _is_head(row):
        return f"{row.component.name} {row.component.kind}"
    return row.words or (row.said.words if row.said is not None and row.first else "")


def _told(said: Said, room: int) -> list[Line]:
    """Return a comment in at most `_MOST_TOLD` lines of `room` cells; the facts beside hold the whole of it."""
    mark, tone = ("✓ ", "muted") if said.settled else ("○ ", "warn")
    earlier = (f"{said.earlier}: ", "warn") if said.earlier else ""
    words = line("    ", (mark, tone), earlier, (said.words, "muted" if said.settled else "text"))
    lines = wrap(words, room, indent=6)
    return lines if len(lines) <= _MOST_TOLD else [*lines[: _MOST_TOLD - 1], (*lines[_MOST_TOLD - 1], Span(" …"))]


def _identity(row: _Row) -> tuple[str, str | None, str | None, int | None, bool, bool]:
    """Return what a row is about, whatever else is drawn above it."""
    path, said = row.field.path if row.field else None, row.said.seq if row.said else None
    return row.component.key, path, row.words, said, bool(row.folded_noise), row.first


def _detail(row: _Row, room: int, key: Callable[[str], str]) -> Line:
    if row.words is not None:
        return fit(line("    ", ("↪ ", "info"), row.words), room)
    if row.said is not None:
        return fit(row.part, room)
    if row.folded_noise:
        words = f"· {counted(row.folded_noise, 'layout change')} folded ({key('w')} shows)"
        return fit(line("    ", (words, "muted")), room)
    assert row.field is not None
    return _field(row.field, room, key)


def _field(field: FieldChange, room: int, key: Callable[[str], str]) -> Line:
    """Return one field: its path, then old → new as far as there is room, then what a rule says."""
    tone = "muted" if field.noise else "text"
    flag = line("  ", (f"! {field.flag} ", "warn")) if field.flag else ()
    inner = room - 4 - width(flag)
    path_room = max(min(inner * 2 // 5, 44), 12)
    path = fit(line((field.path, tone)), path_room)
    rest = max(inner - path_room - 2, 0)
    if field.code:
        values = fit(line((field.new or "", "info"), (f"  {key('enter')} opens", "muted")), rest)
    elif field.old is None:
        values = fit(line(("+ ", "add"), (field.new or "", "add")), rest)
    elif field.new is None:
        values = fit(line(("− ", "remove"), (field.old, "remove")), rest)
    else:
        half = max((rest - 3) // 2, 1)
        old = line((field.old or "“”", "remove"))
        old = fit(old, half) if width(old) > half else old
        values = fit((*old, Span(" → ", "muted"), *line((field.new or "“”", "add"))), rest)
    return (Span("    "), *path, Span("  "), *values, *flag)
