"""The dialog behind `e`, everywhere: one entry, what vouches for it, and how to check it without this console."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.entries import entry_lines, sound, title
from console.presentation.spans import Line, line
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.terminal import TerminalApp
from console.widgets.text_view import Facts, TextView
from store.errors import IntegrityFailure, NotFound, QuarterdeckError
from store.services.audit.inspecting import Inspected, inspect

_KEYS = line(
    (" ←/→ ", "keycap"), " entry before, after   ", (" y ", "keycap"), " copy hash   ", (" j/k ", "keycap"),
    " scroll   ", (" esc ", "keycap"), " close",
)  # fmt: skip
_FEW_KEYS = line((" ←/→ ", "keycap"), " entry  ", (" y ", "keycap"), " hash  ", (" esc ", "keycap"), " close")


async def show_entry(pane: Pane[Any], desk: Desk, seq: int) -> None:
    """Show entry `seq` until the reader leaves; for `look_entry` and `act_…` methods of panes.

    Raises:
        NotFound: there is no such entry.
        IntegrityFailure: its stored bytes are not what they must be.
    """
    found = await desk.threads.read(inspect, desk.context, seq)
    await pane.ask(EntryDialog(desk, found))


class EntryDialog(Dialog[None]):
    """One entry to read; `←`/`→` walk along the chain."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False, id="dialog.cancel"),
        Binding("y", "copy_hash", "Copy hash", show=False, id="dialog.copy"),
        Binding("left,h", "walk(-1)", "Entry before", show=False, id="dialog.before"),
        Binding("right,l", "walk(1)", "Entry after", show=False, id="dialog.after"),
    ]

    def __init__(self, desk: Desk, found: Inspected) -> None:
        super().__init__(classes="-full")
        self._desk = desk
        self._found = found
        self._seq = found.entry.seq

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(id="entry-title", classes="-title")
            yield TextView(wrapped=True)
            yield KeyCaps(id="entry-keys")

    def on_mount(self) -> None:
        self._show()
        self.query_one(TextView).focus()

    def on_resize(self) -> None:
        self._show_keys()

    def _show(self) -> None:
        mark: Line = () if sound(self._found) else line((" DOES NOT CHECK ", "badge-danger"), "  ")
        self.set_class(not sound(self._found), "-danger")
        self.query_one("#entry-title", Facts).show_lines((*mark, *title(self._found.entry)))
        self.query_one(TextView).show_lines(entry_lines(self._found))
        self._show_keys()

    def _show_keys(self, said: str = "") -> None:
        keys = _KEYS if self.size.width >= 80 else _FEW_KEYS
        self.query_one("#entry-keys", Facts).show_lines(*((line((said, "ok")),) if said else ()), keys)

    async def action_walk(self, by: int) -> None:
        """Show the entry before or after the one shown."""
        seq = self._seq + by
        try:
            self._found = await self._desk.threads.read(inspect, self._desk.context, seq)
        except NotFound:
            self.app.bell()
        except IntegrityFailure as error:
            self._seq = seq
            self.set_class(True, "-danger")
            self.query_one("#entry-title", Facts).show_lines(line((" DOES NOT CHECK ", "badge-danger"), f"  #{seq:,}"))
            self.query_one(TextView).show_lines([line((str(error), "danger"))])
        except QuarterdeckError as error:
            self._show_keys(str(error))
        else:
            self._seq = seq
            self._show()

    async def action_copy_hash(self) -> None:
        """Copy the entry's hash and say which way it went: a terminal may refuse the clipboard without a word."""
        if self._found.entry.seq == self._seq:
            text = self._found.entry.hash.hex()
            self._show_keys(await cast("TerminalApp[Any]", self.app).copy(text))

    def action_close(self) -> None:
        self.dismiss(None)
