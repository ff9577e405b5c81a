"""5 Replay: the past as it stood: scrub along the events, see every environment then, and what had just changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.presentation import moments as words
from console.presentation.spans import line
from console.presentation.words import counted
from console.screen.changes_dialog import ChangesDialog
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.entry_rows import ENTRY_COLUMNS, entry_row
from console.screen.instants import HERE, Instants
from console.screen.keys import look
from console.screen.links import split_place
from console.screen.moment_view import MomentView
from console.screen.pane import Pane
from console.screen.settling import Settling, run_latest
from console.widgets.beside import beside
from console.widgets.columns import Row
from console.widgets.dialogs import Ask
from console.widgets.growing_table import GrowingTable
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts
from console.widgets.timeline import Timeline
from console.widgets.virtual_table import VirtualTable, Window
from store.clock import parse_timestamp
from store.errors import QuarterdeckError
from store.services.history import history, replay, searching
from store.services.history.history import Instant
from store.services.history.moments import Moment, between, moment

_EXAMPLES = (
    line(("2026-11-20T02:51Z   72   DEP-0005   CR-0003   INC-0001   INC-0001@-30m   now", "string")),
    line(("A time, an entry number, or an id, each with an offset in s, m, h or d.", "muted")),
)


class Replay(Pane[Instants]):
    """Nothing here acts: the past is read only, and says so in its first line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        look("time", "Go to instant"),
        look("diff"),
        look("entry"),
        Binding("left", "scrub('step(-1)')", "Previous event", show=False, id="time.previous"),
        Binding("right", "scrub('step(1)')", "Next event", show=False, id="time.next"),
        Binding("shift+left", "scrub('days(-1)')", "A day back", show=False, id="time.day-back"),
        Binding("shift+right", "scrub('days(1)')", "A day on", show=False, id="time.day-on"),
        Binding("left_square_bracket", "scrub('mark(0)')", "Mark", key_display="[", id="time.mark-start"),
        Binding("right_square_bracket", "scrub('mark(1)')", "Mark", key_display="]", id="time.mark-end"),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "Every environment as it should have stood at an instant of the past, read from the ledger.",
        "`←` and `→` go from event to event, shift goes by days, `t` goes to an instant: a time, an entry number,",
        "an id (INC-0001: where the incident began), each with an offset (INC-0001@-30m). `esc`: back to now.",
        "`[` and `]` set two marks; `d` shows what differs between them, or between the cursor and now.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._instants: Instants | None = None
        self._moment: Moment | None = None
        self._wanted: tuple[Instant, str] | None = None
        self._settling = Settling(self)

    def compose(self) -> ComposeResult:
        yield Facts(id="replay-banner")
        yield Timeline()
        yield MomentView()
        yield Facts(id="replay-stream-title")
        yield GrowingTable(ENTRY_COLUMNS, self._fetch, empty="before entry 1 there is nothing", id="replay-stream")

    @property
    def _timeline(self) -> Timeline:
        return self.query_one(Timeline)

    @property
    def _past(self) -> bool:
        return self._timeline.key is not None

    @property
    def _stream(self) -> GrowingTable:
        return self.query_one(GrowingTable)

    def first_focus(self) -> Widget | None:
        return self._timeline

    # Reading.

    def load(self) -> Instants:
        context = self._desk.context
        return Instants(marks=replay.timeline(context), now=history.now(context), clock=context.clock.now())

    def show_data(self, data: Instants) -> None:
        asked = self._instants.asked if self._instants is not None else None
        self._instants = replace(data, asked=asked)
        self._timeline.show_ticks(self._instants.ticks(), data.clock)
        if self._wanted is not None:  # asked for before anything was read
            (at, label), self._wanted = self._wanted, None
            self._stand(at, label)
        else:
            self._settle()

    def _at(self) -> Instant:
        assert self._instants is not None
        return self._instants.at(self._timeline.key)

    def _stand(self, at: Instant, label: str) -> None:
        """Put the cursor on an instant: on its mark, or on a tick of its own."""
        if self._instants is None:
            self._wanted = (at, label)
            return
        key = self._instants.key_of(at)
        if key == HERE:
            self._instants = replace(self._instants, asked=(at, label))
            self._timeline.show_ticks(self._instants.ticks(), self._instants.clock)
        self._timeline.go_to(key)
        self._settle()

    def on_timeline_moved(self, event: Timeline.Moved) -> None:
        event.stop()
        self._settle()

    def on_timeline_marked(self, event: Timeline.Marked) -> None:
        event.stop()
        self._show_stream_title()
        self.refresh_bindings()

    def _settle(self) -> None:
        self._show_banner()
        self._settling.moved(self._read)

    def _read(self) -> None:
        run_latest(self, self._show_moment, "moment")

    async def _show_moment(self) -> None:
        at = self._at()
        try:
            found = await beside(self, moment, self._desk.context, at)
        except QuarterdeckError as error:
            self.report(error)
            return
        self._show(found)

    # Drawing.

    def _show_banner(self) -> None:
        assert self._instants is not None
        at, past = self._at(), self._past
        instant = parse_timestamp(at.time)
        shown = words.banner(instant, at.seq, past=past, size=self._instants.now.seq, now=self._instants.clock)
        self.query_one("#replay-banner", Facts).show_lines(shown)
        self.set_class(past, "-past")
        self.crumbs = (words.when_words(instant, past=past),) if past else ()

    def _show(self, found: Moment) -> None:
        past = self._past
        at = parse_timestamp(found.at.time) if past or self._instants is None else self._instants.clock
        self.query_one(MomentView).show(found, at, past=past)
        before = self._moment
        self._moment = found
        if before is None or before.at.seq != found.at.seq:
            self._stream.reset(found.at.seq)
        self._show_stream_title()
        self.refresh_bindings()

    def _show_stream_title(self) -> None:
        if self._moment is None:
            return
        upto = counted(self._moment.at.seq, "entry", "entries")
        shown = line(
            ("Entries up to then  " if self._past else "Entries  ", "title"), (f"{upto}, newest first", "muted")
        )
        start, end = self._timeline.marks
        if start or end:
            shown = (*shown, *line(("   [ ", "changed"), self._mark_words(start), (" … ] ", "changed"),
                                   self._mark_words(end), ("   d ", "key"), "compares"))  # fmt: skip
        self.query_one("#replay-stream-title", Facts).show_lines(shown)

    def _mark_words(self, key: str | None) -> str:
        return f"#{self._instants.at(key).seq:,}" if key is not None and self._instants is not None else "not set"

    def _fetch(self, window: Window) -> list[Row]:
        newest = window.total - window.offset
        return [entry_row(e) for e in searching.window(self._desk.context, newest=newest, count=window.limit)]

    def on_virtual_table_fetch_failed(self, event: VirtualTable.FetchFailed) -> None:
        event.stop()
        if not isinstance(event.error, QuarterdeckError):
            raise event.error
        self.report(event.error)

    # Keys.

    def action_scrub(self, what: str) -> None:
        """Let the timeline's keys work wherever the focus is."""
        name, _, number = what.rstrip(")").partition("(")
        getattr(self._timeline, f"action_{name}")(int(number))

    def why_not(self, name: str) -> str | None:
        if name in {"diff", "entry"} and self._instants is None:
            return "still reading"
        if name == "diff" and self._span() is None:
            return "the cursor is at now and no marks are set\n→ ← goes back in time; [ and ] set marks"
        if name == "entry" and self._entry() is None:
            return "before entry 1 there is nothing"
        return None

    def _span(self) -> tuple[Instant, Instant] | None:
        assert self._instants is not None
        return self._instants.span(self._timeline.marks, self._timeline.key)

    def _entry(self) -> int | None:
        if self._stream.has_focus and self._stream.key is not None:
            return int(self._stream.key)
        return self._at().seq or None

    def copied(self) -> str | None:
        if self._stream.has_focus:
            return self._stream.cell_under_cursor("hash")
        standing = self.query_one(MomentView).standing
        if isinstance(self.screen.focused, KeyedTable):
            return standing.release if standing is not None else None
        return self._at().time if self._instants is not None else None

    async def look_time(self) -> None:
        text = await self.ask(Ask("Go to which instant?", facts=_EXAMPLES, placeholder="INC-0001@-30m"))
        if text is not None:
            await self._travel(text)

    async def look_diff(self) -> None:
        span = self._span()
        assert span is not None
        assert self._instants is not None
        old, new = span
        ends = [f"#{old.seq:,}", "now" if new == self._instants.now else f"#{new.seq:,}"]
        places = await self.fetch(lambda: between(self._desk.context, old, new), doing="comparing")
        title = line((" PAST ", "badge-warn"), "  ", (f"{ends[0]} {old.time[:19]}Z", "strong"), (" → ", "muted"),
                     (f"{ends[1]} {new.time[:19]}Z", "strong"))  # fmt: skip
        if places:
            await self.ask(ChangesDialog(title, ends[0], ends[1], places))
        else:
            self.say(f"{ends[0]} → {ends[1]}: every environment holds the same release", tone="ok")

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, self._entry() or 1)

    def on_virtual_table_chosen(self, event: VirtualTable.Chosen) -> None:
        event.stop()
        self.action_look("entry")

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        """Follow a standing to the deployment that set it."""
        event.stop()
        standing = self.query_one(MomentView).standing
        if standing is not None:
            self.go("lineage", standing.deployment)

    def open(self, subject: str) -> None:
        run_latest(self, partial(self._arrive, subject), "travel")

    async def _arrive(self, subject: str) -> None:
        await self._guarded(self._travel(subject))

    async def _travel(self, text: str) -> None:
        environment, when = split_place(text.strip())
        named = when.removeprefix("#")
        self.query_one(MomentView).wanted = environment
        at = await beside(self, history.resolve, self._desk.context, named)
        if named == "now" or history.lies_ahead(self._desk.context, at):
            self._timeline.action_step(10**9)
            if named != "now":
                self.say(f"{at.time[:19]}Z ({named}) lies ahead: this is now", tone="warn")
        else:
            self._stand(at, f"{'#' if named.isdecimal() else ''}{named}  after entry {at.seq:,}")

    def subject(self) -> str | None:
        return str(self._at().seq) if self._instants is not None and self._past else None

    def back(self) -> bool:
        if self._instants is None or not self._past:
            return False
        self._timeline.action_step(10**9)
        return True
