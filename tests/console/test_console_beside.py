"""A widget that left before its answer came shows neither the answer nor the failure."""

from __future__ import annotations

import threading

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from console.widgets.beside import beside
from console.widgets.terminal import TerminalApp


class Reader(Widget):
    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()
        self.fails = False

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self.worker: Worker[None] = self.run_worker(self._read())

    async def _read(self) -> None:
        self.query_one(Static).update(await beside(self, self._answer, "read"))

    def _answer(self, words: str) -> str:
        self.may_answer.wait(60)
        if self.fails:
            raise OSError("the disk left")
        return words


class Reading(TerminalApp[None]):
    def compose(self) -> ComposeResult:
        yield Reader()


async def answered(reader: Reader, pilot: Pilot[None]) -> WorkerState:
    reader.may_answer.set()
    while reader.worker.state is WorkerState.RUNNING:
        await pilot.pause(0.01)
    return reader.worker.state


async def test_the_answer_is_shown_while_the_widget_stays() -> None:
    async with Reading().run_test() as pilot:
        reader = pilot.app.query_one(Reader)
        assert await answered(reader, pilot) is WorkerState.SUCCESS
        assert str(reader.query_one(Static).render()) == "read"


@pytest.mark.parametrize("fails", [False, True])
async def test_an_answer_that_comes_while_the_console_shuts_down_is_dropped(fails: bool) -> None:
    async with Reading().run_test() as pilot:
        reader = pilot.app.query_one(Reader)
        reader.fails = fails
        pilot.app._running = False  # what a shutdown does first, long before it takes the widgets away
        assert await answered(reader, pilot) is WorkerState.CANCELLED
        pilot.app._running = True
