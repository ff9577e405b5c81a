"""`make bench`: run every measurement and write docs/performance.md."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from bench import diffing, history, intake, ledger
from bench.measure import Result

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def main() -> int:
    """Measure, print and write the table; `--entries N` for a shorter run.

    `--only intake,diff` measures and prints these alone: the page is of one run, and stays as it is.
    """
    entries = int(sys.argv[sys.argv.index("--entries") + 1]) if "--entries" in sys.argv else 1_000_000
    only = sys.argv[sys.argv.index("--only") + 1].split(",") if "--only" in sys.argv else None
    began = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="quarterdeck-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        for name, run in (
            ("append", lambda: ledger.append(Path(folder))),
            ("intake", lambda: intake.run(Path(folder))),
            ("history", lambda: history.run(Path(folder))),
            ("diff", lambda: diffing.run(Path(folder) / "diff")),
            ("long", lambda: ledger.long(Path(folder), entries)),
        ):
            if only is not None and name not in only:
                continue
            print(f"measuring: {name}", flush=True)
            for result in run():
                results.append(result)
                mark = "ok  " if result.met else "MISS"
                print(f"  {mark} {result.what}: {result.ours} ({result.beside}; {result.ratio}, goal {result.goal})")
    if only is not None:
        return 0
    PAGE.write_text(page(results, time.monotonic() - began), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


def page(results: list[Result], took: float) -> str:
    """Return docs/performance.md."""
    cores = f"{os.cpu_count()} cores, which {os.getloadavg()[2]:.1f} programs wanted at a time"
    machine = f"{cores}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    rows = [
        f"| {r.what} | {r.ours} | {r.beside} | {r.ratio} | {r.goal} | {'yes' if r.met else '**no**'} |" for r in results
    ]
    return "\n".join(
        [
            "# Performance",
            "",
            f"Written by `make bench` in {took:.0f} s on {machine}. Both sides of a line ran in the same process or",
            "machine, in turn, with the same journal mode and durability. Times are medians unless said.",
            "",
            "| what | quarterdeck | measured against | ratio | goal | met |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
