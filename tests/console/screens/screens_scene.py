"""The demo workspace, the same to the last hash every time, and a bare host for one screen of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from console_scene import screen_text
from textual.pilot import Pilot
from textual.screen import ModalScreen

from console.app import Console
from console.screen import Frame, Pane, Place
from console.screen.desk import Desk
from console.widgets.key_line import MessageLine
from console.widgets.keyed_table import KeyedTable
from store.demo import build
from store.integrity.signer import KeyFileSigner
from store.services.context import Actor
from store.workspace import open_workspace

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
ORIGIN = "quarterdeck.local/demo"
SIZES = ((80, 24), (140, 45))
PATIENCE = 60.0
"""Seconds after which what is waited for does not come any more."""


@dataclass
class FrozenClock:
    """A clock that only the test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class DemoDesk:
    """One test's own copy of the demo, opened at NOW."""

    root: Path
    clock: FrozenClock
    desk: Desk

    def actor(self, name: str) -> Actor:
        """Return one of the demo's people: ada, mira, theo, ines, juno."""
        return Actor(handle=name, signer=KeyFileSigner(self.root / "demo-keys" / name))


def make_demo(folder: Path) -> Path:
    """Build the demo in `folder` with every key, nonce and instant given."""
    build.make(folder, progress=lambda _: None, now=NOW, origin=ORIGIN, seed="tests")
    return folder


def open_demo(template: Path, folder: Path, who: str | None = "mira") -> DemoDesk:
    """Copy the demo and open the copy as `who` (None: somebody without a key)."""
    shutil.copytree(template, folder)
    clock = FrozenClock()
    workspace = open_workspace(folder, clock=clock)
    actor = Actor(handle=who, signer=KeyFileSigner(folder / "demo-keys" / who)) if who else None
    return DemoDesk(root=folder, clock=clock, desk=Desk(workspace.context, actor, check_at_start=False))


def bare(desk: Desk, *places: Place) -> Console:
    """Return a host that holds only these screens: a snapshot does not change when another screen is added."""
    return Console(desk, places=places, palette="truecolor")


def frame_of(pilot: Pilot[Any]) -> Frame:
    """Return the frame, also from under a dialog."""
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, Frame))


def pane_of(pilot: Pilot[Any]) -> Pane[Any]:
    """Return the pane in front."""
    pane = frame_of(pilot).pane
    assert pane is not None
    return pane


def listed(pilot: Pilot[Any]) -> KeyedTable:
    """Return the list of the pane in front."""
    return pane_of(pilot).query_one(KeyedTable)


def said(pilot: Pilot[Any]) -> str:
    """Return what was last said to the operator, empty when nothing is."""
    line = frame_of(pilot).query_one(MessageLine)
    return str(line.render()) if line.has_class("-said") else ""


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until nothing is being read or done, except what waits for an answer in a dialog."""
    idle, end = False, monotonic() + PATIENCE
    while monotonic() < end:
        await pilot.pause()
        busy = [
            worker
            for worker in pilot.app.workers
            if not worker.is_finished and not (worker.group == "act" and isinstance(pilot.app.screen, ModalScreen))
        ]
        if idle and not busy:
            return
        idle = not busy  # looked at once more: what has just ended may have asked for the next to begin
        if busy:
            await asyncio.sleep(0.01)
    raise AssertionError(f"still busy: {[worker.name for worker in pilot.app.workers]}")


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """Wait until something is true; a machine that does much else may need long."""
    end = monotonic() + PATIENCE
    while monotonic() < end:
        await pilot.pause()
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it never came true; shown:\n{screen_text(pilot.app)}")


async def armed(pilot: Pilot[Any]) -> None:
    """Wait until an opened dialog (or a list whose rows moved) takes keys."""
    await settled(pilot)
    await asyncio.sleep(0.45)


def words(pilot: Pilot[Any]) -> str:
    """Return what stands in the texts of the screen in front, a dialog or a form as well."""
    return "\n".join(str(widget.render()) for widget in pilot.app.screen.query("Facts"))
