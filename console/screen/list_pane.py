"""The base of the screens that are one list: a line above it, and what is under its cursor below or beside it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from console.presentation.spans import Line, fit
from console.screen.desk import Desk
from console.screen.following import Follower
from console.screen.pane import Pane
from console.widgets.columns import Column
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts, TextView

T = TypeVar("T")
V = TypeVar("V")


class ListPane(Pane[T]):
    """A list over its detail on a narrow terminal, beside it from 120 columns; a screen's sheet says how much of each.

    A screen syncs `table` and calls `show_head` in `show_data`, and `show_detail` when the cursor moved.
    """

    LIST_COLUMNS: ClassVar[tuple[Column, ...]]
    EMPTY: ClassVar[str]
    """What the list says when nothing is in it."""
    SCOPED_CSS = False  # how wide the frame is, decides
    DEFAULT_CSS = """
    ListPane {
        layout: vertical;
        & .list-head { padding: 0 1; height: 1; background: $surface; }
        & .list-body { layout: vertical; height: 1fr; }
        & .list { height: 1fr; }
        & .list-detail { border-top: solid $deck-rule; background: $background; }
        & .list-detail:focus { border-top: solid $deck-focus-rule; }
    }
    Frame.-wide ListPane, Frame.-vast ListPane {
        & .list-body { layout: horizontal; }
        & .list-detail { width: 38%; height: 1fr; border-top: none; border-left: solid $deck-rule; }
        & .list-detail:focus { border-left: solid $deck-focus-rule; }
    }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._at = desk.context.clock.now()

    def compose(self) -> ComposeResult:
        yield Facts(classes="list-head")
        with Container(classes="list-body"):
            yield KeyedTable(self.LIST_COLUMNS, empty=self.EMPTY, classes="list")
            yield TextView(wrapped=True, classes="list-detail")

    # What a screen provides.

    def headline(self) -> Line | None:
        """Return the line above the list, None while nothing has been read."""
        raise NotImplementedError

    # What a screen uses.

    @property
    def table(self) -> KeyedTable:
        return self.query_one(KeyedTable)

    @property
    def detail(self) -> TextView:
        return self.query_one(".list-detail", TextView)

    def show_head(self) -> None:
        head = self.headline()
        if head is not None:
            room = max(self.size.width - 2, 20)
            self.query_one(".list-head", Facts).show_lines(fit(head, room, middle=False))

    # How it works.

    def first_focus(self) -> Widget | None:
        return self.table

    def on_resize(self, event: events.Resize) -> None:
        del event
        self.show_head()

    def on_keyed_table_chosen(self) -> None:
        self.detail.focus()

    def back(self) -> bool:
        if self.table.has_focus:
            return False
        self.table.focus()
        return True

    def copied(self) -> str | None:
        return self.table.key


class ReadingListPane(ListPane[T], Generic[T, V]):
    """A list whose detail is read when the cursor rests on its row; what arrives too late is dropped."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._follower = Follower[V](self, self.show_detail)
        self._read_detail: V | None = None

    # What a screen provides.

    def read(self, key: str) -> V:
        """Read what one row stands for. Runs in a thread; raises NotFound when it is gone, the list follows."""
        raise NotImplementedError

    def key_of(self, detail: V) -> str:
        """Return the key of the row that a detail belongs to."""
        raise NotImplementedError

    def detail_lines(self, detail: V) -> list[Line]:
        """Return a detail in words."""
        raise NotImplementedError

    # What a screen uses.

    def show_detail(self, detail: V | None) -> None:
        """Show what was read, or that there is nothing to show."""
        before, self._read_detail = self._read_detail, detail
        if detail is None or detail != before:
            self.detail.show_lines(self.detail_lines(detail) if detail is not None else [])
        self.crumbs = (self.key_of(detail),) if detail is not None else ()
        self.show_head()  # its keys are those of the row under the cursor

    def follow(self) -> None:
        """Read what the cursor is on, where that is something else than what is shown."""
        key = self._follower.wanted = self.table.key
        if key is None:
            self.show_detail(None)
        elif self._read_detail is None or key != self.key_of(self._read_detail):
            self._follower.follow(key, partial(self.read, key))

    def current(self) -> V | None:
        """Return the detail of the row under the cursor, None while it is being read."""
        found = self._read_detail
        return found if found is not None and self.key_of(found) == self.table.key else None

    def here(self) -> V:
        """Return the detail of the row under the cursor; only inside an act, which `why_not` let through."""
        found = self.current()
        assert found is not None
        return found

    # How it works.

    def on_keyed_table_highlighted(self) -> None:
        self.follow()
        super().on_keyed_table_highlighted()

    def subject(self) -> str | None:
        return self._follower.wanted
