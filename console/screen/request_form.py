"""The form of a change request: judged while it is typed, kept while it is typed, handed in or kept as a draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.timer import Timer

from console.personal.drafts import Kept
from console.presentation.request_form import FIELDS, kept_line, keys_line, locked_words
from console.presentation.spans import Line, line
from console.screen.form_dialog import FormDialog
from console.widgets.form_fields import FormField, OneLine, Pick, Prose
from console.widgets.key_caps import KeyCaps
from console.widgets.text_view import Facts
from store.domain import events as ev
from store.services.requests.drafting import Checked

KEEP_AFTER: float = 0.25
"""Seconds after the last letter at which what was typed is written down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What was typed, and what is to become of it."""

    content: ev.RequestContent
    then: Literal["submit", "keep"]


class RequestForm(FormDialog[Filled]):
    """All fields below each other; None: left. Whatever is typed has been given to `keep` by then."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "done('submit')", "Hand in", show=False, id="form.submit", priority=True),
        Binding("ctrl+t", "done('keep')", "Keep as draft", show=False, id="form.keep", priority=True),
    ]
    DEFAULT_CSS = """
    RequestForm > Vertical { width: 110; height: 100%; }
    RequestForm VerticalScroll, RequestForm.-short VerticalScroll {
        height: 1fr; max-height: 100%; margin-bottom: 1; scrollbar-size-vertical: 1;
    }
    RequestForm #form-said { display: none; }
    RequestForm #form-said.-filled { display: block; }
    """

    def __init__(
        self,
        title: Line,
        content: ev.RequestContent,
        *,
        templates: Sequence[tuple[str, str]],
        risks: Sequence[str],
        check: Callable[[ev.RequestContent], Checked],
        begin: Callable[[ev.RequestContent], ev.RequestContent],
        keep: Callable[[ev.RequestContent], Kept],
        editing: bool = False,
        notice: Sequence[str] = (),
    ) -> None:
        """Take what stands in it at first; `check` judges, `begin` adds a template's own words, `keep` writes down."""
        super().__init__(classes="-calm")
        self._form_title = title
        self._form_start = content
        self._form_choices = {"template": tuple(templates), "risk": tuple((name, name) for name in risks)}
        self._form_check, self._form_begin, self._form_keep = check, begin, keep
        self._form_editing = editing
        self._form_notice = tuple(notice)
        self._form_faults = check(content).faults
        self._form_kept = Kept(written=True)
        self._form_typed = False
        self._form_tried = False
        self._form_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(self._form_title, classes="-title")
            yield Facts(id="form-said")
            with VerticalScroll(can_focus=False):
                for name, label, hint in FIELDS:
                    yield FormField(name, label, hint, self._editor(name))
            yield KeyCaps(id="form-keys")

    def _editor(self, name: str) -> OneLine | Prose | Pick:
        if name in self._form_choices:
            return Pick(self._form_choices[name])
        return OneLine() if name == "title" else Prose()

    def on_mount(self) -> None:
        with self.prevent(FormField.Changed):
            self._fill(self._form_start)
        self._form_start = self.stated()
        self._judge()
        self.go_to("title")

    def _fill(self, content: ev.RequestContent) -> None:
        for field in self.query(FormField):
            if field.value != getattr(content, field.field):
                field.fill(getattr(content, field.field))

    def stated(self) -> ev.RequestContent:
        """Return what stands in the form."""
        return ev.RequestContent(**self.values())

    def on_form_field_changed(self, event: FormField.Changed) -> None:
        event.stop()
        if event.field.field == "template":
            self._fill(self._form_begin(self.stated()))
        self._judge()
        if self.stated() != self._form_start:
            self._form_typed = True
        if self._form_typed:
            if self._form_timer is not None:
                self._form_timer.stop()
            self._form_timer = self.set_timer(KEEP_AFTER, self._write_down)

    def _write_down(self) -> None:
        if self._form_timer is not None:
            self._form_timer.stop()
            self._form_timer = None
        self._form_kept = self._form_keep(self.stated())
        self._say()

    def _judge(self) -> None:
        found = self._form_check(self.stated())
        self._form_faults = found.faults
        wrong = {fault.field: fault.words for fault in found.faults}
        for field in self.query(FormField):
            field.judge(required=field.field in found.required, fault=wrong.get(field.field, ""))
        self._show_keys()
        self._say()

    def _show_keys(self) -> None:
        room = self.query_one("#form-keys").size.width or 76
        self.query_one("#form-keys", Facts).show_lines(
            keys_line(self._form_faults, room=room, editing=self._form_editing)
        )

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_keys)

    def _say(self) -> None:
        more = [locked_words(self._form_faults)] if self._form_tried and self._form_faults else []
        kept = kept_line(self._form_kept.hidden, self._form_kept.cut, written=self._form_kept.written)
        lines = [*(line(("! ", "warn"), (words, "warn")) for words in (*more, *self._form_notice)), kept]
        said = self.query_one("#form-said", Facts)
        said.show_lines(*(found for found in lines if found))
        said.set_class(any(lines), "-filled")

    def action_done(self, then: Literal["submit", "keep"]) -> None:
        """Answer, or go to the first field that is wrong and say how many are."""
        if self._form_faults:
            self.app.bell()
            self._form_tried = True
            self._say()
            self.go_to(*(fault.field for fault in self._form_faults))
            return
        if self._form_typed:
            self._write_down()
        self.dismiss(Filled(content=self.stated(), then=then))

    def action_leave(self) -> None:
        """Leave; ask only when something of it cannot be found again."""
        if self._form_typed:
            self._write_down()
        if not self._form_typed or self._form_kept.whole:
            self.leave()
            return
        lost = self._form_kept.hidden or self._form_kept.cut
        what = f"what looks like a secret or is too long is not kept: {', '.join(lost)}" if lost else "nothing is kept"
        self.leave(what)
