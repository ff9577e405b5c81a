"""A process that has imported everything and takes in each workspace's inbox in a child of its own, which is measured.

Reads the folder of a workspace a line; writes what became of the files, the seconds of processor time, the seconds
on the clock and the most memory in MiB, as JSON a line.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

from store.intake.inbox import Root, scan
from store.platforms import recognise
from store.services.exports import ingesting
from store.workspace import open_workspace


def taken_in(folder: Path) -> dict[str, object]:
    os.environ["XDG_STATE_HOME"] = str(folder.with_name("state"))  # nobody's heads are another's contradiction
    began, used = time.monotonic(), time.process_time()
    space = open_workspace(folder)
    report = ingesting.ingest(space.context, scan(Root(kind="inbox", path=folder / "inbox")))
    space.close()
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\s*(\d+)", status)
    return {
        "files": [[file.outcome, file.reason] for file in report.files],
        "cpu": time.process_time() - used,
        "clock": time.monotonic() - began,
        "mib": int(peak[1]) / 1024 if peak else 0,
    }


def main() -> None:
    for name, data in (("x.json", b"{}"), ("x.yaml", b"a: 1")):
        recognise(data, name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(taken_in(Path(line.rstrip("\n")))), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"died": status}), flush=True)


if __name__ == "__main__":
    main()
