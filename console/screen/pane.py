"""The base of every screen: loads in a thread, draws on the main thread, acts through one service call."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual.binding import BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget

from console.presentation import bad_news
from console.screen.keys import look
from console.widgets.beside import beside, in_worker
from console.widgets.keyed_table import KeyedTable
from console.widgets.line_view import LineView
from console.widgets.stopwatch import Stopwatch
from console.widgets.terminal import TerminalApp
from store.errors import Conflict, IntegrityFailure, QuarterdeckError

AGES_EVERY_SECONDS = 30.0
"""How often what is shown is read again though nothing was committed: ages grow, deadlines pass."""
T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")


class Pane(Container, Generic[T]):
    """One screen of the console, in the room under the tab line."""

    BINDINGS: ClassVar[list[BindingType]] = [look("copy", show=False), look("reload", show=False)]
    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"
    HELP_TEXT: ClassVar[tuple[str, ...]] = ()
    """A few sentences for `?`: what this screen is for."""

    crumbs: reactive[tuple[str, ...]] = reactive(())
    """What is open inside this screen, for the first line (`("CR-0042", "diff")`)."""

    class Said(Message):
        """Something the operator should read, in the message line."""

        def __init__(self, lines: tuple[str, ...], tone: str, watch: Stopwatch | None = None) -> None:
            self.lines = lines
            self.tone = tone
            self.watch = watch
            """What times it while it is under way."""
            super().__init__()

    class Went(Message):
        """The pane asks for another place; `subject` is an id that the other pane opens."""

        def __init__(self, place: str, subject: str | None) -> None:
            self.place = place
            self.subject = subject
            super().__init__()

    class CrumbsChanged(Message):
        """`crumbs` are others now."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pane_loading = False
        self._pane_again = False
        self._pane_stale = True
        self._pane_read_at = monotonic()
        self._pane_doing: str | None = None
        self._pane_watch: Stopwatch | None = None
        self._pane_acts = False
        self._pane_alarms = bad_news.Alarms()
        self.drawn = asyncio.Event()
        """Set once the pane has drawn what it read first, or could not read it."""
        self.read_only: str | None = None
        """Why nothing can be changed now; set by the frame."""

    # What a screen provides.

    def load(self) -> T:
        """Read what the screen shows. Runs in a thread: may block, must not touch a widget."""
        raise NotImplementedError

    def show_data(self, data: T) -> None:
        """Draw what was read. Runs on the main thread, after every load."""
        raise NotImplementedError

    def open(self, subject: str) -> None:
        """Show one thing by its id (from another screen, or from `:drift DR-0007`)."""

    def filter_rows(self, text: str) -> None:
        """Narrow what is listed; by default every `KeyedTable` of the pane."""
        for table in self.query(KeyedTable):
            table.filter = text

    def filter_entered(self, text: str) -> None:
        """Take what stays typed after `/` once `enter` was pressed; by default there is nothing more to do."""

    def filter_hint(self) -> str:
        """Return what `/` takes here; empty: words to narrow the list to."""
        return ""

    def why_not(self, _name: str) -> str | None:
        """Return why an act cannot be done on what the cursor is on and what would unblock it, None when it can."""
        return None

    def copied(self) -> str | None:
        """Return what `y` copies: the id or value under the cursor; by default the focused table's key."""
        key = getattr(self.screen.focused, "key", None)
        return key if isinstance(key, str) else None

    def subject(self) -> str | None:
        """Return what is open here, as `open` takes it: kept when the console is left, None for nothing."""
        return None

    def back(self) -> bool:
        """Go one step back inside the pane on `esc`; return whether there was one."""
        return False

    def command(self, _words: str) -> bool:
        """Run a `:` command of this pane's own; return whether it knows it."""
        return False

    def first_focus(self) -> Widget | None:
        """Return what has the focus when the pane is first shown: by default the first thing that can."""
        return next((w for w in self.query("*").results(Widget) if w.focusable), None)

    # What a screen uses.

    def say(self, *lines: str, tone: str = "ok") -> None:
        """Tell the operator something, until the screen changes or more is said. Tones: ok, info, warn, danger."""
        self.post_message(self.Said(lines, tone))

    def tell(self, words: str) -> None:
        """Say how far what is under way has come; its seconds tick beside it. Also from its thread."""
        self.post_message(self.Said((words,), "info", self._pane_watch))

    def go(self, place: str, subject: str | None = None) -> None:
        """Go to another screen by its id, and to a thing in it."""
        self.post_message(self.Went(place, subject))

    async def ask(self, dialog: ModalScreen[A]) -> A:
        """Ask and wait for the typed answer. Only inside an `async def act_…`."""
        return cast("A", await self.app.push_screen_wait(dialog))

    async def perform(self, call: Callable[[], R], *, doing: str) -> R:
        """Run one service call in a thread and reload; `doing` is said while it takes longer than a moment.

        Raises whatever the call raises; `report` shows it when the act's method lets it through.
        """
        self._pane_acts = True
        try:
            return await self._told(asyncio.to_thread(call), doing)
        finally:
            self._pane_acts = False
            self.reload()

    async def fetch(self, call: Callable[[], R], *, doing: str) -> R:
        """Run one call that changes nothing in a thread; like `perform`, but nothing has to wait for its end."""
        return await self._told(beside(self, call), doing)

    async def _told(self, answer: Awaitable[R], doing: str) -> R:
        self._pane_doing = doing
        watch = self._pane_watch = Stopwatch()
        told = self.set_timer(0.3, lambda: self.tell(f"{doing} …"))
        try:
            return await answer
        finally:
            told.stop()
            watch.stop()
            self._pane_doing = None

    def report(self, error: QuarterdeckError) -> None:
        """Say bad news as `bad_news` words it; reload what somebody else changed, raise an alarm over evidence."""
        lines, tone = bad_news.told(error)
        self.say(*lines, tone=tone)
        if isinstance(error, Conflict):
            self.reload()
        elif isinstance(error, IntegrityFailure) and self._pane_alarms.is_new(error):
            from console.widgets.dialogs import Reading

            self.app.push_screen(Reading("INTEGRITY ALARM", bad_news.alarm(error), danger=True))

    # How it works.

    def on_mount(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Load again, soon: at once when nothing is loading, once more when something is. Hidden panes wait."""
        if not self.is_attached:
            return
        if not self.display:
            self._pane_stale = True
        elif self._pane_loading:
            self._pane_again = True
        else:
            self._pane_loading = True
            in_worker(self, self._load, group="load", name=f"load {self.id}")

    def shown(self) -> None:
        """Say that the pane is in front now; loads when the ledger changed while it was not, or ages have grown old."""
        if self._pane_stale or monotonic() - self._pane_read_at > AGES_EVERY_SECONDS:
            self.reload()

    async def _load(self) -> None:
        try:
            self._pane_stale = False
            self._pane_read_at = monotonic()
            self._pane_again = True
            while self._pane_again:
                self._pane_again = False
                self._pane_alarms.read_again()
                data = await beside(self, self.load)
                self.show_data(data)
                self.refresh_bindings()
        except QuarterdeckError as error:
            self.report(error)
        finally:
            self._pane_loading = False
            self.drawn.set()

    def watch_crumbs(self) -> None:
        if self.is_attached:
            self.post_message(self.CrumbsChanged())

    def reason_against(self, kind: str, name: str) -> str | None:
        """Return why a key bound by `act` or `look` cannot be used now; the key line asks this too."""
        if kind == "act" and self.read_only is not None:
            return f"read only: {self.read_only}"
        try:
            return self.why_not(name)
        except NoMatches:  # asked between being mounted and being composed, or while the console closes
            return "this screen is not ready"

    def possible(self, *acts: str) -> frozenset[str]:
        """Return those of these acts that can be done now on what the cursor is on: only their keys are offered."""
        return frozenset(name for name in acts if self.reason_against("act", name) is None)

    def action_act(self, name: str) -> None:
        """Run an act, or say why it cannot be done; one at a time, so that a repeated key acts once."""
        focused = self.screen.focused
        reason = self._reason_now("act", name)
        if reason is None and self._pane_doing is not None:
            reason = f"still {self._pane_doing}"
        if reason is None and isinstance(focused, KeyedTable) and not focused.armed():
            reason = "the list has just moved; look, then press again"
        self._run(f"act_{name}", reason)

    def action_look(self, name: str) -> None:
        """Run an act that changes nothing, or say why it cannot be done."""
        self._run(f"look_{name}", self._reason_now("look", name))

    def _reason_now(self, kind: str, name: str) -> str | None:
        """Return why a key cannot be used now; before anything was read nobody says that there is nothing."""
        reason = self.reason_against(kind, name)
        if reason is None or self.drawn.is_set() or (kind == "act" and self.read_only is not None):
            return reason
        return "still reading; press again in a moment"

    def _run(self, method: str, reason: str | None) -> None:
        if reason is not None:
            self.say(*reason.split("\n"), tone="warn")
            return
        result = cast("Callable[[], Any]", getattr(self, method))()
        if inspect.isawaitable(result):
            self.run_worker(self._guarded(result), group="act", name=method)

    def begin(self, flow: Awaitable[object]) -> None:
        """Run a flow that is no act of this screen alone; what it raises is reported here."""
        self.run_worker(self._guarded(flow), group="act", name="flow")

    @property
    def doing(self) -> str | None:
        """What a service call is busy with, in words; None when nothing runs."""
        return self._pane_doing

    @property
    def changing(self) -> str | None:
        """What `perform` is changing right now, in words; None when nothing is, though something may be read."""
        return self._pane_doing if self._pane_acts else None

    async def _guarded(self, flow: Awaitable[object]) -> None:
        try:
            await flow
        except QuarterdeckError as error:
            self.report(error)

    async def look_copy(self) -> None:
        """Copy the id under the cursor, and show it: a terminal may refuse the clipboard without a word."""
        text = self.copied()
        if text is None:
            self.say("nothing here to copy", tone="info")
        else:
            self.say(await cast("TerminalApp[Any]", self.app).copy(text))

    def look_reload(self) -> None:
        self.reload()
        self.say("reloaded", tone="info")

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        event.stop()
        self.refresh_bindings()

    def on_keyed_table_highlighted(self) -> None:
        self.refresh_bindings()
