"""What all questions look like, and the one field that they ask for text in."""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from console.widgets.sized_screen import SizedScreen

R = TypeVar("R")
ROOMY: Final = 30
"""Lines from which there is room for blank ones, and for a label above each field."""


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
    VERTICAL_BREAKPOINTS = [(0, "-short"), (ROOMY, "-roomy")]  # noqa: RUF012  Textual's own annotation


def field(name: str, *, placeholder: str = "", value: str = "", secret: bool = False) -> Input:
    """Return a field of one line; what is typed into a `secret` one is not shown."""
    made = Input(value=value, placeholder=placeholder, compact=True, id=name, password=secret, select_on_focus=False)
    made.cursor_blink = False
    return made
