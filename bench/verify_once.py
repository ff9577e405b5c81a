"""Verifies one workspace in a process of its own and prints seconds and peak memory (KiB)."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from store.services.audit.verifying import Scope, verify_workspace
from store.workspace import open_workspace

_OWN_PEAK = "VmHWM:"


def peak_kib() -> int:
    """Return the peak memory of this process and of the largest of its children, together, in KiB.

    The own peak is the kernel's for this program alone: `ru_maxrss` would begin at what the measuring process, from
    which this one was forked, happened to hold.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = next(line for line in status.splitlines() if line.startswith(_OWN_PEAK)).split()[1]
    return int(own) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


if __name__ == "__main__":
    space = open_workspace(Path(sys.argv[1]))
    report = verify_workspace(space.context, scope=Scope(archive=False, tables=False))
    if not report.ok:
        sys.exit(f"{report.verdict}: {report.problems[:3]}")
    print(report.seconds, peak_kib())
