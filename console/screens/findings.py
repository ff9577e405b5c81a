"""0 Findings: findings and anomalies in one list, and what is done about them until somebody closes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.presentation import concerns as words
from console.presentation.spans import Line
from console.screen import act, finding_acts, look
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.incident_acts import open_incident
from console.screen.links import link_of
from console.screen.list_pane import ReadingListPane
from console.widgets.columns import Column, Row
from store.services.findings.concerns import Concern, Concerns, concern, concerns

COLUMNS = (
    Column(name="state", least=6, most=14, keep=6),
    Column(name="sev", width=6, keep=8),
    Column(name="id", width=8, keep=9),
    Column(name="where", least=11, most=24, keep=4),
    Column(name="what", least=24, most=140, grow=1, keep=9, prose=True),
    Column(name="who", least=4, most=12, keep=5),
    Column(name="due", width=9, align="right", keep=7),
)
_RIGHTS = {"assign": "assign a finding", "close": "close a finding", "acknowledge": "acknowledge an anomaly"}


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the screen shows."""

    concerns: Concerns
    at: datetime


class Findings(ReadingListPane[Loaded, Concern]):
    """The list, and beside or below it the finding or anomaly under the cursor."""

    LIST_COLUMNS = COLUMNS
    EMPTY = "✓ nothing is open"
    BINDINGS: ClassVar[list[BindingType]] = [
        act("close"),
        act("acknowledge"),
        act("comment", "Note"),
        act("assign"),
        act("finding"),
        act("incident"),
        Binding("w", "look('over')", "All", id="look.over"),
        look("lineage"),
        look("entry"),
        look("time", show=False),
        look("copy", "Copy id", show=False),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "What is not as it should be. Findings are opened by people, or by quarterdeck when something is overdue;"
        " anomalies are acts out of the ordinary, each with the numbers that made it unusual.",
        "`X` closes a finding with what was done; `A` acknowledges an anomaly, never one's own. `f` opens a finding"
        " about what the cursor is on. `enter` opens what it is about; `L` its lineage, `e` the entry, `t` the moment.",
        "`w` shows also what is over. `/` narrows by any word: overdue high !mira",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: Concerns | None = None
        self._everything = False

    # What is shown.

    def load(self) -> Loaded:
        found = concerns(self._desk.context, self._desk.handle, self._follower.wanted)
        return Loaded(concerns=found, at=self._desk.context.clock.now())

    def show_data(self, data: Loaded) -> None:
        self._found, self._at = data.concerns, data.at
        if self._follower.wanted is not None and data.concerns.chosen is not None:
            self._everything = self._everything or self._is_over(self._follower.wanted)
            self.show_detail(data.concerns.chosen)
        self._show_list()

    def _is_over(self, name: str) -> bool:
        found = self._found
        if found is None:
            return False
        states = {row.id: row.state for row in found.findings} | {row.id: row.state for row in found.anomalies}
        return states.get(name, "open") != "open"

    def _show_list(self) -> None:
        if self._found is None:
            return
        rows = words.rows(self._found, self._at, everything=self._everything)
        self.table.empty = (
            "no findings, no anomalies" if self._everything else "✓ nothing is open; `w` shows what is over"
        )
        self.table.sync([Row(key=key, cells=cells) for key, cells in rows])
        if self._follower.wanted is not None and self.table.key != self._follower.wanted:
            self.table.select(self._follower.wanted)
        self.follow()
        self.show_head()

    def headline(self) -> Line | None:
        if self._found is None:
            return None
        return words.headline(self._found, everything=self._everything, acts=self.possible("close", "acknowledge"))

    def read(self, key: str) -> Concern:
        return concern(self._desk.context, self._desk.handle, key)

    def key_of(self, detail: Concern) -> str:
        return detail.id

    def detail_lines(self, detail: Concern) -> list[Line]:
        return words.concern_lines(detail, self._at)

    def on_keyed_table_chosen(self) -> None:
        """Open what it is about where that is at home; where it is about nothing in particular, read it."""
        one = self.current()
        subject = one.subject if one is not None else ""
        if subject == "connectors":
            self.go("connectors")
        elif subject == "policy":
            self.go("health", "policy")
        elif subject:
            self._open(subject)
        else:
            super().on_keyed_table_chosen()

    def _open(self, subject: str) -> None:
        link = link_of(subject, getattr(self.screen, "places", ()))
        self.go(link.place, link.subject)

    def open(self, subject: str) -> None:
        """Go to a finding or an anomaly by its id; also to one that is over."""
        self._follower.wanted = subject
        self.show_detail(None)
        if self._found is not None and self._is_over(subject):
            self._everything = True
        self.reload()

    # Keys.

    def why_not(self, name: str) -> str | None:
        if self._found is None:
            return "still reading"
        if name == "finding":
            return "\n".join(self._found.blocked) or None
        if name in {"over", "incident"}:
            return None
        one = self.current()
        if one is None:
            return "nothing is under the cursor" if self.table.key is None else f"still reading {self.table.key}"
        return self._against(name, one)

    def _against(self, name: str, one: Concern) -> str | None:
        if name in {"assign", "close"} and one.finding is None:
            return f"{one.id} is no finding: `A` acknowledges it, `f` opens a finding about it"
        if name == "acknowledge" and one.anomaly is None:
            return f"{one.id} is no anomaly: `X` closes it"
        if name in {"assign", "close", "comment"} and one.finding is not None and one.finding.state != "open":
            return f"{one.id} was closed by {one.finding.closed_by}"
        if name == "comment" and one.finding is None:
            return f"{one.id} takes its note with `A`"
        if name == "lineage" and not one.subject.startswith(("CR-", "DEP-", "DR-", "INC-")):
            return f"{one.id} is about nothing that has a lineage"
        act_ = "annotate" if name == "comment" else _RIGHTS.get(name, "")
        return "\n".join(one.blocked.get(act_, ())) or None

    async def act_close(self) -> None:
        one = self.here()
        if one.finding is not None:
            await finding_acts.close(self, self._desk, one.id, one.finding.title)

    async def act_acknowledge(self) -> None:
        one = self.here()
        if one.anomaly is not None:
            await finding_acts.acknowledge(self, self._desk, one.id, one.anomaly.summary)

    async def act_comment(self) -> None:
        await finding_acts.note(self, self._desk, self.here().id)

    async def act_assign(self) -> None:
        one, found = self.here(), self._found
        if found is not None and one.finding is not None:
            await finding_acts.assign(self, self._desk, one.id, found.people, now=one.finding.assignee)

    async def act_finding(self) -> None:
        one, found = self.current(), self._found
        about = one.subject if one is not None and one.anomaly is not None else ""
        if found is not None:
            await finding_acts.open_finding(self, self._desk, found.people, about=about)

    async def act_incident(self) -> None:
        one = self.current()
        row = (one.finding or one.anomaly) if one is not None else None
        known = row is not None and row.environment is not None
        place = {"project": row.project, "environment": row.environment} if row is not None and known else {}
        await open_incident(self, self._desk, **place)

    def look_over(self) -> None:
        self._everything = not self._everything
        self._follower.wanted = None
        self._show_list()

    def look_lineage(self) -> None:
        self.go("lineage", self.here().subject)

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, self.here().seq)

    def look_time(self) -> None:
        one = self.here()
        self.go("replay", str(one.anomaly.about if one.anomaly is not None else one.seq))
