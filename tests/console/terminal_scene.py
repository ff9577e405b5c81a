"""A person at the console in a real terminal, and whether that shows what the console draws."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from support.cells import Cell, cells
from support.tmux import Pane

ARMED = 0.5
"""Seconds: a dialog answers nothing in its first 400 ms."""
PROGRAM = Path(__file__).with_name("watched_console.py")


@dataclass(frozen=True)
class Person:
    """A workspace, and where the person's own files are."""

    root: Path

    @property
    def workspace(self) -> Path:
        return self.root / "demo"

    @property
    def watched(self) -> Path:
        return self.root / "watched"

    def program(self, *arguments: str, who: str = "mira") -> list[str]:
        key = self.workspace / "demo-keys" / who
        return [sys.executable, str(PROGRAM), "-w", str(self.workspace), "--key", str(key), *arguments]

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "XDG_STATE_HOME": str(self.root / "state"),
            "XDG_CONFIG_HOME": str(self.root / "config"),
            "WATCHED": str(self.watched),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            **extra,
        }

    def drawn(self, pid: int) -> list[list[Cell]]:
        """Return what the console would draw now, were nothing drawn yet."""
        self.watched.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)
        deadline = time.monotonic() + 60
        while not self.watched.exists():
            assert time.monotonic() < deadline, "the console no longer answers"
            time.sleep(0.01)
        return cells(self.watched.read_text())


@dataclass(frozen=True)
class Console:
    """A console in a window of tmux."""

    person: Person
    pane: Pane
    pid: int

    def is_whole(self, columns: int, lines: int) -> None:
        """Wait until the terminal shows, cell by cell, what the console would draw at this size."""
        deadline = time.monotonic() + 60
        while True:
            drawn, shown = self.person.drawn(self.pid), cells(self.pane.drawing())[:lines]
            if (len(drawn[0]), len(drawn)) == (columns, lines) and drawn == shown:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        assert (len(drawn[0]), len(drawn)) == (columns, lines)
        for number, (expected, found) in enumerate(zip(drawn, shown, strict=True), 1):
            assert found == expected, f"line {number} of {columns}×{lines} is shown otherwise than drawn"
