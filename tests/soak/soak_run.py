"""The soak: `make soak` runs it at full length and writes docs/soak.md; the tests run a short one, part by part.

python tests/soak/soak_run.py [--short] [--only PART] [--scale 0.1] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve()
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(REPOSITORY), *(str(REPOSITORY / "tests" / name) for name in ("", "soak", "ledger"))]

import soak_crashes  # noqa: E402  the path comes first
import soak_damage  # noqa: E402
import soak_flips  # noqa: E402
from soak_ground import Counted, Wrong  # noqa: E402

Part = Callable[[Path, int, random.Random], Counted]
PARTS: dict[str, Part] = soak_crashes.PARTS | soak_damage.PARTS
TIMES = {
    # part: (short, full)
    "kill -9 in a writer": (300, 5_000),
    "journal and file torn in a commit": (1_000, 3_000),
    "crash between the durable steps": (20, 20),
    "rival writers": (500, 500),
    "clock that jumps": (20, 200),
    "bytes flipped": (150, 0),
    "file-size limits": (100, 500),
    "small disk runs full": (4, 12),
    "sync or write fails": (6, 100),
    "read-only file system": (1, 1),
}
LONG = {"kill -9 in a writer", "journal and file torn in a commit", "bytes flipped", "file-size limits"}
PAGE = REPOSITORY / "docs" / "soak.md"


def run(name: str, times: int, seed: int) -> tuple[Counted, float]:
    """Run one part; return what it counted and its seconds of processor time."""
    part = PARTS[name]
    if name == "bytes flipped" and times == 0:
        part = partial(soak_flips.flips, entries=200)
    began = _cpu()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # thousands of syncs; the order of calls is the same
    with tempfile.TemporaryDirectory(prefix="quarterdeck-soak-", dir=base) as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        counted = part(Path(folder), times, random.Random(seed))
    return counted, _cpu() - began


def main() -> int:
    """Run the parts asked for; exit 1 where something went wrong that must not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--scale", type=float, default=1.0, help="this share of the full counts")
    parser.add_argument("--seed", type=int, help="default: 1 for the short run, another one each time for the full run")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.seed is None:
        asked.seed = 1 if asked.short else int(time.time())
    lines: list[tuple[str, Counted, float]] = []
    for name in [asked.only] if asked.only else PARTS:
        short, full = TIMES[name]
        times = short if asked.short else _scaled(name, full, asked.scale)
        try:
            counted, took = run(name, times, asked.seed)
        except Wrong as wrong:
            print(f"WRONG {name} (seed {asked.seed}): {wrong}", file=sys.stderr)
            return 1
        lines.append((name, counted, took))
        if asked.json:
            print(json.dumps({"tries": counted.tries, "what": counted.what, "skipped": counted.skipped}))
        else:
            shown = f"skipped: {counted.skipped}" if counted.skipped else f"{counted.tries:,}: {counted.what}"
            print(f"{name}: {shown} ({took:.0f} s)", flush=True)
    if not asked.short and not asked.only:
        PAGE.write_text(page(lines, asked.scale, asked.seed), encoding="utf-8")
        print(f"wrote {PAGE}")
    return 0


def _scaled(name: str, full: int, scale: float) -> int:
    """Return how often in a run of this share of the full length; only the long parts are shortened."""
    if scale >= 1 or name not in LONG:
        return full
    return max(1, int((full or 50_000) * scale))  # fewer bytes flipped: of the small ledger


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _full(name: str, scale: float) -> str:
    """Say how much of this part's full length a run of `scale` is."""
    full = TIMES[name][1]
    if _scaled(name, full, scale) == full:
        return "all of it"
    return f"{scale:.0%} of {full:,}" if full else "a ledger of 12 entries, not every byte of one of 200"


def page(lines: list[tuple[str, Counted, float]], scale: float, seed: int) -> str:
    """Return docs/soak.md."""
    share = f"`--scale {scale:g}`: the four long parts at that share of their full counts (and bytes of a ledger of 12)"
    length = "the full counts" if scale >= 1 else share
    table = [
        f"| {name} | {'skipped' if one.skipped else f'{one.tries:,}'} | {_full(name, scale)} |"
        f" {one.skipped or one.what} | {took:.0f} |"
        for name, one, took in lines
    ]
    return "\n".join(
        [
            "# Soak",
            "",
            "What was done to the ledger, how often, and what came of it: acknowledged ≤ stored ≤ acknowledged + 1,",
            "a valid chain, read tables equal to a rebuild, or an error. One exception ends the run with `WRONG`.",
            "",
            f"Written by `make soak`: {length}, seed {seed}, Python {platform.python_version()}, SQLite"
            f" {sqlite3.sqlite_version}, {os.cpu_count()} cores. A short run of every part is in `make test`.",
            "",
            "| part | times | share of the full length | what came of it | CPU s |",
            "|---|---|---|---|---|",
            *table,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
