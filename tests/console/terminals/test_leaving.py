"""Leaving the console while something is being read or written: it ends at once, or when what it changes is whole."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pexpect
import pytest
from terminal_scene import ARMED, Person

pytestmark = pytest.mark.xdist_group("terminals")
BLOCKED = Path(__file__).parent.parent / "blocked_console.py"


def spawned(person: Person, program: list[str]) -> pexpect.spawn:
    environment = person.environment(TERM="xterm-256color")
    return pexpect.spawn(program[0], program[1:], dimensions=(24, 80), timeout=60, env=environment)


def ended(child: pexpect.spawn) -> tuple[float, int]:
    """Return the seconds until it ended, and its exit status."""
    began = time.monotonic()
    left = child.read()
    child.close()
    assert b"\x1b[?1049l" in left, "the terminal is given back"
    assert b"Warning" not in left
    assert child.exitstatus is not None
    return time.monotonic() - began, child.exitstatus


@pytest.mark.parametrize(("ending", "status"), [("q", 0), (signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_read_that_never_comes_back_keeps_nobody(person: Person, ending: str | signal.Signals, status: int) -> None:
    child = spawned(person, [sys.executable, str(BLOCKED), *person.program()[2:]])
    child.expect(rb"Triage")
    time.sleep(0.2)
    if isinstance(ending, str):
        child.send(ending)
    else:
        child.kill(ending)
    seconds, left = ended(child)
    assert left == status
    assert seconds < 60  # far from the ten minutes that the read takes; about 0.6 s on an idle machine


def test_what_was_being_written_is_written_whole_though_the_terminal_went(person: Person) -> None:
    child = spawned(person, person.program("open", "CR-0010"))
    child.expect(rb"0a06")
    child.send("a")
    child.expect(rb"APPROVE")
    time.sleep(ARMED)
    other = sqlite3.connect(person.workspace / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    child.send("y")
    child.expect(rb"approving")  # it waits for the other one's transaction
    child.kill(signal.SIGHUP)
    time.sleep(0.3)
    assert child.isalive()
    other.execute("ROLLBACK")
    assert ended(child)[1] == 129
    newest = other.execute("SELECT kind FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    other.close()
    assert newest == ("approval.granted",)


def test_a_cut_line_that_only_a_wrapper_hears_of_ends_the_console_too(person: Person) -> None:
    """The system tells the first program of a terminal: `make`, here a shell, which keeps it to itself."""
    child = spawned(person, ["/bin/sh", "-c", f"trap '' HUP; {shlex.join(person.program())}; sleep 60"])
    child.expect(rb"Triage")
    (console,) = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    os.close(child.child_fd)
    try:
        until = time.monotonic() + 60
        while Path(f"/proc/{console}").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not Path(f"/proc/{console}").exists()
    finally:
        os.kill(child.pid, signal.SIGKILL)
        if Path(f"/proc/{console}").exists():
            os.kill(int(console), signal.SIGKILL)
