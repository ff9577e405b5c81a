from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("soak_run.py")
PARTS = (
    "kill -9 in a writer",
    "journal and file torn in a commit",
    "crash between the durable steps",
    "kill -9 inside acts",
    "rival writers",
    "clock that jumps",
    "bytes flipped",
    "file-size limits",
    "small disk runs full",
    "sync or write fails",
    "read-only file system",
    "files dropped at once",
)


@pytest.mark.parametrize("part", PARTS)
def test_a_short_soak_loses_nothing_and_is_never_silently_wrong(part: str, record_property) -> None:
    """In a process of its own: it forks, and pytest has threads."""
    command = [sys.executable, str(RUN), "--short", "--json", "--only", part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counted = json.loads(done.stdout)
    if counted["skipped"]:
        pytest.skip(counted["skipped"])
    assert counted["tries"] > 0
    record_property("soak", f"{part}: {counted['tries']:,} ({counted['what']})")
