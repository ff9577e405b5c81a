"""What every part of the soak stands on: workspaces, children that die, and the one question asked afterwards."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench import scene
from store.errors import QuarterdeckError
from store.ledger.report import Report
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import SYSTEM, Context
from store.workspace import open_workspace

TABLES_TOO = Scope(archive=False, tables=True)


class Wrong(AssertionError):
    """Something that must never happen did."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What one part did."""

    tries: int
    what: str
    """In words, with the counts that are not `tries`."""
    skipped: str | None = None


def must(holds: object, what: str) -> None:
    if not holds:
        raise Wrong(what)


def new_workspace(folder: Path) -> Path:
    space, _ = scene.workspace(folder)
    space.close()
    return space.root


def append(context: Context, number: int) -> int:
    with context.ledger.writing() as writer:
        return writer.append(statement_of(context, scene.observed(context, number), SYSTEM)).seq


def appending(root: Path, count: int) -> Callable[[], int]:
    """Return work for a child: append, tell each number once it is durable, end with the error's exit code."""

    def work() -> int:
        space = open_workspace(root)
        for number in range(count):
            try:
                seq = append(space.context, number)
            except QuarterdeckError as error:
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
                return error.exit_code
            os.write(1, f"{seq}\n".encode())
        return 0

    return work


@dataclass
class Child:
    """A forked process; its standard output ends in a pipe."""

    process: int
    pipe: int
    told: bytes = b""

    @classmethod
    def start(cls, work: Callable[[], int], *, quiet: bool = True) -> Child:
        """Fork; nothing of a ledger may be open here, because SQLite's locks would be shared."""
        sys.stdout.flush()
        reading, writing = os.pipe()
        process = os.fork()
        if process:
            os.close(writing)
            return cls(process, reading)
        code = 70
        try:
            os.close(reading)
            os.dup2(writing, 1)
            if quiet:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            code = work()
        except BaseException:  # nobody above may see it: this is the parent's stack
            traceback.print_exc()
        finally:
            os._exit(code)

    def first(self) -> None:
        """Wait until it has acknowledged something."""
        self.told += os.read(self.pipe, 64)

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)

    def end(self) -> int:
        """Wait for its end; return the exit code, or minus the signal."""
        while piece := os.read(self.pipe, 65536):
            self.told += piece
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    @property
    def acknowledged(self) -> int:
        """The newest number it told whole; 0 for none."""
        whole = self.told.rpartition(b"\n")[0]
        return max([0, *map(int, whole.split())])


def examine(root: Path, *, acknowledged: int, most: int | None = None, go_on: bool = False) -> int:
    """Open the workspace as after any start, verify it whole, and return how many entries it holds.

    `most` entries may be there, by default one more than acknowledged: committed, but nobody could be told.
    """
    space = open_workspace(root)
    try:
        ledger = space.context.ledger
        must(ledger.writable, f"not writable after a crash: {ledger.read_only_reason}")
        if go_on:
            append(space.context, 1)
            acknowledged, most = acknowledged + 1, (most or acknowledged + 1) + 1
        size = ledger.head().size
        must(acknowledged <= size, f"lost: {acknowledged} were acknowledged, {size} are there")
        must(size <= (acknowledged + 1 if most is None else most), f"{size} are there, {acknowledged} acknowledged")
        sound(verify_workspace(space.context, scope=TABLES_TOO), size)
        return size
    finally:
        space.close()


def sound(report: Report, size: int) -> None:
    must(report.ok, f"{report.verdict}: {report.problems[:3]}")
    must(report.anchored == (size, size), f"anchored {report.anchored} of {size}")


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
