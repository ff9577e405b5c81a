"""A question with a change as its body."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from console.widgets.dialogs import Confirm
from console.widgets.line_view import LineView


class ConfirmChange(Confirm):
    """The question, with the change as its body; arrows move in it while a name or reason is being typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "body('move(-1)')", "Up", show=False, id="dialog.up"),
        Binding("down", "body('move(1)')", "Down", show=False, id="dialog.down"),
        Binding("pageup", "body('page(-1)')", "Page up", show=False, id="dialog.page-up"),
        Binding("pagedown", "body('page(1)')", "Page down", show=False, id="dialog.page-down"),
    ]
    DEFAULT_CSS = """
    ConfirmChange > Vertical { width: 140; max-width: 96%; max-height: 44; }
    ConfirmChange.-short > Vertical { max-width: 100%; }
    ConfirmChange.-short VerticalScroll { max-height: 8; }
    """

    async def action_body(self, move: str) -> None:
        """Move in the list that is in view though an input has the focus."""
        view = next((view for view in self.query(LineView) if view.display and view.is_on_screen), None)
        if view is not None:
            await view.run_action(move)
