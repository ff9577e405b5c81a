"""Triage, the home screen: what needs somebody now, ranked, and the one key that handles it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from console.presentation.home_top import top_lines
from console.presentation.spans import line
from console.screen import (
    Frame,
    Pane,
    act,
    comment_acts,
    item_acts,
    look,
    remains_acts,
    request_acts,
    request_writing,
    ticking_acts,
)
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.following import Follower
from console.screen.incident_acts import open_incident
from console.screen.request_rows import ITEMS, LATELY, item_rows, lately_rows
from console.screen.rollback_dialog import confirm_rollback
from console.screen.situation_view import SituationView
from console.widgets.change_panel import ChangePanel
from console.widgets.keyed_table import KeyedTable
from console.widgets.room import Room
from console.widgets.text_view import Facts
from store.errors import IntegrityFailure, NotFound, QuarterdeckError
from store.services.history import activity
from store.services.requests.review import Review
from store.services.triage.situation import Home, Place, Situation, at_home, situation
from store.services.triage.triage import Item

TALL = 30
"""Lines of the terminal from which the activity of the day may have a line of its own."""


class Triage(Pane[Home]):
    """What needs somebody, most pressing first; beside it the item under the cursor."""

    HELP_TEXT = (
        "What needs somebody now, most pressing first; what you can handle stands before what you cannot.",
        "`enter` opens the thing where it is handled. `R` on a drift pushes the desired release over it; on a failed"
        " deployment or an incident it goes back to the release before. `i` opens an incident about the place under"
        " the cursor, `P` works through a playbook for one; `F` finishes a deployment that failed on the way, `U` takes"
        " it back. `A` acknowledges a drift or an anomaly, `X` closes a finding or an incident, `v` records a review."
        " `+` writes a new request. `tab` goes to what happened lately, where `enter` shows the entry and its proof.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        act("rollback"),
        act("approve"),
        act("refuse"),
        act("deploy"),
        act("acknowledge"),
        act("viewed", "Reviewed"),
        act("close"),
        look("diff"),
        act("incident"),
        act("resume"),
        act("takeback"),
        act("playbook"),
        act("comment"),
        act("write", "New request"),
        look("entry", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._items: dict[str, Item] = {}
        self._follower = Follower[Situation](self, self._show_situation, self._cannot_read)
        self._view = SituationView(self, desk.context.clock.now(), desk.read_only)
        self._places: tuple[Place, ...] = ()
        self._rhythm: tuple[int, ...] = ()
        self._is_read = False
        self._sought: str | None = None

    def compose(self) -> ComposeResult:
        yield Facts(id="triage-head")
        yield Facts(id="strip")
        with Room(id="triage-body"):
            with Container(id="left"):
                yield KeyedTable(ITEMS, empty="✓ nothing needs anybody", id="items")
                yield KeyedTable(LATELY, empty="nothing happened yet", id="lately")
            with Container(id="right"):
                with VerticalScroll(id="about-scroll"):
                    yield Facts(id="about")
                yield ChangePanel(id="item-changes")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#lately").border_title = "Lately"

    def first_focus(self) -> Widget | None:
        return self.query_one("#items")

    # Reading.

    def load(self) -> Home:
        return at_home(self._desk.context, self._desk.handle, self._follower.wanted, chain=self._desk.unsound)

    def show_data(self, data: Home) -> None:
        self._is_read = True
        self._view.at, self._view.lately, self._places, self._rhythm = data.at, data.lately, data.places, data.rhythm
        acts = self._desk.read_only is None
        items = data.items if acts else tuple(replace(item, mine=False) for item in data.items)
        self._items = {item.key: item for item in items}
        table = self.query_one("#items", KeyedTable)
        table.sync(item_rows(items, data.at))
        if self._sought is not None:  # asked for before anything was listed
            table.select(self._sought)
            self._sought = None
        table.border_title = f"Needs somebody, {len(data.items)}" if data.items else "Needs somebody"
        self._follower.wanted = table.key
        self.query_one("#lately", KeyedTable).sync(lately_rows(data.lately, data.at))
        self._show_top()
        if data.unread is not None:
            self._cannot_read(data.unread)
        elif data.situation is None or data.situation.item.key == table.key:
            self._show_situation(data.situation)
        elif table.key is not None:
            self._want(table.key)
        self._arrange()

    def on_keyed_table_highlighted(self) -> None:
        key = self.query_one("#items", KeyedTable).key
        if key is not None and key != self._follower.wanted:
            self._want(key)
        super().on_keyed_table_highlighted()

    def _want(self, key: str) -> None:
        self._follower.follow(key, partial(situation, self._desk.context, self._items[key], self._desk.handle))

    def _cannot_read(self, error: QuarterdeckError) -> None:
        """Say why the item under the cursor cannot be told in depth; one that is gone leaves the list by itself."""
        if isinstance(error, NotFound) and not isinstance(error, IntegrityFailure):
            return
        self._view.show_unread(error)
        self.report(error)

    # Drawing.

    def _show_situation(self, found: Situation | None) -> None:
        if self._is_read:
            self._view.show(found, is_calm=not self._items)

    def _show_top(self) -> None:
        if not self._is_read:  # nobody is told that all is calm before anything was read
            self.query_one("#triage-head", Facts).show_lines(line(("reading …", "muted")))
            return
        room = max((self.size.width or 80) - 2, 20)
        items = tuple(self._items.values())
        tall = self.app.size.height >= TALL
        who = self._desk.handle if self._desk.read_only is None else None
        head, strip = top_lines(
            items, who, self._places, self._rhythm, self._view.at, room, tall=tall, most=5 if tall else 3
        )
        self.query_one("#triage-head", Facts).show_lines(*head)
        self.query_one("#strip", Facts).show_lines(*strip)

    def _arrange(self) -> None:
        """Give the list the lines it needs, and the rest to what stands below it."""
        table = self.query_one("#items", KeyedTable)
        body = self.query_one("#triage-body").size.height
        if body:
            stacked = not self.query_one("#lately").display
            most = max(body * (2 if stacked else 3) // 5, 4)
            table.styles.height = min(max(len(table.rows), 1) + 2, most)

    def on_room_changed(self) -> None:
        self._arrange()

    def on_resize(self) -> None:
        self._show_top()
        self.call_after_refresh(lambda: self._show_situation(self._view.situation))

    # Moving.

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        if event.view.id == "lately":
            self.run_worker(self._guarded(show_entry(self, self._desk, int(event.key))), group="act")
        else:
            self._open_item()

    def _open_item(self) -> None:
        item = self._under_cursor()
        if item is None:
            return
        place = item_acts.home_of(item, self.screen.places if isinstance(self.screen, Frame) else ())
        if place is None:
            self._run("look_entry", None)
        else:
            self.go(place, item.subject if item.kind != "chain" else None)

    def look_diff(self) -> None:
        panel = self.query_one(ChangePanel)
        if panel.display and panel.has_class("-filled"):
            panel.action_toggle_text()
        else:
            self._open_item()

    async def look_entry(self) -> None:
        """Show the newest entry about the item under the cursor, or the entry under the cursor."""
        lately = self.query_one("#lately", KeyedTable)
        if lately.has_focus and lately.key is not None:
            await show_entry(self, self._desk, int(lately.key))
            return
        item = self._item()
        number = item.subject.removeprefix("#")
        seq = int(number) if number.isdecimal() else activity.newest_about(self._desk.context, item.subject)
        if seq is not None:
            await show_entry(self, self._desk, seq)
        else:
            self.say(f"no entry is about {item.subject} alone", tone="info")

    def open(self, subject: str) -> None:
        if self.query_one("#items", KeyedTable).select(subject):
            self._want(subject)
        elif not self._is_read:
            self._follower.wanted = self._sought = subject

    def subject(self) -> str | None:
        return self._follower.wanted

    def back(self) -> bool:
        table = self.query_one("#items")
        if table.has_focus:
            return False
        table.focus()
        return True

    def copied(self) -> str | None:
        lately = self.query_one("#lately", KeyedTable)
        return lately.key if lately.has_focus else self._follower.wanted

    # Acting.

    def _under_cursor(self) -> Item | None:
        return self._items.get(self._follower.wanted or "")

    def _item(self) -> Item:
        return self._items[self._follower.wanted or ""]

    def _current(self) -> Situation | None:
        """Return what is known of the item under the cursor, None while it is being read."""
        found = self._view.situation
        return found if found is not None and found.item.key == self._follower.wanted else None

    def why_not(self, name: str) -> str | None:
        if name in {"incident", "playbook", "write"} and not self._items:
            return None
        found = self._current()
        if found is None:
            waits = self._view.unread or f"still reading {self._follower.wanted}"
            return waits if self._items else "nothing needs anybody"
        return None if name == "write" else item_acts.why_not(name, found, self._desk)

    def _review(self) -> Review:
        found = self._current()
        assert found is not None
        assert found.review is not None
        return found.review

    async def act_approve(self) -> None:
        await request_acts.approve(self, self._desk, self._review())

    async def act_refuse(self) -> None:
        await request_acts.refuse(self, self._desk, self._review())

    async def act_deploy(self) -> None:
        await request_acts.deploy(self, self._desk, self._review())

    async def act_rollback(self) -> None:
        item = self._item()
        drift, incident = (item.key if item.kind == "drift" else None), (item.key if item.kind == "incident" else "")
        await confirm_rollback(
            self, self._desk, environment=item.environment, project=item.project, drift=drift, incident=incident
        )

    async def act_acknowledge(self) -> None:
        await item_acts.acknowledge(self, self._desk, self._item())

    async def act_close(self) -> None:
        await item_acts.close(self, self._desk, self._item())

    async def act_viewed(self) -> None:
        await item_acts.review(self, self._desk, self._item())

    async def act_incident(self) -> None:
        await open_incident(self, self._desk, **item_acts.begins_at(self._under_cursor()))

    async def act_resume(self) -> None:
        await remains_acts.finish(self, self._desk, self._item().key)

    async def act_takeback(self) -> None:
        await remains_acts.take_back(self, self._desk, self._item().key)

    async def act_playbook(self) -> None:
        item = self._under_cursor()
        incident = item.key if item is not None and item.kind == "incident" else None
        await ticking_acts.work_playbook(self, self._desk, incident=incident)

    async def act_write(self) -> None:
        await request_writing.write_request(self, self._desk, **item_acts.begins_at(self._under_cursor()))

    async def act_comment(self) -> None:
        await comment_acts.comment(self, self._desk, self._item().subject.removeprefix("#"))
