"""Runs many commands for Desk.runs: each in a forked child, on files or on a pseudo-terminal of its own.

Reads lines of {"runs": [[base64 argument, …], …], "pty", "cwd", "env", "later"} and answers each with a line of
[{"status", "out", "err"}, …]. Importing once instead of a hundred times is the whole point; what runs is the entry
point that the console script runs. `later` moves the children's clock on by so many seconds: deadlines pass unslept.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import pty
import sys
import tempfile
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from console.cli.main import COMMANDS, main
from store.clock import SystemClock


def child(args: list[str], later: timedelta) -> NoReturn:
    status: object = 0
    if later:
        SystemClock.now = lambda self: datetime.now(UTC) + later
    try:
        main(args)
    except SystemExit as stop:
        status = stop.code
    except BaseException:
        traceback.print_exc()
        status = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0 if status is None else 1)


def on_files(args: list[str], later: timedelta) -> tuple[int, bytes, bytes]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            child(args, later)
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read()


def on_terminal(args: list[str], later: timedelta) -> tuple[int, bytes, bytes]:
    pid, terminal = pty.fork()
    if pid == 0:
        child(args, later)
    seen = bytearray()
    try:
        while data := os.read(terminal, 65_536):
            seen += data
    except OSError:
        pass  # Linux says EIO when the other side is closed
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), bytes(seen), b""


def answer(asked: dict[str, Any]) -> list[dict[str, object]]:
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    run = on_terminal if asked["pty"] else on_files
    later = timedelta(seconds=asked["later"])
    found: list[dict[str, object]] = []
    for encoded in asked["runs"]:
        status, out, err = run([os.fsdecode(base64.b64decode(part)) for part in encoded], later)
        found.append({"status": status, "out": base64.b64encode(out).decode(), "err": base64.b64encode(err).decode()})
    return found


if __name__ == "__main__":
    for module in sorted(set(COMMANDS.values())):
        importlib.import_module(f"console.cli.{module}")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
