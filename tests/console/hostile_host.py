"""Run by test_console_pty.py inside a real pseudo-terminal: draws hostile strings through every widget, then ends.

`python hostile_host.py widgets|builtins|sleep|crash`
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from console_scene import MemorySession
from rich.text import Text
from support.hostile import HOSTILE
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Header, Input, Label, Log, OptionList, Static, TextArea, Tree

from console.app import Console
from console.presentation.changes import ComponentChange, FieldChange
from console.presentation.frame import ChainFacts, EnvironmentFacts, FrameFacts
from console.presentation.spans import line
from console.screen import Pane, Place
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Ask, Choose, Confirm, Reading
from console.widgets.diff_view import DiffView
from console.widgets.keyed_table import KeyedTable
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.terminal import TerminalApp, run_app
from console.widgets.text_view import Facts, TextView
from console.widgets.timeline import Tick, Timeline
from console.widgets.virtual_table import VirtualTable

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COLUMNS = (Column(name=HOSTILE[0], keep=9), Column(name="what", grow=1))
ROWS = [Row(key=f"{i}{name}", cells=(name, line((name, "danger")))) for i, name in enumerate(HOSTILE)]


class Everything(Pane[None]):
    """Every widget of ours, one below the other, full of hostile text."""

    DEFAULT_CSS = "Everything LineView { height: 9; }"

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Facts(*HOSTILE)
            yield KeyedTable(COLUMNS, empty=HOSTILE[1])
            yield VirtualTable(COLUMNS, lambda _: ROWS, total=len(ROWS))
            yield DiffView()
            yield SemanticDiff()
            yield Timeline()
            yield TextView(wrapped=True)

    def load(self) -> None:
        return None

    def show_data(self, data: None) -> None:
        self.query_one(KeyedTable).sync(ROWS)
        self.query_one(DiffView).compare(
            "\n".join(HOSTILE), "\n".join(HOSTILE[::-1]), old_label=HOSTILE[0], new_label=HOSTILE[1]
        )
        self.query_one(SemanticDiff).show_changes(
            [
                ComponentChange(key=n, name=n, kind=n, change="changed", words=(n,), risk=n,
                                fields=(FieldChange(path=n, old=n, new=n[::-1], flag=n),))
                for n in HOSTILE
            ]
        )  # fmt: skip
        self.query_one(Timeline).show_ticks(
            [Tick(key=n, at=NOW - timedelta(hours=i), symbol="●", tone="info", label=n) for i, n in enumerate(HOSTILE)],
            NOW,
        )
        self.query_one(Timeline).position = 3
        self.query_one(TextView).show_lines(HOSTILE)
        self.crumbs = HOSTILE[:3]
        self.say(*HOSTILE[:5], tone="danger")

    def on_mount(self) -> None:
        self.run_worker(self._walk())

    async def _walk(self) -> None:
        import asyncio

        scroll = self.query_one(VerticalScroll)
        for y in range(0, 90, 10):
            scroll.scroll_to(y=y, animate=False)
            await asyncio.sleep(0.05)
        for dialog in (
            Confirm(HOSTILE[0], HOSTILE, verb=HOSTILE[1], environment=HOSTILE[0], reason=HOSTILE[9]),
            Ask(HOSTILE[2], facts=HOSTILE, value=HOSTILE[0], placeholder=HOSTILE[1]),
            Choose(HOSTILE[9], [(str(i), name) for i, name in enumerate(HOSTILE)]),
            Reading(HOSTILE[3], HOSTILE, danger=True),
        ):
            self.app.push_screen(dialog)
            await asyncio.sleep(0.15)
            self.app.pop_screen()
        self.app.exit()


class Forgetful(TerminalApp[None]):
    """Textual's own widgets, given raw text by someone who forgot `display`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("z", "app.bell", HOSTILE[0])]

    def compose(self) -> ComposeResult:
        yield Header()
        for name in HOSTILE:
            yield Static(name, markup=False)
            yield Label(Content(name))
        yield Input(value=HOSTILE[0], placeholder=HOSTILE[1])
        yield Button(Content(HOSTILE[0]))
        yield OptionList(*HOSTILE, markup=False)
        yield TextArea("\n".join(HOSTILE))
        yield Log()
        yield Tree(Text(HOSTILE[0]))
        yield Footer()

    def on_mount(self) -> None:
        self.title = HOSTILE[0]
        self.query_one(Log).write_line(HOSTILE[0])
        self.notify(HOSTILE[1], title=HOSTILE[0], markup=False)
        self.set_timer(0.3, lambda: self.screen.scroll_end(animate=False))
        self.set_timer(0.8, self.exit)


class Crashing(TerminalApp[None]):
    def on_mount(self) -> None:
        secret = "hunter2"  # what a crash must not print
        raise RuntimeError("broken \x1b[31337m" + "." * len(secret))


class Breaking(Pane[None]):
    """A screen that breaks while it reads, in a thread of its own."""

    def load(self) -> None:
        secret = "hunter2"  # what a crash must not print
        raise RuntimeError("broken \x1b[31337m" + "." * len(secret))


def main(what: str) -> int:
    facts = FrameFacts(
        workspace=HOSTILE[0],
        who=HOSTILE[1],
        environments=tuple(EnvironmentFacts(name=name, status="drift") for name in HOSTILE[:4]),
        chain=ChainFacts(status=HOSTILE[2], entries=1),
        read_only=HOSTILE[0],
    )
    place = Place(key="1", id="everything", title="Everything", factory=lambda _: Everything())
    match what:
        case "widgets":
            return run_app(Console(MemorySession(facts), places=[place]))
        case "builtins":
            return run_app(Forgetful())
        case "crash-in-a-screen":
            broken = Place(key="1", id="broken", title="Broken", factory=lambda _: Breaking())
            return run_app(Console(MemorySession(), places=[broken]))
        case "crash":
            return run_app(Crashing())
        case _:
            return run_app(Console(MemorySession(), places=[]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
