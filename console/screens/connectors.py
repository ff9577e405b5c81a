"""7 Connectors: hosts, modules, connections and credentials; where they are used, and what nobody has looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.presentation import inventories as words
from console.presentation.spans import Line
from console.presentation.words import counted
from console.screen import act, look
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.list_pane import ListPane
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Ask
from store.domain.inventory import Item
from store.services.connectors import reviewing
from store.services.connectors.inventory import Inventory, inventory

COLUMNS = (
    Column(name="since", width=9, keep=8),
    Column(name="kind", keep=7),
    Column(name="name", least=28, most=60, keep=9),
    Column(name="version", most=18, keep=4),
    Column(name="licence", most=16, keep=3),
    Column(name="places", width=6, align="right", keep=5),
    Column(name="first", width=7, align="right", keep=2),
    Column(name="last", width=7, align="right", keep=6),
    Column(name="used by", least=10, most=120, grow=1, keep=5, prose=True),
)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the screen shows."""

    inventory: Inventory
    at: datetime


class Connectors(ListPane[Loaded]):
    """The list, and beside or below it everything about the connector under the cursor."""

    LIST_COLUMNS = COLUMNS
    EMPTY = "nothing reaches outside"
    BINDINGS: ClassVar[list[BindingType]] = [
        act("viewed", "Reviewed"),
        Binding("w", "look('changed')", "Changed only", id="look.changed"),
        look("entry"),
        look("time"),
        look("copy", "Copy name", show=False),
    ]
    HELP_TEXT: ClassVar[tuple[str, ...]] = (
        "Everything outside that any export ever reached: hosts, modules, connections and credential references,"
        " with the entry it was first and last seen in.",
        "`v` records, under your signature, that you reviewed what is in use now; what comes later is marked as new.",
        "`w` shows only what became different since the last review. `/` narrows by any word: host prod !module",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: Inventory | None = None
        self._changed_only = False

    # What is shown.

    def load(self) -> Loaded:
        return Loaded(inventory=inventory(self._desk.context), at=self._desk.context.clock.now())

    def show_data(self, data: Loaded) -> None:
        self._found, self._at = data.inventory, data.at
        self._show_list()

    @property
    def _selected(self) -> Item | None:
        key = self.table.key
        items = self._found.items if self._found is not None else ()
        return next((item for item in items if words.key_of(item) == key), None)

    def _show_list(self) -> None:
        if self._found is None:
            return
        shown = words.filtered(self._found.items, changed_only=self._changed_only)
        self.table.empty = "nothing changed since the last review" if self._changed_only else self.EMPTY
        self.table.sync([Row(key=words.key_of(item), cells=words.row_cells(item, self._at)) for item in shown])
        self.show_head()
        self._show_item()

    def headline(self) -> Line | None:
        found = self._found
        if found is None:
            return None
        return words.headline(found, self._at, changed_only=self._changed_only, acts=self._desk.read_only is None)

    def _show_item(self) -> None:
        item = self._selected
        reviewed = self._found is not None and self._found.review is not None
        lines = words.item_lines(item, self._at, reviewed=reviewed) if item is not None else []
        self.detail.show_lines(lines)

    def on_keyed_table_highlighted(self) -> None:
        super().on_keyed_table_highlighted()
        self._show_item()

    def subject(self) -> str | None:
        return self.copied()

    def open(self, subject: str) -> None:
        """Go to a connector by its name."""
        items = self._found.items if self._found is not None else ()
        found = next((item for item in items if item.name == subject), None)
        if found is not None:
            self.table.select(words.key_of(found))

    # Keys.

    def why_not(self, name: str) -> str | None:
        if name == "viewed":
            found = self._found
            if found is None:
                return "still reading"
            if found.review is not None and not found.changed():
                return "nothing changed since the last review"
            return None
        if name in {"entry", "time", "copy"} and self._selected is None:
            return "no connector is under the cursor"
        return None

    async def act_viewed(self) -> None:
        found = self._found
        if found is None:
            return
        used, changed = sum(item.in_use for item in found.items), len(found.changed())
        facts = (
            f"{counted(used, 'connector')} in use, {changed} new or changed since the last review.",
            "Goes into the ledger under your signature, with the whole list.",
        )
        note = await self.ask(
            Ask("Connectors reviewed", facts=facts, placeholder="what was looked at or decided", required=False)
        )
        if note is not None:
            entry = await self.perform(
                lambda: reviewing.review(self._desk.context, self._desk.me(), found, note=note), doing="recording"
            )
            self.say(f"{counted(used, 'connector')} reviewed (entry {entry.seq})")

    def look_changed(self) -> None:
        self._changed_only = not self._changed_only
        self._show_list()

    async def look_entry(self) -> None:
        item = self._selected
        if item is not None:
            await show_entry(self, self._desk, item.last.seq)

    def look_time(self) -> None:
        item = self._selected
        if item is not None:
            self.go("replay", str(item.first.seq))

    def copied(self) -> str | None:
        item = self._selected
        return item.name if item is not None else None
