"""The question before something happens: what exactly it is, and whether it shall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from console.presentation.spans import Line, line
from console.presentation.text import display
from console.widgets.dialogs.dialog import ROOMY, Dialog, field
from console.widgets.key_caps import KeyCaps
from console.widgets.keyed_table import ARMING_SECONDS
from console.widgets.text_view import Facts, HangingFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was answered to `Confirm`."""

    confirmed: bool
    reason: str = ""
    other: str = ""
    """Another answer than yes or no, where the question offers one."""


class Confirm(Dialog[Answer]):
    """Shows exactly what will happen, then asks. With `environment` its name has to be typed.

    `reason`: the label of a reason that has to be given (`reason, goes into the ledger`), None for none; `because` is
    what is known of it already, to be gone on with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, id="dialog.cancel"),
        Binding("y", "accept", "Yes", show=False, id="dialog.yes"),
        Binding("n", "cancel", "No", show=False, id="dialog.no"),
    ]

    def __init__(
        self,
        title: str,
        facts: Sequence[str | Line],
        *,
        verb: str,
        environment: str | None = None,
        reason: str | None = None,
        because: str = "",
        danger: bool = True,
        body: Widget | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(classes=" ".join(("-danger" if danger else "-calm", "-full" if body else "-small")))
        self._ask_title = title
        self._ask_facts = tuple(facts)
        self._ask_verb = verb
        self._ask_environment = environment
        self._ask_reason = reason
        self._ask_because = because
        self._ask_danger = danger
        self._ask_body = body
        self._ask_clock = clock
        self._ask_opened = float("inf")

    def compose(self) -> ComposeResult:
        tone = "badge-danger" if self._ask_danger else "badge-info"
        place: Line = line("  ", (f" {self._ask_environment} ", tone)) if self._ask_environment else ()
        with Vertical():
            yield Facts((*line((f" {self._ask_verb.upper()} ", tone), "  ", (self._ask_title, "title")), *place),
                        classes="-title")  # fmt: skip
            with VerticalScroll():
                yield HangingFacts(*self._ask_facts)
            if self._ask_body is not None:
                self._ask_body.add_class("-body")
                yield self._ask_body
            if self._ask_environment is not None:
                yield Facts(line("type ", (self._ask_environment, "strong"), " to confirm"), classes="-label")
                yield field("name")
            if self._ask_reason is not None:
                yield Facts(line((self._ask_reason, "muted")), classes="-label")
                yield field("reason", value=self._ask_because)
            yield KeyCaps(id="verdict")

    def on_mount(self) -> None:
        self._ask_opened = self._ask_clock()
        self.query("Vertical > *").exclude("#verdict").last().add_class("-last")
        fields = list(self.query(Input))
        if fields:
            fields[0].focus()
        self._show_keys()
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        self._give_room()
        self._show_hints()

    def _give_room(self) -> None:
        """Let the facts have all that the rest leaves: what one needs to decide is not scrolled away beside blanks."""
        if self._ask_body is None:
            height, fields = self.app.size.height, len(self.query(Input))
            rest = 6 + fields if height < ROOMY else 8 + 3 * fields  # frame, title, fields, keys, and their margins
            self.query_one(VerticalScroll).styles.max_height = max(height - rest, 3)

    def _show_hints(self) -> None:
        """Say inside the fields what is to be typed, where there is no room for the labels above them that say it."""
        short = self.app.size.height < ROOMY
        if self._ask_environment is not None:
            words = f"type {display(self._ask_environment, 40)} to confirm"
            self.query_one("#name", Input).placeholder = words if short else ""
        if self._ask_reason is not None:
            words = f"{display(self._ask_reason, 60)} (required)"
            self.query_one("#reason", Input).placeholder = words if short else "required"

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show_keys()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field; at the last one, what was typed is the confirmation."""
        event.stop()
        fields = list(self.query(Input))
        after = fields[fields.index(event.input) + 1 :]
        if after:
            after[0].focus()
        else:
            self.action_accept()

    def missing(self, *, short: bool = False) -> str | None:
        """Return what still has to be typed, in words, or in one where room is `short`."""
        if self._ask_environment is not None and self._value("name") != self._ask_environment:
            return "name" if short else "the name does not match"
        if self._ask_reason is not None and not self._value("reason"):
            return "reason" if short else "the reason is still empty"
        return None

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _show_keys(self) -> None:
        self.query_one("#verdict", Facts).show_lines(self.keys())

    def keys(self, *, short: bool = False) -> Line:
        """Return the last line: what may be pressed, or what still has to be typed."""
        typed = bool(self.query(Input))
        missing = self.missing(short=short)
        key = " enter " if typed else " y "
        words = (f" {self._ask_verb} ", "text") if missing is None else (f" locked: {missing}", "muted")
        return line((key, "keycap" if missing is None else "badge"), words, "  ", (" esc ", "keycap"), " cancel")

    def action_accept(self) -> None:
        if self.missing() is not None or self._ask_clock() - self._ask_opened < ARMING_SECONDS:
            self.app.bell()
            return
        reason = self._value("reason") if self._ask_reason is not None else ""
        self.dismiss(Answer(confirmed=True, reason=reason))

    def action_cancel(self) -> None:
        self.dismiss(Answer(confirmed=False))
