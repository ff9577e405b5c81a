"""What the tests of the frame and its panes share: a pane over a list, and a console of two of them."""

from __future__ import annotations

import asyncio
import threading
from time import monotonic
from typing import ClassVar

from console_scene import MemorySession, drawn
from textual.app import ComposeResult
from textual.binding import BindingType

from console.app import Console
from console.screen import Frame, Pane, Place, act, look
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Confirm
from console.widgets.keyed_table import KeyedTable
from store.errors import (
    QuarterdeckError,
)


class Orders(Pane[list[str]]):
    """A pane over a list that the test changes."""

    HELP_TEXT = ("What is ordered.",)
    BINDINGS: ClassVar[list[BindingType]] = [act("approve"), act("rollback"), act("deploy"), look("diff")]

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.loads = 0
        self.done: list[str] = []
        self.opened: list[str] = []
        self.fails: QuarterdeckError | None = None
        self.gate = threading.Event()
        self.read_by_nobody = False

    def compose(self) -> ComposeResult:
        yield KeyedTable((Column(name="name", keep=9),))

    def load(self) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        self.loads += 1
        if self.fails:
            raise self.fails
        return list(self.names)

    def show_data(self, data: list[str]) -> None:
        self.query_one(KeyedTable).sync([Row(key=name, cells=(name,)) for name in data])

    def open(self, subject: str) -> None:
        self.opened.append(subject)
        self.crumbs = (subject,)

    def why_not(self, name: str) -> str | None:
        if self.read_by_nobody:
            return "nobody reads this"
        if name == "approve" and self.query_one(KeyedTable).key == "mine":
            return "you wrote it yourself\n→ another approver"
        return None

    def act_approve(self) -> None:
        self.done.append(f"approved {self.query_one(KeyedTable).key}")

    async def act_rollback(self) -> None:
        answer = await self.ask(Confirm("orders", ["x"], verb="roll back", environment="prod"))
        if answer.confirmed:
            await self.perform(lambda: self.done.append("rolled back"), doing="rolling back")
            self.say("rolled back")

    async def act_deploy(self) -> None:
        await self.perform(lambda: self.gate.wait(60), doing="deploying")

    def look_diff(self) -> None:
        self.go("second", "CR-0001")


class Scene:
    def __init__(self, names: list[str] | None = None) -> None:
        self.session = MemorySession()
        self.first = Orders(names if names is not None else ["mine", "theirs"])
        self.second = Orders(["other"])
        self.made: list[str] = []
        self.app = Console(
            self.session,
            places=[
                Place(key="1", id="first", title="First", factory=lambda _: self._make("first", self.first)),
                Place(key="2", id="second", title="Second", factory=lambda _: self._make("second", self.second),
                      subjects=("CR-",)),
            ],
            palette="truecolor",
        )  # fmt: skip

    def _make(self, name: str, pane: Orders) -> Orders:
        self.made.append(name)
        return pane

    async def settle(self) -> None:
        await drawn(self.app)
        await self.app.workers.wait_for_complete()
        await drawn(self.app)

    @property
    def frame(self) -> Frame:
        assert isinstance(self.app.screen_stack[0], Frame)
        return self.app.screen_stack[0]


async def until(true: object, seconds: float = 60.0) -> None:
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)
