"""The frame around every screen: status line, tab line, one pane in front, message, input and key line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from console.personal.memory import LeftOff
from console.presentation.frame import FrameFacts
from console.presentation.spans import line
from console.screen import commands
from console.screen.desk import Desk
from console.screen.feed import Feed, FeedFailed
from console.screen.pane import AGES_EVERY_SECONDS, Pane
from console.screen.place import Place
from console.screen.session import Session
from console.screen.typing_screen import TypingScreen
from console.widgets.beside import beside, in_worker
from console.widgets.filter_bar import FilterBar
from console.widgets.key_line import KeyLine, MessageLine
from console.widgets.status_bar import StatusBar, Tab, TabStrip
from console.widgets.terminal import SMALLEST
from console.widgets.text_view import Facts
from store.errors import QuarterdeckError

FIRST_PAINT_SECONDS = 0.25
"""For so long nothing is drawn when the console opens, so that the first screen is drawn once and not in pieces."""


class Frame(TypingScreen):
    """The one Textual screen; its panes are the console's screens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"place_key('{n}')", f"Screen {n}", show=False, id=f"screen.{n}") for n in range(10)),
        Binding("slash", "filter", "Filter", key_display="/", id="find.filter"),
        Binding("colon", "command", "Command", key_display=":", id="find.command"),
        Binding("question_mark", "help", "Keys", key_display="?", id="app.help"),
        Binding("Z", "undo", "Undo what you did last", show=False, id="act.undo"),
        Binding("escape,backspace", "back", "Back", show=False, id="app.back"),
        Binding("q", "leave", "Quit", show=False, id="app.quit"),
    ]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  Textual's own annotation
        (0, "-tiny"), (SMALLEST[0], "-narrow"), (80, "-normal"), (120, "-wide"), (180, "-vast"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012  Textual's own annotation
        (0, "-flat"), (SMALLEST[1], "-short"), (30, "-medium"), (42, "-tall"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    Frame { layout: vertical; background: $background; }
    Frame > ContentSwitcher { height: 1fr; }
    Frame > #too-small { display: none; height: 1fr; content-align: center middle; text-align: center; }
    Frame.-tiny > *, Frame.-flat > * { display: none; }
    Frame.-tiny > #too-small, Frame.-flat > #too-small { display: block; }
    """
    AUTO_FOCUS = ""

    def __init__(self, session: Session, places: Sequence[Place], start: LeftOff | None = None) -> None:
        super().__init__()
        self._frame_start = start or LeftOff()
        self._frame_session = session
        self._frame_places = tuple(places)
        self._frame_past: list[str] = []
        self._frame_feed = Feed(session, self.post_message)
        self._frame_reading = False
        self._frame_again = False
        self._frame_first = ExitStack()
        self.facts = FrameFacts(workspace="", read_only=session.read_only)

    def compose(self) -> ComposeResult:
        tabs = [Tab(place.key, place.id, place.title) for place in self._frame_places]
        columns, lines = SMALLEST
        yield Facts(line((f"too small: the console needs {columns}×{lines}", "warn")), id="too-small")
        yield StatusBar(tabs)
        yield TabStrip(tabs)
        yield ContentSwitcher()
        yield MessageLine()
        yield FilterBar(commands.names(self))
        yield KeyLine(self.blocked)

    async def on_mount(self) -> None:
        self.set_interval(AGES_EVERY_SECONDS, self._look_again)
        self._frame_first.enter_context(self.app.batch_update())
        start = self._frame_start
        known = {place.id for place in self._frame_places}
        if start.place in known:
            await self.go_to(start.place, start.subject or None)
            if start.filter:
                self.narrow(start.filter)
        elif self._frame_places:
            await self.go_to(self._frame_places[0].id)
        self.run_worker(self._read_beside(), name="begin to read beside")

    async def _read_beside(self) -> None:
        """Draw the first screen; then read the first two lines and follow the ledger: it waits for neither."""
        pane = self.pane
        if pane is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(pane.drawn.wait(), FIRST_PAINT_SECONDS)
        self._frame_first.close()
        self.draw_whole()
        if not self.is_current:  # the tour lies over it
            self.app.screen.refresh(layout=True)
        if pane is not None:
            await pane.drawn.wait()
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        self._read_facts()
        self._frame_feed.start()

    def on_unmount(self) -> None:
        self.close()

    def close(self) -> None:
        """Stop polling and make running reads end, so that quitting takes no time."""
        self._frame_feed.stop()
        self._frame_session.interrupt()

    # Places.

    @property
    def places(self) -> tuple[Place, ...]:
        """The table of screens."""
        return self._frame_places

    async def go_to(self, place_id: str, subject: str | None = None, *, remember: bool = True) -> None:
        """Bring a place to the front, made at its first visit, and open `subject` in it."""
        place = next((found for found in self._frame_places if found.id == place_id), None)
        if place is None:
            self.say((f"there is no screen called {place_id}",), "warn")
            return
        if not self.is_attached:  # the console is being left
            return
        switcher = self.query_one(ContentSwitcher)
        if switcher.current != place.id:
            self.leave_filter()
            if switcher.current:
                self.query_one(MessageLine).leave()
                if remember:
                    self._frame_past = [*self._frame_past, switcher.current][-20:]
            if not switcher.query_children(f"#{place.id}"):
                pane = place.factory(self._frame_session)
                pane.id = place.id
                pane.read_only = self.facts.read_only
                if place.style_sheet.exists():
                    self.app.stylesheet.read(place.style_sheet)
                    self.app.stylesheet.parse()
                await switcher.add_content(pane)
            switcher.current = place.id
        pane = switcher.get_child_by_id(place.id, Pane)
        pane.shown()
        self.focus_in(pane)
        if subject is not None:
            pane.open(subject)
        self.query_one(TabStrip).current = self.query_one(StatusBar).current = place.id
        self._show_crumbs()
        self.query_one(KeyLine).reread()

    def _show_crumbs(self) -> None:
        pane = self.pane
        if pane is not None:
            title = next(place.title for place in self._frame_places if place.id == pane.id)
            self.query_one(StatusBar).crumbs = (title, *pane.crumbs)

    # What happens.

    def on_ledger_changed(self) -> None:
        self._read_facts()
        for pane in self.query(Pane):
            pane.reload()

    def on_feed_failed(self, event: FeedFailed) -> None:
        self.say((str(event.error), "the console no longer follows the ledger; `r` reads again"), "danger")

    def _look_again(self) -> None:
        self._read_facts()
        if self.pane is not None:
            self.pane.reload()

    def _read_facts(self) -> None:
        if self._frame_reading:
            self._frame_again = True
        else:
            self._frame_reading = True
            in_worker(self, self._load_facts, group="facts", name="read frame")

    async def _load_facts(self) -> None:
        try:
            self._frame_again = True
            while self._frame_again:
                self._frame_again = False
                self._show_facts(await beside(self, self._frame_session.frame))
        except QuarterdeckError as error:
            self.say((str(error),), "danger")
        finally:
            self._frame_reading = False

    def _show_facts(self, facts: FrameFacts) -> None:
        self.facts = facts
        self.query_one(StatusBar).facts = facts
        self.query_one(TabStrip).facts = facts
        for pane in self.query(Pane):
            pane.read_only = facts.read_only
        self.query_one(KeyLine).reread()

    def on_pane_said(self, event: Pane.Said) -> None:
        self.query_one(MessageLine).say(event.lines, event.tone, event.watch)

    def on_pane_crumbs_changed(self) -> None:
        self._show_crumbs()

    async def on_pane_went(self, event: Pane.Went) -> None:
        await self.go_to(event.place, event.subject)

    async def on_tab_strip_picked(self, event: TabStrip.Picked) -> None:
        await self.go_to(event.place)

    def say(self, lines: Sequence[str], tone: str) -> None:
        """Say something in the message line."""
        self.query_one(MessageLine).say(lines, tone)

    def on_descendant_focus(self) -> None:
        self.query_one(KeyLine).reread()

    def blocked(self, binding: Binding) -> bool:
        """Return whether an act, though bound, cannot be done now; then the key line leaves it out."""
        return self.reason_against(binding) is not None

    def reason_against(self, binding: Binding) -> str | None:
        """Return why an act, though bound, cannot be done now, and what would unblock it."""
        kind, _, name = (binding.id or "").partition(".")
        if name == "undo" and self.pane is not None and self.pane.read_only is not None:
            return f"read only: {self.pane.read_only}"
        if kind not in {"act", "look"} or name == "undo" or self.pane is None:
            return None
        return self.pane.reason_against(kind, name)

    # Keys.

    async def action_place_key(self, key: str) -> None:
        place = next((found for found in self._frame_places if found.key == key), None)
        if place is not None:
            await self.go_to(place.id)

    async def run_command(self, text: str) -> None:
        """Run what was typed after `:` (`commands.COMMANDS`)."""
        try:
            await commands.run(self, text)
        except QuarterdeckError as error:
            self.say((str(error),), "warn")

    def left_off(self) -> LeftOff:
        """Return where the person is now, to be found again at the next start."""
        pane = self.pane
        if pane is None:
            return LeftOff()
        return LeftOff(place=pane.id or "", subject=(pane.subject() or "")[:200], filter=self.narrowed_by)

    async def action_back(self) -> None:
        """Go one step back: message, filter, inside the pane, the place before."""
        if self.query_one(MessageLine).clear() or self.leave_filter():
            return
        if self.pane is not None and self.pane.back():
            return
        if self._frame_past:
            *self._frame_past, before = self._frame_past
            await self.go_to(before, remember=False)

    def action_help(self) -> None:
        from console.presentation.spans import as_line
        from console.screen.help import help_lines
        from console.widgets.dialogs import Reading
        from console.widgets.own_keys import named

        pane = self.pane
        texts = pane.HELP_TEXT if pane is not None else ()
        words = {f"screen.{place.key}": place.title for place in self._frame_places}
        lines = help_lines(self.active_bindings, texts, self.app.get_key_display, self.reason_against, words)
        self.app.push_screen(Reading("Keys", [named(pane or self, as_line(given)) for given in lines]))

    def action_tour(self) -> None:
        from console.screen.tour import tour

        self.app.push_screen(tour(self, self._frame_places, self.facts.read_only))

    def action_undo(self) -> None:
        """Take back what the person did last."""
        from console.screen.undo import undo

        self.begin(undo)

    def begin(self, flow: Callable[[Pane[Any], Desk], Awaitable[object]]) -> None:
        """Run a flow that is no act of one screen, from the screen in front; or say why it cannot be."""
        desk, pane = self._frame_session, self.pane
        if pane is None:
            return
        if pane.read_only is not None or not isinstance(desk, Desk):
            self.say((f"read only: {pane.read_only or 'nothing was done here'}",), "warn")
        elif pane.doing is not None:
            self.say((f"still {pane.doing}",), "warn")
        else:
            pane.begin(flow(pane, desk))

    def action_leave(self) -> None:
        doing = next((pane.changing for pane in self.query(Pane) if pane.changing is not None), None)
        if doing is None:
            self.app.exit()
        else:
            from console.widgets.dialogs import Confirm

            facts = [f"still {doing}", "Leaving does not stop it; its outcome will be in the ledger."]
            message = f"quarterdeck is still {doing}: the shell comes back when that is done"
            self.app.push_screen(
                Confirm("Leave the console?", facts, verb="leave", danger=False),
                lambda answer: self.app.exit(message=message) if answer is not None and answer.confirmed else None,
            )
