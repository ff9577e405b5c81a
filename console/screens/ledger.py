"""6 Ledger: every entry, newest first, however many; what vouches for one; and the verification of all of them."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from console.presentation.entries import brief_lines, entry_row
from console.presentation.spans import Line, line
from console.presentation.verdicts import progress_line, verdict_line
from console.presentation.words import counted, status
from console.screen.desk import QUICK_ENTRIES, Desk
from console.screen.entry_dialog import show_entry
from console.screen.keys import look
from console.screen.pane import Pane
from console.screen.verdict_dialog import VerdictDialog
from console.widgets.columns import Column, Row
from console.widgets.growing_table import GrowingTable
from console.widgets.text_view import Facts, TextView
from console.widgets.virtual_table import VirtualTable, Window
from store.errors import BadInput, QuarterdeckError
from store.ledger.report import Report
from store.ledger.verify import VerificationStopped
from store.services import searching, verifying
from store.services.history import Query
from store.services.inspecting import inspect
from store.services.verifying import Scope

_COLUMNS = (
    Column(name="entry", align="right", keep=9),
    Column(name="time (UTC)", width=19, keep=7, tone="muted"),
    Column(name="actor", most=16, keep=4),
    Column(name="kind", most=30, least=16, keep=8),
    Column(name="about", least=12, grow=1, keep=6),
    Column(name="signed", width=6, keep=3),
    Column(name="hash", least=13, most=64, keep=2, tone="muted"),
)
_TYPING_SECONDS = 0.2
_SETTLING_SECONDS = 0.12
_DRAW_SECONDS = 0.2
_EVERYTHING = Query()
_HINT = "/ narrows: kind: actor: env: project: subject: since: until: or any text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What changed since the last look."""

    size: int
    chain: str
    query: Query
    fresh: tuple[int, ...]
    """Entries newer than the last look that the query selects, newest first."""


class Ledger(Pane[Loaded]):
    """The list never holds more rows than it shows; a search goes through the ledger in steps and can be left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        look("entry"),
        look("verify"),
        look("time"),
        Binding("p", "look('problems')", "Problems", id="look.problems"),
        look("copy", "Copy hash"),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "Every entry of the ledger, newest first. Nothing here can be changed, by anybody.",
        "/ narrows the list in the words of `quarterdeck log`: kind:approval env:prod since:2h refund",
        "V reads every byte again: hashes, links, tree, signatures, checkpoints, kept heads, archived files.",
        ":#72 goes to entry 72.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._size: int | None = None
        self._query = _EVERYTHING
        self._found: list[int] | None = None
        self._searching: tuple[int, float] | None = None
        self._trouble = ""
        self._typing: Timer | None = None
        self._settling: Timer | None = None
        self._moved_at = 0.0
        self._wanted: int | None = None
        self._report: Report | None = None
        self._scope = ""
        self._stop: threading.Event | None = None
        self._progress = ("entries", 0, 0)
        self._began = 0.0

    def compose(self) -> ComposeResult:
        yield Facts(id="ledger-verdict")
        yield Facts(id="ledger-query")
        with Container(id="ledger-body"):
            yield GrowingTable(_COLUMNS, self._fetch, empty="reading …", id="ledger-list")
            yield TextView(wrapped=True, id="ledger-entry")

    @property
    def _table(self) -> GrowingTable:
        return self.query_one(GrowingTable)

    def first_focus(self) -> Widget | None:
        return self._table

    # Reading.

    def load(self) -> Loaded:
        size, known, query = self._desk.context.ledger.head().size, self._size, self._query
        fresh: list[int] = []
        if known is not None and self._found is not None and size > known:
            for step in searching.search(self._desk.context, query, size=size, after=known):
                fresh += step.seqs
        return Loaded(size=size, chain=self._desk.chain, query=query, fresh=tuple(fresh))

    def show_data(self, data: Loaded) -> None:
        known = self._size
        if data.query is not self._query:
            self.reload()  # what was read belongs to a query that is no longer asked
        elif known is None or data.size < known:
            self._size = data.size
            self._list(self._query)
            if self._wanted is not None:
                self._jump(self._wanted)
        else:
            self._size = data.size
            if self._found is None:
                self._table.grow(data.size - known)
            else:
                self._found[0:0] = data.fresh
                self._table.grow(len(data.fresh))
        self._chain = data.chain
        self._show_verdict()
        self._show_query()

    def _fetch(self, window: Window) -> list[Row]:
        """Return the rows of a window; runs in the table's thread."""
        context, found = self._desk.context, self._found
        if found is None:
            entries = searching.window(context, newest=window.total - window.offset, count=window.limit)
        else:
            entries = searching.chosen(context, found[window.offset : window.offset + window.limit])
        return [entry_row(entry) for entry in entries]

    def on_virtual_table_fetch_failed(self, event: VirtualTable.FetchFailed) -> None:
        event.stop()
        if not isinstance(event.error, QuarterdeckError):
            raise event.error
        self.report(event.error)

    # Narrowing.

    def filter_rows(self, text: str) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_SECONDS if text else 0.001, lambda: self._narrow(text))

    def _narrow(self, text: str) -> None:
        try:
            query = searching.parse(text, now=self._desk.context.clock.now())
        except BadInput as error:
            self._trouble = str(error)
            self._show_query()
            return
        self._trouble = ""
        if query != self._query and self._size is not None:
            self._list(query)
        self._show_query()

    def _list(self, query: Query) -> None:
        """Begin the list anew; with a query, what matches comes in as it is found."""
        self._query, self._searching = query, None
        self.workers.cancel_group(self, "search")
        if searching.is_everything(query):
            self._found = None
            self._table.reset(self._size or 0)
        else:
            self._found = []
            self._table.empty = "searching …"
            self._table.reset(0)
            self._settle(None)
            self.run_worker(self._search(query, self._size or 0), group="search", exclusive=True, name="search ledger")

    async def _search(self, query: Query, size: int) -> None:
        """Look through the ledger a step at a time, drawing a few times a second."""
        steps = searching.search(self._desk.context, query, size=size)
        self._searching = (size, monotonic())
        pending: list[int] = []
        drawn = 0.0
        try:
            while (step := await asyncio.to_thread(next, steps, None)) is not None:
                pending += step.seqs
                self._searching = (step.reached, self._searching[1])
                if monotonic() - drawn >= _DRAW_SECONDS:
                    pending = self._take(pending)
                    drawn = monotonic()
        except QuarterdeckError as error:
            self.report(error)
        self._searching = None
        self._table.empty = "no entry matches (esc shows all)"
        self._take(pending)
        self._table.refresh()

    def _take(self, seqs: list[int]) -> list[int]:
        assert self._found is not None
        self._found += seqs
        self._table.extend(len(seqs))
        self._show_query()
        return []

    def _show_query(self) -> None:
        size = self._size or 0
        unseen = self._table.unseen
        above: Line = line((f"   ▲ {unseen:,} new above, g", "key")) if unseen else ()
        if self._trouble:
            shown = line(("! ", "warn"), (self._trouble, "warn"))
        elif self._found is None:
            shown = line((counted(size, "entry", "entries"), "strong"), ", newest first", *above, (f"   {_HINT}", "muted"))
        else:
            found = line((f"{len(self._found):,}", "strong"), f" of {counted(size, 'entry', 'entries')} match", *above)
            shown = (*found, *self._search_words(size), *line(("   esc shows all", "muted")))
        self.query_one("#ledger-query", Facts).show_lines(shown)

    def _search_words(self, size: int) -> Line:
        if self._searching is None:
            return ()
        reached, began = self._searching
        return line((f"   searching: {size - reached:,} of {size:,} looked at · {monotonic() - began:.0f} s", "info"))

    # The entry under the cursor.

    def on_virtual_table_highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self.refresh_bindings()
        if event.key is not None:
            self._settle(int(event.key))
        if self._table.unseen:
            self._show_query()

    def _settle(self, seq: int | None) -> None:
        """Show an entry once the cursor rests: at once after a single step, later while a key is held."""
        if self._settling is not None:
            self._settling.stop()
        moved, self._moved_at = self._moved_at, monotonic()
        wait = _SETTLING_SECONDS if self._moved_at - moved < _SETTLING_SECONDS else 0.001
        self._settling = self.set_timer(wait, lambda: self._read(seq))

    def _read(self, seq: int | None) -> None:
        if seq is None:
            self.query_one(TextView).show_lines([])
        else:
            self.run_worker(self._show_entry(seq), group="entry", exclusive=True, name="read entry")

    async def _show_entry(self, seq: int) -> None:
        try:
            found = await asyncio.to_thread(inspect, self._desk.context, seq)
        except QuarterdeckError as error:
            lines = [line((f"#{seq:,}  DOES NOT CHECK", "badge-danger")), line((str(error), "danger"))]
        else:
            lines = brief_lines(found)
        self.query_one(TextView).show_lines(lines)

    # Keys.

    def why_not(self, name: str) -> str | None:
        if name in {"entry", "time", "copy"} and self._table.key is None:
            return "no entry is under the cursor"
        if name == "verify" and self._stop is not None:
            return "already verifying; esc stops it"
        if name == "problems" and (self._report is None or self._report.ok):
            return "no verification found a problem; V verifies"
        return None

    def copied(self) -> str | None:
        return self._table.cell_under_cursor("hash")

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, int(self._table.key or 0))

    def on_virtual_table_chosen(self, event: VirtualTable.Chosen) -> None:
        event.stop()
        self.action_look("entry")

    def look_time(self) -> None:
        self.go("replay", f"#{self._table.key}")

    def open(self, subject: str) -> None:
        number = subject.removeprefix("#").replace(",", "")
        if number.isdecimal():
            self._jump(int(number))
        elif subject[:1].isalpha() and ":" not in subject and "-" in subject:
            self._narrow(f"subject:{subject}")
        else:
            self._narrow(subject)

    def command(self, words: str) -> bool:
        if not words.removeprefix("#").isdecimal():
            return False
        self._jump(int(words.removeprefix("#")))
        return True

    def _jump(self, seq: int) -> None:
        if self._size is None:
            self._wanted = seq
            return
        self._wanted = None
        if not 1 <= seq <= self._size:
            self.say(f"there is no entry {seq:,}: the ledger has {self._size:,}", tone="warn")
            return
        if self._found is not None:
            self._list(_EVERYTHING)
            self._show_query()
        self._table.cursor = self._size - seq

    def back(self) -> bool:
        if self._stop is not None:
            self._stop.set()
            return True
        if self._found is not None:
            self._narrow("")
            return True
        return False

    # Verifying.

    async def look_verify(self) -> None:
        size = self._size or 0
        scope = Scope(tables=size <= QUICK_ENTRIES)
        self._scope = "archived files and read tables" if scope.tables else "archived files; read tables were left out"
        stop = self._stop = threading.Event()
        self._progress, self._began = ("entries", 0, size), monotonic()
        self._show_verdict()
        ticking = self.set_interval(_DRAW_SECONDS * 2, self._show_verdict)

        def progress(what: str, done: int, total: int) -> bool:
            self._progress = (what, done, total)
            return not stop.is_set()

        try:
            report = await asyncio.to_thread(
                verifying.verify_workspace, self._desk.context, scope=scope, progress=progress
            )
            if stop.is_set():
                raise VerificationStopped("stopped")
        except VerificationStopped:
            self.say(f"verification stopped after {self._progress[1]:,} {self._progress[0]}: no verdict", tone="info")
        else:
            self._report = report
            self._desk.learned(report.verdict)
        finally:
            ticking.stop()
            self._stop = None
            self._show_verdict()
            self.refresh_bindings()
        if self._report is not None and not self._report.ok and not stop.is_set():
            await self.look_problems()

    async def look_problems(self) -> None:
        assert self._report is not None
        seq = await self.ask(VerdictDialog(self._report, self._scope))
        if seq is not None:
            self._jump(seq)

    def on_unmount(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _show_verdict(self) -> None:
        if self._stop is not None:
            what, done, total = self._progress
            shown = progress_line(what, done, total, monotonic() - self._began)
        elif self._report is not None:
            shown = verdict_line(self._report, self._size or 0)
        else:
            mark = status(self._chain)
            words = "when the console opened, without archive" if self._chain == "verified" else "by this console yet"
            shown = line((f"{mark.symbol} {mark.word} ", mark.tone), words, ("   V ", "key"), "verifies everything")
        self.query_one("#ledger-verdict", Facts).show_lines(shown)
