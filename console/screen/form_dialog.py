"""What forms do alike: `tab` and arrows go from field to field, and `esc` asks where something would be lost."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType

from console.widgets.dialogs import Answer, Confirm, Dialog
from console.widgets.form_fields import FormField

R = TypeVar("R")


class FormDialog(Dialog[R | None]):
    """Fields below each other; None: left. A form says in `action_leave` what leaving it loses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave the form", show=False, id="form.leave", priority=True),
        Binding("ctrl+down,pagedown", "field(1)", "Next field", show=False, id="form.down", priority=True),
        Binding("ctrl+up,pageup", "field(-1)", "Field before", show=False, id="form.up", priority=True),
    ]
    DEFAULT_CSS = """
    FormDialog FormField { margin-bottom: 1; }
    FormDialog.-short FormField { margin-bottom: 0; }
    """

    def values(self) -> dict[str, str]:
        """Return what stands in each field, by its name."""
        return {field.field: field.value for field in self.query(FormField)}

    def go_to(self, *names: str) -> None:
        """Put the cursor into the first field that is one of these, where there is one."""
        first = next((field for field in self.query(FormField) if field.field in names), None)
        if first is not None:
            first.editor.focus()

    def leave(self, lost: str = "") -> None:
        """Leave the form; where something is `lost`, ask first."""
        if lost:
            self.app.push_screen(Confirm("Leave the form?", [lost], verb="leave", danger=False), self._answered)
        else:
            self.dismiss(None)

    def action_field(self, by: int) -> None:
        """Go to the next field, or the one before, also out of prose."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def _answered(self, answer: Answer | None) -> None:
        if answer is not None and answer.confirmed:
            self.dismiss(None)
