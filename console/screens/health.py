"""8 Policies & health: what is owed, by whom, by when; what was last done; and the policy in force in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from console.presentation import healths as words
from console.presentation import policies
from console.presentation.spans import Cell, Line, fit, line
from console.screen import Pane, act, look, review_acts
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Ask, Reading
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts, TextView
from store.domain.duties import Duty
from store.services.health import health
from store.services.health.last_done import Done, last_done
from store.services.history import activity
from store.services.policy import standing
from store.services.policy.standing import Book, Proposal, Standing

COLUMNS = (
    Column(name="state", width=11, keep=8),
    Column(name="about", least=12, most=16, keep=9),
    Column(name="what", least=24, most=140, grow=1, keep=9, prose=True),
    Column(name="who", least=6, most=18, keep=3, prose=True),
    Column(name="due", width=11, align="right", keep=7),
    Column(name="press", width=5, keep=5),
)
_GOES = {"finding": "findings", "glass-review": "incidents", "exception": "ledger", "verification": "ledger"}
"""Kind of duty → the screen where it is handled."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the screen shows."""

    health: health.Health
    done: tuple[Done, ...]
    book: Book
    at: datetime


class Health(Pane[Loaded]):
    """What is owed and what was done; beside or below it the thing under the cursor, and the policy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        act("viewed", "Policy reviewed"),
        Binding("p", "look('policy')", "Policy", id="look.policy"),
        Binding("w", "look('source')", "Source", id="look.source"),
        look("diff", "Files"),
        look("time", "Policy then"),
        look("entry"),
        look("copy", "Copy command", show=False),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "Everything that somebody owes by a day: reviews, findings, exceptions and roles that end, witnesses,"
        " verification, notices; proposals for another policy; and when rehearsals, verification and backup were"
        " last done. `enter` goes where it is handled; `y` copies the command that handles it.",
        "The policy stands beside it in words; `p` shows it where there is room for one. `w` shows the TOML it was"
        " adopted from, `d` how the files on disk differ, `t` the policy as it was at a time, an entry or an id, until"
        " `esc`.",
        "`v` records, under your signature, that you read the policy and stand by it.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._data: Loaded | None = None
        self._rows: dict[str, Duty | Done | Proposal] = {}
        self._past: Standing | None = None
        self._source = False
        self._proposed = False
        """Whether a proposal's changes stand where the policy does."""

    def compose(self) -> ComposeResult:
        yield Facts(id="health-head")
        with Container(id="health-body"):
            yield KeyedTable(COLUMNS, empty="✓ nobody owes anything", id="duties")
            with Container(id="health-side"):
                yield Facts(id="duty")
                yield TextView(wrapped=True, id="policy")

    # What is shown.

    def load(self) -> Loaded:
        context = self._desk.context
        return Loaded(
            health=health.health(context),
            done=last_done(context),
            book=standing.book(context, self._desk.handle),
            at=context.clock.now(),
        )

    def show_data(self, data: Loaded) -> None:
        before, self._data = self._data, data
        things: tuple[Duty | Done | Proposal, ...] = (*data.book.proposals, *data.health.duties, *data.done)
        self._rows = {words.key_of(one): one for one in things}
        self._table.sync([Row(key=key, cells=_cells(one, data.at)) for key, one in self._rows.items()])
        self._show_head()
        self._show_row()
        if before is None or before.book != data.book or self._proposed:
            self._show_policy()

    def first_focus(self) -> Widget | None:
        return self._table

    @property
    def _table(self) -> KeyedTable:
        return self.query_one("#duties", KeyedTable)

    @property
    def _selected(self) -> Duty | Done | Proposal | None:
        return self._rows.get(self._table.key or "")

    def _show_head(self) -> None:
        if self._data is not None:
            head = words.headline(self._data.health, len(self._data.book.proposals))
            room = max(self.size.width - 2, 20)
            self.query_one("#health-head", Facts).show_lines(fit(head, room, middle=False))

    def _show_row(self) -> None:
        if self._data is None:
            return
        one, at = self._selected, self._data.at
        self._proposed = isinstance(one, Proposal)
        lines: list[Line] = []
        match one:
            case Duty():
                lines = words.duty_lines(one, at)
            case Done():
                lines = words.done_lines(one, at)
            case Proposal():
                lines = policies.proposal_lines(one, at)
            case None:
                pass
        self.query_one("#duty", Facts).show_lines(*lines)

    def _show_policy(self) -> None:
        if self._data is None:
            return
        one = self._selected
        if isinstance(one, Proposal) and self._past is None and not self._source:
            self.query_one("#policy", TextView).show_lines(policies.change_lines(one.changes, one.loosens))
            return
        shown = self._past or self._data.book.standing
        disk = self._data.book.disk if self._past is None else None
        head = policies.standing_lines(shown, disk, self._data.at)
        body = [line(), *policies.source_lines(shown)] if self._source else policies.rule_lines(shown.rules.policy)
        self.query_one("#policy", TextView).show_lines([*head, *body])
        self.crumbs = (f"policy at {shown.asked}",) if shown.asked else ()

    def on_keyed_table_highlighted(self) -> None:
        super().on_keyed_table_highlighted()
        proposed = self._proposed
        self._show_row()
        if proposed or self._proposed:
            self._show_policy()

    def on_keyed_table_chosen(self) -> None:
        match self._selected:
            case Proposal() as one:
                self.go("approvals", one.row.id)
            case Duty(kind="connector-review"):
                self.go("connectors")
            case Duty(kind=kind, key=key) if kind in _GOES:
                self.go(_GOES[kind], key if kind != "verification" else None)
            case Done(seq=int(seq)):
                self.go("ledger", f"#{seq}")
            case _:
                self._read_policy(shown=True)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._show_head()

    def subject(self) -> str | None:
        return self._past.asked if self._past is not None else None

    def back(self) -> bool:
        if self._past is not None:
            self._past = None
            self._show_policy()
            return True
        if self._table.has_focus:
            return False
        self._read_policy(shown=False)
        return True

    def open(self, subject: str) -> None:
        """Show the policy as it was at an entry, an id or a time; `policy` shows the one in force."""
        if subject == "policy":
            self._past = None
            self._show_policy()
            self._read_policy(shown=True)
        else:
            self.begin(self._travel(subject))

    # Keys.

    def why_not(self, name: str) -> str | None:
        data = self._data
        if data is None:
            return "still reading"
        if name == "viewed":
            if self._past is not None:
                return "this is the policy of the past: `esc` shows the one in force"
            return "\n".join(data.book.blocked) or None
        if name in {"entry", "copy"} and self._selected is None:
            return "nothing is under the cursor"
        return None

    async def act_viewed(self) -> None:
        data = self._data
        if data is not None:
            policy = data.book.standing.rules.policy
            await review_acts.review_policy(self, self._desk, policy.digest, every_days=policy.review_every_days)

    def look_policy(self) -> None:
        self._read_policy(shown=not self.has_class("-policy"))

    def look_source(self) -> None:
        self._source = not self._source
        self._show_policy()
        self._read_policy(shown=True)

    def _read_policy(self, *, shown: bool) -> None:
        """Give the policy the room, or the list again; side by side there is room for both."""
        self.set_class(shown, "-policy")
        (self.query_one("#policy") if shown else self._table).focus()

    async def look_diff(self) -> None:
        """Show how the files on disk differ from what is in force, or what a proposal changes."""
        data, one = self._data, self._selected
        if isinstance(one, Proposal) and data is not None:
            await self.ask(Reading(f"What {one.row.id} changes", policies.change_lines(one.changes, one.loosens)))
        elif data is not None:
            await self.ask(
                Reading("The files in policies/ against the policy in force", policies.disk_lines(data.book.disk))
            )

    async def look_time(self) -> None:
        when = await self.ask(
            Ask(
                "The policy as it was",
                facts=["a time, an entry's number or an id"],
                placeholder="82, CR-0004, 2026-11-20T02:51Z",
            )
        )
        if when is not None:
            await self._travel(when)

    async def _travel(self, when: str) -> None:
        found = await self.fetch(
            lambda: standing.at(self._desk.context, when.removeprefix("#")), doing="reading the policy"
        )
        self._past = found
        self._show_policy()
        self._read_policy(shown=True)

    async def look_entry(self) -> None:
        one = self._selected
        seq = one.seq if isinstance(one, Done) else None
        if isinstance(one, Proposal):
            seq = one.row.opened_seq
        if isinstance(one, Duty):
            seq = activity.newest_about(self._desk.context, one.key)
        if seq is None and self._data is not None:
            seq = self._data.book.standing.rules.seq or 1
        if seq is not None:
            await show_entry(self, self._desk, seq)

    def copied(self) -> str | None:
        match self._selected:
            case Duty() | Done() as one:
                return one.command
            case Proposal() as one:
                return one.row.id
            case None:
                return None


def _cells(one: Duty | Done | Proposal, at: datetime) -> tuple[Cell, ...]:
    match one:
        case Duty():
            return words.duty_cells(one, at)
        case Done():
            return words.done_cells(one, at)
        case Proposal():
            return words.proposal_cells(one, at)
