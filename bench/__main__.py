"""`make bench`: run every measurement and write docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench import console, diffing, history, intake, ledger
from bench.measure import Result

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


PARTS: Final[dict[str, Callable[[Path, int], list[Result]]]] = {
    "append": lambda folder, _: ledger.append(folder),
    "intake": lambda folder, _: intake.run(folder),
    "history": lambda folder, _: history.run(folder),
    "diff": lambda folder, _: diffing.run(folder / "diff"),
    "long": ledger.long,
    "console": console.run,
}


def main() -> int:
    """Measure, print and write the table; with `--only`, the page stays as it is: it is of one run."""
    asked = _arguments()
    began = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="quarterdeck-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        for name in asked.only or PARTS:
            print(f"measuring: {name}", flush=True)
            for result in PARTS[name](Path(folder), asked.entries):
                results.append(result)
                mark = "ok  " if result.met else "MISS"
                print(f"  {mark} {result.what}: {result.ours} ({result.beside}; {result.ratio}, goal {result.goal})")
    if asked.only:
        return 0
    PAGE.write_text(page(results, time.monotonic() - began), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the long ledger (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"one or more of {', '.join(PARTS)}")
    return parser.parse_args()


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
