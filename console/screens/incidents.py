"""9 Incidents: what happened, told by its entries and by what was deployed around it, until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from console.presentation import incidents as words
from console.presentation.spans import fit
from console.screen import Pane, act, incident_acts, look, review_acts, ticking_acts
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.rollback_dialog import confirm_rollback
from console.widgets.beside import beside, in_worker
from console.widgets.columns import Column, Row
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts, TextView
from store.errors import NotFound, QuarterdeckError
from store.services import incident_view
from store.services.incident_view import Incidents as Every
from store.services.incident_view import IncidentView

COLUMNS = (
    Column(name="state", width=8, keep=8),
    Column(name="sev", width=6, keep=7),
    Column(name="id", width=8, keep=9),
    Column(name="where", least=11, most=24, keep=6),
    Column(name="title", least=14, most=140, grow=1, keep=9, prose=True),
    Column(name="age", width=3, align="right", keep=5),
)
_RIGHTS = {
    "comment": "annotate",
    "playbook": "annotate",
    "close": "open an incident",
    "glass": incident_view.GLASS,
    "viewed": incident_view.REVIEW,
}


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the screen shows."""

    incidents: Every
    at: datetime


class Incidents(Pane[Loaded]):
    """The list, and beside or below it the incident under the cursor with its timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        act("incident", "Open one"),
        act("comment", "Note"),
        act("playbook"),
        act("rollback"),
        act("glass"),
        act("viewed", "Review glass"),
        act("close"),
        look("time", "Its start"),
        look("lineage"),
        look("entry", show=False),
        look("copy", "Copy id", show=False),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "Incidents, open ones first. Each pins the ledger's position and what should have been live everywhere when it"
        " began; its timeline holds its notes, playbook steps, and what was deployed and drifted at its place.",
        "c adds a note, P works through a playbook, X closes it with cause, fix and what was learned. B breaks glass:"
        " deploy and roll back past the approvals for a few hours; v closes the review that leaves behind.",
        "t replays the moment it began; :INC-0003@-30m goes to half an hour before.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._found: Every | None = None
        self._view: IncidentView | None = None
        self._wanted: str | None = None
        self._at = desk.context.clock.now()

    def compose(self) -> ComposeResult:
        yield Facts(id="incidents-head")
        with Container(id="incidents-body"):
            yield KeyedTable(COLUMNS, empty="✓ no incident was ever opened; i opens one", id="incidents-list")
            yield TextView(wrapped=True, id="incident")

    # What is shown.

    def load(self) -> Loaded:
        found = incident_view.listed(self._desk.context, self._desk.handle, self._wanted)
        return Loaded(incidents=found, at=self._desk.context.clock.now())

    def show_data(self, data: Loaded) -> None:
        self._found, self._at = data.incidents, data.at
        self._table.sync([Row(key=row.id, cells=words.row_cells(row, data.at)) for row in data.incidents.rows])
        if self._wanted is not None and self._wanted.startswith("BG-"):
            glass = data.incidents.glass.get(self._wanted)
            self._wanted = glass.incident if glass is not None else None
        if self._wanted is not None and self._table.key != self._wanted:
            self._table.select(self._wanted)
        view = data.incidents.chosen
        if view is not None and view.row.id == self._table.key:
            self._show_view(view)
        else:
            self._follow()
        self._show_head()

    def first_focus(self) -> Widget | None:
        return self._table

    @property
    def _table(self) -> KeyedTable:
        return self.query_one("#incidents-list", KeyedTable)

    def _show_head(self) -> None:
        if self._found is not None:
            head = words.headline(self._found.rows, self._at)
            room = max(self.size.width - 2, 20)
            self.query_one("#incidents-head", Facts).show_lines(fit(head, room, middle=False))

    def _follow(self) -> None:
        """Read the incident under the cursor, where that is another one than what is shown."""
        key = self._table.key
        self._wanted = key
        if key is not None and (self._view is None or key != self._view.row.id):
            in_worker(self, partial(self._read, key), group="preview", exclusive=True, name=f"read {key}")

    async def _read(self, key: str) -> None:
        try:
            found = await beside(self, incident_view.view, self._desk.context, self._desk.handle, key)
        except NotFound:
            return  # the list follows
        except QuarterdeckError as error:
            self.report(error)
            return
        if self._wanted == key and self.is_attached:
            self._show_view(found)
            self.refresh_bindings()

    def _show_view(self, found: IncidentView) -> None:
        before, self._view = self._view, found
        self._wanted = found.row.id
        if found != before:
            self.query_one("#incident", TextView).show_lines(words.view_lines(found, self._at))
        self.crumbs = (found.row.id,)

    def on_keyed_table_highlighted(self) -> None:
        self._follow()
        super().on_keyed_table_highlighted()

    def on_keyed_table_chosen(self) -> None:
        self.query_one("#incident").focus()

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._show_head()

    def subject(self) -> str | None:
        return self._wanted

    def back(self) -> bool:
        if self._table.has_focus:
            return False
        self._table.focus()
        return True

    def open(self, subject: str) -> None:
        """Go to an incident by its id, or to the one for which a glass (BG-…) was broken."""
        self._wanted = subject
        self.reload()

    # Keys.

    def _current(self) -> IncidentView | None:
        found = self._view
        return found if found is not None and found.row.id == self._table.key else None

    def why_not(self, name: str) -> str | None:
        if self._found is None:
            return "still reading"
        if name == "incident":
            return None
        view = self._current()
        if view is None:
            return "no incident is under the cursor" if self._table.key is None else f"still reading {self._table.key}"
        if name == "rollback" and (view.row.environment is None or view.row.project is None):
            return f"{view.row.id} is about {words.where(view.row)}: roll back from the place itself"
        if name == "rollback" and view.row.state != "open":
            return f"{view.row.id} is closed"
        return "\n".join(view.blocked.get(_RIGHTS.get(name, ""), ())) or None

    def _here(self) -> IncidentView:
        found = self._current()
        assert found is not None
        return found

    async def act_incident(self) -> None:
        await incident_acts.open_incident(self, self._desk)

    async def act_comment(self) -> None:
        await incident_acts.note_incident(self, self._desk, self._here().row.id)

    async def act_playbook(self) -> None:
        await ticking_acts.work_playbook(self, self._desk, incident=self._here().row.id)

    async def act_rollback(self) -> None:
        row = self._here().row
        if row.environment is not None and row.project is not None:
            await confirm_rollback(self, self._desk, environment=row.environment, project=row.project)

    async def act_glass(self) -> None:
        view = self._here()
        await incident_acts.break_glass(self, self._desk, view.row.id, view.places, project=view.row.project)

    async def act_viewed(self) -> None:
        glass = self._here().to_review
        if glass is not None:
            about = f"{glass.by} broke it in {glass.environment}: {glass.justification}"
            await review_acts.review_glass(self, self._desk, glass.id, about=about)

    async def act_close(self) -> None:
        row = self._here().row
        await incident_acts.close_incident(self, self._desk, row.id, row.title)

    def look_time(self) -> None:
        self.go("replay", self._here().row.id)

    def look_lineage(self) -> None:
        self.go("lineage", self._here().row.id)

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, self._here().row.opened_seq)

    def copied(self) -> str | None:
        return self._table.key
