"""9 Incidents: what happened, told by its entries and by what was deployed around it, until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from console.presentation import incidents as words
from console.presentation.spans import Line
from console.screen import act, incident_acts, look, review_acts, ticking_acts
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.list_pane import ReadingListPane
from console.screen.rollback_dialog import confirm_rollback
from console.widgets.columns import Column, Row
from store.services.incidents import viewing
from store.services.incidents.viewing import Incidents as Every
from store.services.incidents.viewing import IncidentView

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
    "glass": viewing.GLASS,
    "viewed": viewing.REVIEW,
}


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the screen shows."""

    incidents: Every
    at: datetime


class Incidents(ReadingListPane[Loaded, IncidentView]):
    """The list, and beside or below it the incident under the cursor with its timeline."""

    LIST_COLUMNS = COLUMNS
    EMPTY = "✓ no incident was ever opened; `i` opens one"
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
        "`c` adds a note, `P` works through a playbook, `X` closes it with cause, fix and what was learned. `B` breaks"
        " glass: deploy and roll back past the approvals for a few hours; `v` closes the review that leaves behind.",
        "`t` replays the moment it began; :INC-0003@-30m goes to half an hour before.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: Every | None = None

    # What is shown.

    def load(self) -> Loaded:
        found = viewing.listed(self._desk.context, self._desk.handle, self._follower.wanted)
        return Loaded(incidents=found, at=self._desk.context.clock.now())

    def show_data(self, data: Loaded) -> None:
        self._found, self._at = data.incidents, data.at
        self.table.sync([Row(key=row.id, cells=words.row_cells(row, data.at)) for row in data.incidents.rows])
        if self._follower.wanted is not None and self._follower.wanted.startswith("BG-"):
            glass = data.incidents.glass.get(self._follower.wanted)
            self._follower.wanted = glass.incident if glass is not None else None
        if self._follower.wanted is not None and self.table.key != self._follower.wanted:
            self.table.select(self._follower.wanted)
        view = data.incidents.chosen
        if view is not None and view.row.id == self.table.key:
            self.show_detail(view)
        else:
            self.follow()
        self.show_head()

    def headline(self) -> Line | None:
        if self._found is None:
            return None
        view = self.current()
        first = next((row.id for row in self._found.rows if row.state == "open"), None)
        names = ("comment", "close") if view is not None and view.row.id == first else ()
        return words.headline(self._found.rows, self._at, acts=self.possible("incident", *names))

    def read(self, key: str) -> IncidentView:
        return viewing.view(self._desk.context, self._desk.handle, key)

    def key_of(self, detail: IncidentView) -> str:
        return detail.row.id

    def detail_lines(self, detail: IncidentView) -> list[Line]:
        return words.view_lines(detail, self._at)

    def open(self, subject: str) -> None:
        """Go to an incident by its id, or to the one for which a glass (BG-…) was broken."""
        self._follower.wanted = subject
        self.reload()

    # Keys.

    def why_not(self, name: str) -> str | None:
        if self._found is None:
            return "still reading"
        if name == "incident":
            return None
        view = self.current()
        if view is None:
            return "no incident is under the cursor" if self.table.key is None else f"still reading {self.table.key}"
        if name == "rollback" and (view.row.environment is None or view.row.project is None):
            return f"{view.row.id} is about {words.where(view.row)}: roll back from the place itself"
        if name == "rollback" and view.row.state != "open":
            return f"{view.row.id} is closed"
        return "\n".join(view.blocked.get(_RIGHTS.get(name, ""), ())) or None

    async def act_incident(self) -> None:
        opened = await incident_acts.open_incident(self, self._desk)
        if opened is not None:
            self.open(opened)

    async def act_comment(self) -> None:
        await incident_acts.note_incident(self, self._desk, self.here().row.id)

    async def act_playbook(self) -> None:
        await ticking_acts.work_playbook(self, self._desk, incident=self.here().row.id)

    async def act_rollback(self) -> None:
        row = self.here().row
        if row.environment is not None and row.project is not None:
            await confirm_rollback(self, self._desk, environment=row.environment, project=row.project,
                                   incident=row.id)  # fmt: skip

    async def act_glass(self) -> None:
        view = self.here()
        await incident_acts.break_glass(self, self._desk, view.row.id, view.places, project=view.row.project)

    async def act_viewed(self) -> None:
        glass = self.here().to_review
        if glass is not None:
            about = f"{glass.by} broke it in {glass.environment}: {glass.justification}"
            await review_acts.review_glass(self, self._desk, glass.id, about=about)

    async def act_close(self) -> None:
        row = self.here().row
        await incident_acts.close_incident(self, self._desk, row.id, row.title)

    def look_time(self) -> None:
        self.go("replay", self.here().row.id)

    def look_lineage(self) -> None:
        self.go("lineage", self.here().row.id)

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, self.here().row.opened_seq)
