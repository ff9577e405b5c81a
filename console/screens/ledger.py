"""6 Ledger: every entry, newest first, however many; what vouches for one; and the verification of all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from console.presentation.spans import line
from console.screen.desk import Desk
from console.screen.entry_rows import ENTRY_COLUMNS
from console.screen.keys import look
from console.screen.listing import Listing
from console.screen.pane import Pane
from console.screen.settling import Settling, run_latest
from console.screen.verification import Verification
from console.widgets.beside import beside
from console.widgets.growing_table import GrowingTable
from console.widgets.text_view import Facts, TextView
from console.widgets.virtual_table import VirtualTable
from store.errors import BadInput, QuarterdeckError
from store.services.history.history import Query
from store.services.history.searching import parse
from store.services.subjects import is_id

if TYPE_CHECKING:
    from store.services.audit.inspecting import Inspected

_TYPING_SECONDS = 0.2
_PROGRESS_SECONDS = 0.5
_SOON = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What changed since the last look."""

    size: int
    query: Query
    fresh: tuple[int, ...]
    """Newer entries that the query selects, newest first."""


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
        "`/` narrows the list in the words of `quarterdeck log`: kind:approval env:prod since:2h refund",
        "`V` reads every byte again: hashes, links, tree, signatures, checkpoints, kept heads, archived files.",
        ":72 goes to entry 72.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._listing = Listing(desk)
        self._verification = Verification(desk)
        self._typing: Timer | None = None
        self._settling = Settling(self)
        self._wanted: int | None = None

    def compose(self) -> ComposeResult:
        yield Facts(id="ledger-verdict")
        yield Facts(id="ledger-query")
        with Container(id="ledger-body"):
            yield GrowingTable(ENTRY_COLUMNS, self._listing.rows, empty="reading …", id="ledger-list")
            yield TextView(wrapped=True, id="ledger-entry")

    @property
    def _table(self) -> GrowingTable:
        return self.query_one(GrowingTable)

    def first_focus(self) -> Widget | None:
        return self._table

    # Reading.

    def load(self) -> Loaded:
        query, size = self._listing.query, self._desk.context.ledger.head().size
        return Loaded(size=size, query=query, fresh=self._listing.fresh(size))

    def show_data(self, data: Loaded) -> None:
        known = self._listing.size
        if known is None or data.size < known:
            self._listing.size = data.size
            self._list(self._listing.query)
            if self._wanted is not None:
                self._jump(self._wanted)
        elif data.query is not self._listing.query:
            self.reload()  # what was read belongs to a query that is no longer asked
        else:
            self._table.grow(self._listing.take(data.size, data.fresh))
        self._show_verdict()
        self._show_query()

    def on_virtual_table_fetch_failed(self, event: VirtualTable.FetchFailed) -> None:
        event.stop()
        if not isinstance(event.error, QuarterdeckError):
            raise event.error
        self.report(event.error)

    # Narrowing.

    def filter_rows(self, text: str) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_SECONDS if text else _SOON, lambda: self._narrow(text))

    def _narrow(self, text: str) -> None:
        try:
            query = parse(text, now=self._desk.context.clock.now())
        except BadInput as error:
            self.query_one("#ledger-query", Facts).show_lines(line((f"! {error}", "warn")))
            return
        if query != self._listing.query and self._listing.size is not None:
            self._list(query, text.strip())
        self._show_query()

    def _list(self, query: Query, text: str = "") -> None:
        """Begin the list anew; with a query, what matches comes in as it is found."""
        self.workers.cancel_group(self, "search")
        self._listing.begin(query, text)
        self._table.empty = "searching …"
        self._table.reset(self._listing.count)
        if self._listing.searching:
            self._settle(None)
            run_latest(self, self._search, "search")

    async def _search(self) -> None:
        try:
            await self._listing.search(self._more)
        except QuarterdeckError as error:
            self.report(error)
        self._table.empty = "no entry matches; `esc` shows all"
        self._table.refresh()
        self._show_query()

    def _more(self, count: int) -> None:
        self._table.extend(count)
        self._show_query()

    def _show_query(self) -> None:
        self.query_one("#ledger-query", Facts).show_lines(self._listing.line(self._table.unseen))

    # The entry under the cursor.

    def on_virtual_table_highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self.refresh_bindings()
        if event.key is not None:
            self._settle(int(event.key))
        self._show_query()

    def _settle(self, seq: int | None) -> None:
        self._settling.moved(lambda: self._read(seq))

    def _read(self, seq: int | None) -> None:
        if seq is None:
            self.query_one(TextView).show_lines([])
        else:
            run_latest(self, partial(self._show_entry, seq), "entry")

    async def _show_entry(self, seq: int) -> None:
        try:
            found = await beside(self, _inspected, self._desk, seq)
        except QuarterdeckError as error:
            lines = [line((f" #{seq:,} DOES NOT CHECK ", "badge-danger")), line((str(error), "danger"))]
        else:
            from console.presentation.entries import brief_lines

            lines = brief_lines(found, self._desk.context.clock.now())
        self.query_one(TextView).show_lines(lines)

    # Keys.

    def why_not(self, name: str) -> str | None:
        if name in {"entry", "time", "copy"} and self._table.key is None:
            return "no entry is under the cursor"
        if name == "verify" and self._verification.running:
            return "already verifying; `esc` stops it"
        report = self._verification.report
        if name == "problems" and not (report and (report.problems or report.warnings)):
            return "no verification found a problem; `V` verifies"
        return None

    def copied(self) -> str | None:
        return self._table.cell_under_cursor("hash")

    async def look_entry(self) -> None:
        from console.screen.entry_dialog import show_entry

        await show_entry(self, self._desk, int(self._table.key or 0))

    def on_virtual_table_chosen(self, event: VirtualTable.Chosen) -> None:
        event.stop()
        self.action_look("entry")

    def look_time(self) -> None:
        self.go("replay", f"#{self._table.key}")

    def open(self, subject: str) -> None:
        """Go to an entry (`#72`), or list what is about an id or what a query selects."""
        number = subject.removeprefix("#")
        if number.isdecimal():
            self._jump(int(number))
        else:
            named = is_id(subject)
            self._narrow(f"subject:{subject}" if named else subject)

    def command(self, words: str) -> bool:
        known = words.removeprefix("#").isdecimal()
        if known:
            self.open(words)
        return known

    def _jump(self, seq: int) -> None:
        size = self._listing.size
        if size is None:
            self._wanted = seq
            return
        self._wanted = None
        if not 1 <= seq <= size:
            self.say(f"there is no entry {seq:,}: the ledger has {size:,}", tone="warn")
            return
        if self._listing.found is not None:
            self._list(Query())
        self._table.cursor = size - seq

    def subject(self) -> str | None:
        return f"#{self._table.key}" if self._table.cursor and self._table.key is not None else None

    def back(self) -> bool:
        if self._verification.running:
            self._verification.stop()
        elif self._listing.found is not None:
            self._narrow("")
        else:
            return False
        return True

    # Verifying.

    async def look_verify(self) -> None:
        from store.ledger.report import VerificationStopped

        ticking = self.set_interval(_PROGRESS_SECONDS, self._show_verdict)
        try:
            running = asyncio.ensure_future(self._verification.run(self._listing.size or 0))
            await asyncio.sleep(0)
            self._show_verdict()
            report = await running
        except VerificationStopped as answer:
            self.say(str(answer), tone="info")
            return
        finally:
            ticking.stop()
            self._show_verdict()
            self.refresh_bindings()
        if not report.ok:
            await self.look_problems()

    async def look_problems(self) -> None:
        from console.screen.verdict_dialog import VerdictDialog

        report = self._verification.report
        assert report is not None
        seq = await self.ask(VerdictDialog(report, self._verification.scope))
        if seq is not None:
            self._jump(seq)

    def on_unmount(self) -> None:
        self._verification.stop()

    def _show_verdict(self) -> None:
        self.query_one("#ledger-verdict", Facts).show_lines(self._verification.line(self._listing.size or 0))


def _inspected(desk: Desk, seq: int) -> Inspected:
    """Return an entry with what vouches for it. In a thread: judging its signature is imported with it."""
    from store.services.audit.inspecting import inspect

    return inspect(desk.context, seq)
