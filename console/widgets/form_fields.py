"""The fields of a form: a line, prose, or one of several, each under its name with what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea

from console.presentation.spans import Line, content, line
from console.presentation.text import writable
from console.widgets.text_view import Facts

MOST_PASTED = 20_000
"""Characters that one field takes."""
_MOST_UNDONE = 1_000
"""Steps that can be taken back in one field."""


class FormField(Vertical):
    """One field: its name, whether it must be filled, what it is for, what is wrong; below it where one types."""

    DEFAULT_CSS = """
    FormField { height: auto; padding: 0 1 0 0; }
    FormField > Vertical { height: auto; padding-left: 2; }
    """

    class Changed(Message):
        """Another value stands in the field."""

        def __init__(self, field: FormField) -> None:
            self.field = field
            super().__init__()

    def __init__(self, name: str, label: str, hint: str, editor: OneLine | Prose | Pick) -> None:
        super().__init__(id=f"field-{name}")
        self.field = name
        self.editor = editor
        self._field_label = label
        self._field_hint = hint
        self._field_state: tuple[bool, str] = (False, "")

    def compose(self) -> ComposeResult:
        yield Facts()
        with Vertical():
            yield self.editor

    def on_mount(self) -> None:
        self._show()

    @property
    def value(self) -> str:
        """What stands in the field."""
        return self.editor.given

    def fill(self, text: str) -> None:
        """Put `text` into the field."""
        self.editor.given = text

    def judge(self, *, required: bool, fault: str) -> None:
        """Say whether something must be stated here, and what is wrong with what is."""
        self._field_state = (required, fault)
        self._show()

    def _show(self) -> None:
        required, fault = self._field_state
        mark: Line = line()
        if fault:
            mark = line(("  ✗ ", "danger"), (fault, "danger"))
        elif required:
            mark = line(("  ✓", "ok")) if self.value.strip() else line()
        star = line((" *", "danger")) if required else line()
        here = self.editor.has_focus
        cursor = line(("▸ ", "key")) if here else line("  ")
        hint = line((f"  {self._field_hint}", "muted")) if here and not fault else line()
        label = line((self._field_label, "title" if here else "strong"))
        self.query_one(Facts).show_lines((*cursor, *label, *star, *mark, *hint))

    def on_descendant_focus(self) -> None:
        self._show()

    def on_descendant_blur(self) -> None:
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_pick_changed(self, event: Pick.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))


class OneLine(Input):
    """One line of safe text; `enter` goes to the next field."""

    DEFAULT_CSS = "OneLine { background: $panel; }"

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False, max_length=MOST_PASTED)
        self.cursor_blink = False

    @property
    def given(self) -> str:
        """What stands in it."""
        return self.value

    @given.setter
    def given(self, text: str) -> None:
        self.value = " ".join(writable(text).split("\n"))[:MOST_PASTED]

    def _on_paste(self, event: events.Paste) -> None:
        room = max(MOST_PASTED - len(self.value), 0)  # more than that, and the whole paste would be refused
        event.text = " ".join(writable(event.text[: 2 * MOST_PASTED]).split("\n"))[:room]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()


class Prose(TextArea):
    """Several lines of safe text: what does not show itself is left out, also of what is pasted."""

    DEFAULT_CSS = """
    Prose { height: auto; min-height: 1; max-height: 8; background: $panel; border: none; padding: 0; }
    Prose:focus { border: none; }
    """

    def __init__(self) -> None:
        super().__init__(
            compact=True, show_line_numbers=False, soft_wrap=True, tab_behavior="focus", max_checkpoints=_MOST_UNDONE
        )
        self.cursor_blink = False

    @property
    def given(self) -> str:
        """What stands in it."""
        return self.text

    @given.setter
    def given(self, text: str) -> None:
        self.load_text(writable(text)[:MOST_PASTED])

    def edit(self, edit: Edit) -> EditResult:
        """Apply an edit; each word begins a step of its own, so that one undo never takes more than a word typed."""
        row, column = min(edit.from_location, edit.to_location)
        before = self.document.get_line(row)[:column]
        if edit.text.strip() and (not before or before[-1].isspace()):
            self.history.checkpoint()
        return super().edit(edit)

    async def _on_paste(self, event: events.Paste) -> None:
        room = max(MOST_PASTED - len(self.text), 0)
        event.text = writable(event.text[: 2 * MOST_PASTED])[:room]


class Pick(Widget, can_focus=True):
    """One of several; left and right change it."""

    DEFAULT_CSS = "Pick { height: 1; background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "The one before", show=False, id="form.before"),
        Binding("right,space", "step(1)", "The next one", show=False, id="form.next"),
        Binding("enter", "app.focus_next", "Next field", show=False, id="form.enter"),
    ]

    class Changed(Message):
        """Another one is picked."""

    def __init__(self, options: Sequence[tuple[str, str]]) -> None:
        """Take `(value, words)` pairs; the first is picked."""
        super().__init__()
        self._pick_options = tuple(options)
        self._pick_at = 0

    @property
    def given(self) -> str:
        """The value that is picked."""
        return self._pick_options[self._pick_at][0]

    @given.setter
    def given(self, value: str) -> None:
        values = [one for one, _ in self._pick_options]
        if value not in values:  # what policy no longer has stays visible, and is a fault
            self._pick_options = (*self._pick_options, (value, value))
            values.append(value)
        self._pick_at = values.index(value)
        self.refresh()

    def action_step(self, by: int) -> None:
        self._pick_at = (self._pick_at + by) % len(self._pick_options)
        self.refresh()
        self.post_message(self.Changed())

    def render(self) -> Content:
        value, words = self._pick_options[self._pick_at]
        ends = ("key" if self.has_focus else "faint",)
        about = line((f"  {words}", "muted")) if words != value else line()
        return content((*line(("‹ ", ends[0]), (value or "none", "strong"), (" ›", ends[0])), *about))
