"""A few fields to fill in, from any screen: each says what it is for, and the keys stay locked until all are filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from console.presentation.spans import Line, line
from console.screen.form_dialog import FormDialog
from console.widgets.form_fields import FormField, OneLine, Pick, Prose
from console.widgets.key_caps import KeyCaps
from console.widgets.text_view import Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One field of a form."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    value: str = ""
    """What stands in it at first."""
    options: tuple[tuple[str, str], ...] = ()
    """(value, words) to choose from; empty: it is typed."""
    prose: bool = False
    """Several lines may be typed."""


class WordsForm(FormDialog[Mapping[str, str]]):
    """The fields below each other; answers name → text. None: left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "done", "Hand in", show=False, id="form.submit", priority=True),
    ]
    DEFAULT_CSS = """
    WordsForm > Vertical { width: 100; }
    WordsForm VerticalScroll { margin-bottom: 1; max-height: 70vh; }
    WordsForm.-short VerticalScroll { max-height: 60vh; }
    """

    def __init__(self, title: Line, fields: Sequence[Wanted], *, verb: str, facts: Sequence[str | Line] = ()) -> None:
        """Take what `ctrl+s` does in a word (`verb`)."""
        super().__init__(classes="-calm")
        self._words_title = title
        self._words_fields = tuple(fields)
        self._words_verb = verb
        self._words_facts = tuple(facts)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(self._words_title, classes="-title")
            if self._words_facts:
                yield Facts(*self._words_facts)
            with VerticalScroll(can_focus=False):
                for one in self._words_fields:
                    yield FormField(one.name, one.label, one.hint, _editor(one))
            yield KeyCaps(id="words-keys")

    def on_mount(self) -> None:
        wanted = {one.name: one.value for one in self._words_fields}
        with self.prevent(FormField.Changed):
            for field in self.query(FormField):
                if wanted[field.field]:
                    field.fill(wanted[field.field])
        self._judge()
        self.query(FormField).first().editor.focus()

    def on_form_field_changed(self, event: FormField.Changed) -> None:
        event.stop()
        self._judge()

    def missing(self) -> tuple[str, ...]:
        """Return the labels of what still has to be filled in."""
        given = self.values()
        return tuple(one.label for one in self._words_fields if one.required and not given[one.name].strip())

    def _judge(self) -> None:
        required = {one.name for one in self._words_fields if one.required}
        for field in self.query(FormField):
            field.judge(required=field.field in required, fault="")
        missing = self.missing()
        cap = "badge" if missing else "keycap"
        why = f"  still empty: {', '.join(missing)}" if missing else ""
        self.query_one("#words-keys", Facts).show_lines(
            line((" ctrl+s ", cap), f" {self._words_verb}  ", (" tab ", "keycap"), " next  ",
                 (" esc ", "keycap"), " leave", (why, "warn"))
        )  # fmt: skip

    def action_done(self) -> None:
        """Answer, or go to the first field that is still empty."""
        missing = self.missing()
        if not missing:
            self.dismiss({name: text.strip() for name, text in self.values().items()})
            return
        self.app.bell()
        self.go_to(next(one.name for one in self._words_fields if one.label == missing[0]))

    def action_leave(self) -> None:
        """Leave; ask when something was typed, because nothing of it is kept."""
        untouched = all(self.values()[one.name] == one.value for one in self._words_fields if not one.options)
        self.leave("" if untouched else "nothing is kept of what you typed")


def _editor(one: Wanted) -> OneLine | Prose | Pick:
    if one.options:
        return Pick(one.options)
    return Prose() if one.prose else OneLine()
