"""A list to tick off one by one, as a question: which one, and whether with a note."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.spans import Line, Span, line
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Dialog
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts

_COLUMNS = (
    Column(name="", width=1, keep=9),
    Column(name="", least=1, most=3, keep=8),
    Column(name="what", grow=1, least=20, most=400, prose=True, keep=9),
    Column(name="by", least=4, most=16, keep=7, tone="muted"),
    Column(name="when", least=4, most=20, keep=6, tone="muted"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TickRow:
    """One thing to tick off, and who did, if anybody did."""

    text: str
    by: str = ""
    when: str = ""
    """When, in words, and under which entry."""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticked:
    """Which one is to be ticked (from 1), and whether a note goes with it."""

    number: int
    noted: bool


class TickDialog(Dialog[None]):
    """The list; `space` answers with the item under the cursor, `c` with it and a note to come.

    It stays while an answer is carried out, and takes none then: what is typed meanwhile reaches nothing behind it,
    and nobody ticks what they have not seen. `answered` waits for the next one, `show_rows` shows what became of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False, id="dialog.cancel"),
        Binding("space", "tick(False)", "Tick", show=False, id="tick.tick"),
        Binding("c", "tick(True)", "Tick with a note", show=False, id="tick.note"),
    ]
    DEFAULT_CSS = """
    TickDialog #tick-about { height: auto; max-height: 4; margin-top: 1; }
    TickDialog.-short #tick-about { margin-top: 0; }
    """

    def __init__(
        self, title: Line, facts: Sequence[Line], rows: Sequence[TickRow], *, blocked: str = "", at: int = 0
    ) -> None:
        """Take the rows in order; `blocked`: why nothing can be ticked; `at`: where the cursor begins, from 1."""
        super().__init__(classes="-full")
        self._tick_title = title
        self._tick_facts = tuple(facts)
        self._tick_rows = tuple(rows)
        self._tick_blocked = blocked
        self._tick_at = at
        self._tick_answer: asyncio.Future[Ticked | None] | None = None
        """What somebody waits for; None while an answer is being carried out."""

    async def answered(self) -> Ticked | None:
        """Return the next answer; None: it was closed."""
        self._tick_answer = asyncio.get_running_loop().create_future()
        return await self._tick_answer

    def show_rows(self, rows: Sequence[TickRow], *, blocked: str = "", at: int = 0) -> None:
        """Show the list as it stands by now, the cursor on what is to be ticked next from `at` on."""
        self._tick_rows, self._tick_blocked, self._tick_at = tuple(rows), blocked, at
        self.query_one("Facts.-title", Facts).show_lines(self._title())
        self.query_one("Facts.-keys", Facts).show_lines(self._keys())
        self._show_rows()

    def end(self) -> None:
        """Close it; where something lies over it, `esc` does that later."""
        self._tick_answer = asyncio.get_running_loop().create_future()
        if self.is_active:
            self.dismiss(None)

    def _title(self) -> Line:
        done = sum(bool(row.by) for row in self._tick_rows)
        count = line((f"  {done} of {len(self._tick_rows)} ticked", "ok" if done == len(self._tick_rows) else "warn"))
        return (*self._tick_title, *count)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(self._title(), classes="-title")
            if self._tick_facts:
                yield Facts(*self._tick_facts)
            yield KeyedTable(_COLUMNS, empty="nothing to tick", classes="-body")
            yield Facts(id="tick-about", classes="-last")
            yield Facts(self._keys(), classes="-keys")

    def _keys(self) -> Line:
        if self._tick_blocked:
            return line((f" locked: {self._tick_blocked}  ", "muted"), (" esc ", "keycap"), " close")
        return line(
            (" space ", "keycap"), " tick  ", (" c ", "keycap"), " tick with a note  ", (" esc ", "keycap"), " close"
        )

    def on_mount(self) -> None:
        self._show_rows()
        self.query_one(KeyedTable).focus()

    def _show_rows(self) -> None:
        table = self.query_one(KeyedTable)
        table.sync([self._row(number, row) for number, row in enumerate(self._tick_rows, 1)])
        first = next((n for n, row in enumerate(self._tick_rows, 1) if not row.by and n >= self._tick_at), 0)
        first = first or next((n for n, row in enumerate(self._tick_rows, 1) if not row.by), 1)
        table.select(str(first))
        self._show_about(str(first))

    def _row(self, number: int, row: TickRow) -> Row:
        mark = Span("✓", "ok") if row.by else Span("○", "warn")
        return Row(key=str(number), cells=(mark, Span(str(number), "muted"), row.text, row.by, row.when))

    def on_keyed_table_highlighted(self, event: KeyedTable.Highlighted) -> None:
        event.stop()
        self._show_about(self.query_one(KeyedTable).key)  # where the cursor is by now: it may have been put elsewhere

    def _show_about(self, key: str | None) -> None:
        """Say the item under the cursor whole: its row may have had to be cut."""
        if key is None or int(key) > len(self._tick_rows):
            return
        row = self._tick_rows[int(key) - 1]
        by = line((f"✓ {row.by} {row.when}", "ok"), f"  {row.note}") if row.by else line(("not ticked yet", "muted"))
        self.query_one("#tick-about", Facts).show_lines(line((row.text, "strong")), by)

    def action_tick(self, noted: bool) -> None:  # noqa: FBT001  Textual calls it so
        key = self.query_one(KeyedTable).key
        if key is None or self._tick_blocked or self._tick_rows[int(key) - 1].by:
            self.app.bell()
        else:
            self._give(Ticked(number=int(key), noted=noted))

    def action_close(self) -> None:
        if self._give(None):
            self.dismiss(None)

    def _give(self, answer: Ticked | None) -> bool:
        """Answer whoever waits; return whether somebody does."""
        waiting, self._tick_answer = self._tick_answer, None
        if waiting is None:
            self.app.bell()
            return False
        waiting.set_result(answer)
        return True
