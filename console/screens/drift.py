"""Drift: what is live and should not be, in three versions, and the answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from console.presentation import drifts as words
from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.spans import Line, fit, line
from console.screen import Pane, act, drift_acts, look
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.incident_acts import open_incident
from console.screen.rollback_dialog import confirm_rollback
from console.widgets.beside import beside, in_worker
from console.widgets.columns import Column, Row
from console.widgets.diff_view import DiffView
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts
from console.widgets.three_versions import TITLES, ThreeVersions, Versions
from store.clock import parse_timestamp
from store.errors import QuarterdeckError
from store.services.drift import drift_list
from store.services.drift.drift_list import Detail, Listed
from store.services.triage import triage

COLUMNS = (
    Column(name="sev", keep=9, least=6),
    Column(name="component", keep=9, most=28),
    Column(name="where", keep=8, least=12, most=24),
    Column(name="for", keep=7, width=4, align="right"),
    Column(name="seen", keep=4, width=5, align="right"),
    Column(name="id", keep=3),
    Column(name="what happened", keep=6, grow=1, least=16, most=200, prose=True),
)


@dataclass(frozen=True, kw_only=True)
class Drifts:
    """What the screen shows."""

    listed: tuple[Listed, ...]
    places: int
    """Environments that carry something."""
    now: str


class Drift(Pane[Drifts]):
    """The list above; below it what the selected drift changed, in words and in three columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        act("revert"),
        act("adopt"),
        act("acknowledge"),
        act("incident"),
        look("diff", "Full diff"),
        look("time"),
        look("entry"),
    ]
    HELP_TEXT = (
        "What is live and differs from what should be. Desired is what was deployed last; previous is what was"
        " deployed before it, so that the last intended change stands beside the one nobody asked for.",
        "`R` pushes the desired release over it; `u` asks, by a request, to keep what is live; `A` says it is known.",
        "`d` shows the whole text; pressed again the next comparison. Drifts that ended stand below those that stand.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._is_read = False
        self._drifts = Drifts(listed=(), places=0, now=desk.context.now)
        self._detail: Detail | None = None
        self._wanted: str | None = None
        self._reading = False

    def compose(self) -> ComposeResult:
        yield Facts(id="headline")
        yield KeyedTable(COLUMNS, empty="no drift, now or before", id="drifts")
        yield Facts(id="about")
        yield ThreeVersions(first=self._desk.views.comparison)

    # What is shown.

    def load(self) -> Drifts:
        context = self._desk.context
        strip = triage.strip(context)
        return Drifts(
            listed=drift_list.listing(context, self._desk.handle),
            places=sum(1 for place in strip if place.projects),
            now=context.now,
        )

    def show_data(self, data: Drifts) -> None:
        self._drifts, self._is_read = data, True
        now = parse_timestamp(data.now)
        self._show_headline()
        table = self._table
        table.sync([Row(key=one.row.id, cells=words.row_cells(one, now)) for one in data.listed])
        if self._wanted is not None and table.select(self._wanted):
            self._wanted = None
        self._read_detail()
        self._arrange()

    def open(self, subject: str) -> None:
        if self._table.select(subject):
            self._read_detail()
        else:
            self._wanted = subject
            self.reload()

    def first_focus(self) -> Widget | None:
        return self._versions.front() if self._versions.full else self._table

    def on_keyed_table_highlighted(self) -> None:
        super().on_keyed_table_highlighted()
        self._read_detail()

    def on_keyed_table_chosen(self) -> None:
        self.look_diff()

    def on_three_versions_turned(self, event: ThreeVersions.Turned) -> None:
        event.stop()
        self._desk.views.comparison = event.full or self._desk.views.comparison
        self._show_about()
        self._arrange()
        target = self.first_focus()
        if target is not None:
            target.focus()

    @property
    def _table(self) -> KeyedTable:
        return self.query_one("#drifts", KeyedTable)

    @property
    def _versions(self) -> ThreeVersions:
        return self.query_one(ThreeVersions)

    @property
    def _selected(self) -> Listed | None:
        key = self._table.key
        return next((one for one in self._drifts.listed if one.row.id == key), None)

    def _read_detail(self) -> None:
        one = self._selected
        self.crumbs = (one.row.id,) if one is not None else ()
        if one is None:
            self._show_detail(None, None)
        elif self._fits(one):
            self._show_detail(one, self._detail)
        elif not self._reading:
            self._reading = True
            in_worker(self, self._load_details, group="detail", name="read drift")

    def _fits(self, one: Listed) -> bool:
        return self._detail is not None and self._detail.three.drift == one.row

    async def _load_details(self) -> None:
        """Read the selected drift until the cursor rests on one that has been read."""
        try:
            while (one := self._selected) is not None and not self._fits(one):
                self._detail = await beside(self, drift_list.detail, self._desk.context, one.row.id)
                if self._detail.three.drift != one.row:  # it changed meanwhile; the list will follow
                    self.reload()
                    break
            self._show_detail(self._selected, self._detail)
        except QuarterdeckError as error:
            self.report(error)
        finally:
            self._reading = False

    def _show_detail(self, one: Listed | None, detail: Detail | None) -> None:
        self._show_about()
        if one is None or detail is None:
            self._versions.show_versions(None)
            return
        three = detail.three
        self._versions.show_versions(
            Versions(
                desired=component_text(three.desired),
                observed=component_text(three.observed),
                previous=component_text(three.previous),
                live=changes_of(three.live.to_json()),
                last=changes_of(three.last_change.to_json()),
                labels=words.column_labels(one, detail, parse_timestamp(self._drifts.now)),
                impact=three.live.impact,
            )
        )

    def _show_about(self) -> None:
        one, versions = self._selected, self._versions
        shown: tuple[Line, ...] = ()
        if one is not None:
            shown = words.about(one, self._detail, parse_timestamp(self._drifts.now))
            views = versions.views()
            if versions.full in views:
                number = f"{views.index(versions.full) + 1}/{len(views)} "
                next_ = ("   d next  esc list", "muted")
                shown = (shown[0], line((number, "key"), (TITLES[versions.full], "title"), next_))
        room = max(self.size.width - 2, 20)
        self.query_one("#about", Facts).show_lines(*(fit(found, room, middle=False) for found in shown))

    def on_diff_view_turned(self, event: DiffView.Turned) -> None:
        """Remember what a person chose with `s`."""
        event.stop()
        self._desk.views.text = "split" if event.split else "unified"

    # Room.

    def on_resize(self, event: events.Resize) -> None:
        del event
        if self._is_read:
            self._show_headline()
        self._show_about()
        self._arrange()

    def _show_headline(self) -> None:
        room = self.size.width - 2
        told = words.headline(self._drifts.listed, self._drifts.places, room, acts=self._desk.read_only is None)
        self.query_one("#headline", Facts).show_lines(told)

    def _arrange(self) -> None:
        """Give the list its rows, a quarter of the room at most; it gives way to a full diff."""
        table, any_ = self._table, self._selected is not None
        table.display = not self._versions.full
        self._versions.display = any_
        rows = min(max(len(table.rows), 1) + 1, max(self.size.height // 4, 4))
        table.styles.height = rows if any_ else "1fr"

    def subject(self) -> str | None:
        return self.copied()

    def back(self) -> bool:
        if not self._versions.full:
            return False
        self._versions.full = ""
        return True

    # Acts.

    def why_not(self, name: str) -> str | None:
        one = self._selected
        if name == "incident":
            return None
        if one is None:
            return "no drift is selected"
        return drift_acts.why_not(name, one)

    async def act_revert(self) -> None:
        one = self._selected
        if one is not None:
            place = one.row
            await confirm_rollback(
                self, self._desk, environment=place.environment, project=place.project, drift=place.id
            )

    async def act_incident(self) -> None:
        row = self._selected.row if self._selected is not None else None
        place = {"project": row.project, "environment": row.environment} if row is not None else {}
        await open_incident(self, self._desk, **place)

    async def act_adopt(self) -> None:
        one = self._selected
        if one is not None:
            await drift_acts.adopt(self, self._desk, one.row)

    async def act_acknowledge(self) -> None:
        one = self._selected
        if one is not None:
            await drift_acts.acknowledge(self, self._desk, one.row.id, facts=drift_acts.facts_of(one.row))

    def look_diff(self) -> None:
        self._versions.next_view()

    def look_time(self) -> None:
        one = self._selected
        if one is not None:
            self.go("replay", str(one.row.opened_seq))

    async def look_entry(self) -> None:
        one = self._selected
        if one is not None:
            await show_entry(self, self._desk, one.row.updated_seq)

    def copied(self) -> str | None:
        one = self._selected
        return one.row.id if one is not None else None
