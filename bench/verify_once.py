"""Verifies one workspace in a process of its own and prints seconds and peak memory (KiB)."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.ledger import peak_kib
from store.services.audit.verifying import Scope, verify_workspace
from store.workspace import open_workspace

if __name__ == "__main__":
    space = open_workspace(Path(sys.argv[1]))
    report = verify_workspace(space.context, scope=Scope(archive=False, tables=False))
    if not report.ok:
        sys.exit(f"{report.verdict}: {report.problems[:3]}")
    print(report.seconds, peak_kib())
