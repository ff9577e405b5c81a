"""Questions with typed answers. `answer = await app.push_screen_wait(Confirm(…))`; never an effect of their own.

A slip must not confirm: nothing is accepted in the first 400 ms (a held `enter` that opened the dialog), `enter`
alone never says yes, and what matters most asks for a name to be typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar, Final, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from console.presentation.spans import Cell, Line, Span, line
from console.presentation.text import display
from console.widgets.columns import Column, Row
from console.widgets.key_caps import KeyCaps
from console.widgets.keyed_table import ARMING_SECONDS, KeyedTable
from console.widgets.sized_screen import SizedScreen
from console.widgets.text_view import Facts, HangingFacts, TextView

R = TypeVar("R")
_ROOMY: Final = 30
"""Lines from which there is room for blank ones, and for a label above each field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was answered to `Confirm`."""

    confirmed: bool
    reason: str = ""
    other: str = ""
    """Another answer than yes or no, where the question offers one."""


class Dialog(SizedScreen[R], ModalScreen[R]):
    """What all questions look like: a framed box in the middle, the title in its first line, the keys in its last."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background; }
    Dialog > Vertical {
        width: 100; max-width: 100%; height: auto; max-height: 100%;
        border: heavy $secondary; background: $surface; padding: 0 1;
    }
    Dialog.-danger > Vertical { border: heavy $error; }
    Dialog.-full > Vertical { height: 100%; max-height: 44; }
    Dialog VerticalScroll { height: auto; max-height: 50vh; scrollbar-size-vertical: 1; }
    Dialog Facts.-title { margin-bottom: 1; }
    Dialog Facts.-keys { dock: bottom; }
    Dialog Facts.-label { margin-top: 1; }
    Dialog Input { background: $panel; }
    Dialog LineView { background: $surface; }
    Dialog .-body { height: 1fr; min-height: 3; margin-top: 1; }
    Dialog .-last { margin-bottom: 2; }
    Dialog.-short VerticalScroll { max-height: 30vh; }
    Dialog.-short Facts.-label { display: none; }
    Dialog.-short Facts.-title, Dialog.-short .-body { margin: 0; }
    Dialog.-short Input { margin: 0; }
    Dialog.-short .-last { margin-bottom: 1; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        # at once, before the next key is given to anybody: a slow line delivers what was typed in one burst
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True, id="dialog.next"),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False, priority=True, id="dialog.previous"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_ROOMY, "-roomy")]  # noqa: RUF012  Textual's own annotation


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
                yield _field("name")
            if self._ask_reason is not None:
                yield Facts(line((self._ask_reason, "muted")), classes="-label")
                yield _field("reason", value=self._ask_because)
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
            rest = 6 + fields if height < _ROOMY else 8 + 3 * fields  # frame, title, fields, keys, and their margins
            self.query_one(VerticalScroll).styles.max_height = max(height - rest, 3)

    def _show_hints(self) -> None:
        """Say inside the fields what is to be typed, where there is no room for the labels above them that say it."""
        short = self.app.size.height < _ROOMY
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


class Ask(Dialog[str | None]):
    """One line of text. None: left with `esc`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False, id="dialog.cancel")]

    def __init__(
        self,
        title: str,
        *,
        facts: Sequence[str | Line] = (),
        value: str = "",
        placeholder: str = "",
        required: bool = True,
        secret: bool = False,
    ) -> None:
        super().__init__()
        self._ask_title = title
        self._ask_facts = tuple(facts)
        self._ask_required = required
        self._ask_value = value
        self._ask_placeholder = placeholder
        self._ask_secret = secret

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((self._ask_title, "title")), classes="-title")
            if self._ask_facts:
                yield HangingFacts(*self._ask_facts)
            yield _field(
                "answer", placeholder=display(self._ask_placeholder), value=self._ask_value, secret=self._ask_secret
            )
            yield KeyCaps(line((" enter ", "keycap"), "  done    ", (" esc ", "keycap"), "  cancel"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() or not self._ask_required:
            self.dismiss(event.value.strip())
        else:
            self.app.bell()

    def action_cancel(self) -> None:
        self.dismiss(None)


class Choose(Dialog[str | None]):
    """One of several, by key. None: left with `esc`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False, id="dialog.cancel")]

    def __init__(self, title: str, options: Sequence[tuple[str, Cell]]) -> None:
        """Take `(key, what is shown)` pairs in the order to show them."""
        super().__init__()
        self._ask_title = title
        self._ask_rows = tuple(Row(key=key, cells=(shown,)) for key, shown in options)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((self._ask_title, "title")), classes="-title")
            table = KeyedTable((Column(name="", grow=1, keep=9),), empty="nothing to choose from")
            table.styles.height = min(len(self._ask_rows), 14) + 1
            yield table
            yield KeyCaps(line((" enter ", "keycap"), "  choose    ", (" esc ", "keycap"), "  cancel"))

    def on_mount(self) -> None:
        table = self.query_one(KeyedTable)
        table.sync(self._ask_rows)
        table.focus()

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        self.dismiss(event.key)

    def action_cancel(self) -> None:
        self.dismiss(None)


class Reading(Dialog[None]):
    """Text to read, of any length: an entry, a proof, the keys, an alarm (`danger`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", show=False, id="dialog.cancel"),
    ]

    def __init__(self, title: str, lines: Sequence[str | Line], *, danger: bool = False) -> None:
        super().__init__(classes="-danger -full" if danger else "-full")
        self._read_title = title
        self._read_lines = tuple(lines)
        self._read_tone = "badge-danger" if danger else "title"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((f" {self._read_title} ", self._read_tone)), classes="-title")
            yield TextView(wrapped=True)
            yield KeyCaps(line((" j/k ", "keycap"), "  scroll    ", (" esc ", "keycap"), "  close"))

    def on_mount(self) -> None:
        view = self.query_one(TextView)
        view.show_lines([found or line(Span("")) for found in self._read_lines])
        view.focus()

    def action_close(self) -> None:
        self.dismiss(None)


def _field(name: str, *, placeholder: str = "", value: str = "", secret: bool = False) -> Input:
    field = Input(value=value, placeholder=placeholder, compact=True, id=name, password=secret, select_on_focus=False)
    field.cursor_blink = False
    return field
