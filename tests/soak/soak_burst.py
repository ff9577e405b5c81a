"""Thousands of files dropped at once into a watched folder: each becomes one entry, in little memory."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from soak_ground import Counted, examine, must, new_workspace

from store.workspace import open_workspace

COMMAND = Path(sys.executable).with_name("quarterdeck")
_MOST_MEMORY = 300 * 1024
"""KiB of resident memory the watcher may have at its peak."""
_PATIENCE = 900.0


def burst(folder: Path, times: int, chance: random.Random) -> Counted:
    """Drop `times` files while `quarterdeck watch` runs; every one is recorded, once."""
    root = new_workspace(folder / "burst")
    project = root / "inbox" / "prod" / "burst"
    project.mkdir(parents=True)
    environment = os.environ | {"QUARTERDECK_WORKSPACE": str(root)}
    with (folder / "watch.log").open("wb") as log:
        watcher = subprocess.Popen([COMMAND, "watch"], env=environment, stdout=log, stderr=log)
    try:
        time.sleep(1.0)
        began = time.monotonic()
        names = [f"{number:05}.json" for number in range(times)]
        chance.shuffle(names)
        for name in names:
            (project / name).write_text(f'{{"order": "{name}"}}')
        _wait(root, watcher, times, began)
        took = time.monotonic() - began
        status = Path(f"/proc/{watcher.pid}/status").read_text()
    finally:
        watcher.send_signal(signal.SIGTERM)
        code = watcher.wait(30)
    must(code == 0, f"the watcher ended with {code}: {(folder / 'watch.log').read_text()[-500:]}")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    memory = int(peak[1]) if peak else 0
    must(memory <= _MOST_MEMORY, f"{memory} KiB of memory for {times} small files")
    must(_taken(root) == Counter(names), "a file is missing, or was recorded twice")
    examine(root, acknowledged=times, most=1 << 30, go_on=True)
    return Counted(
        tries=times,
        what=f"one entry each, after {took:.0f} s ({times / took:.0f} a second), {memory // 1024} MiB at the peak",
    )


def _wait(root: Path, watcher: subprocess.Popen[bytes], times: int, began: float) -> None:
    space = open_workspace(root)
    try:
        while space.context.ledger.head().size < times or sum(_taken(root).values()) < times:
            must(watcher.poll() is None, "the watcher ended by itself")
            must(time.monotonic() - began < _PATIENCE, f"not all within {_PATIENCE:.0f} s")
            time.sleep(0.2)
    finally:
        space.close()


def _taken(root: Path) -> Counter[str]:
    space = open_workspace(root)
    try:
        entries = space.context.ledger.entries(kinds=["artifact.ingested"], on={"project": "burst"})
        return Counter(str(entry.statement.data["name"]) for entry in entries)
    finally:
        space.close()


PARTS = {"files dropped at once": burst}
