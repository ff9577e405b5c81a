"""The soak: `make soak` runs it at full length and writes docs/soak.md; the tests run a short one, part by part.

python tests/soak/soak_run.py [--short] [--only PART]... [--missing] [--scale 0.1] [--json]

Whatever is not `--short` is written into the page as soon as a part is done: a run that was stopped goes on with
`--missing`, which leaves out the parts that the page has at full length, of this very version.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve()
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(REPOSITORY), *(str(REPOSITORY / "tests" / name) for name in ("", "soak", "ledger"))]

import soak_acts
import soak_burst
import soak_crashes
import soak_damage
import soak_flips
import soak_page
from soak_ground import Counted, Wrong

Part = Callable[[Path, int, random.Random], Counted]
PARTS: dict[str, Part] = soak_crashes.PARTS | soak_acts.PARTS | soak_damage.PARTS | soak_burst.PARTS
TIMES = {
    # part: (short, full)
    "kill -9 in a writer": (300, 5_000),
    "journal and file torn in a commit": (1_000, 3_000),
    "crash between the durable steps": (20, 20),
    "kill -9 inside acts": (1, 0),
    "rival writers": (500, 500),
    "clock that jumps": (20, 200),
    "bytes flipped": (150, 0),
    "file-size limits": (100, 500),
    "small disk runs full": (4, 12),
    "sync or write fails": (6, 100),
    "read-only file system": (1, 1),
    "files dropped at once": (500, 10_000),
}
FULL = "all of it"
_EVERY_BYTE = 606_208
"""What a ledger of 200 entries takes: 148 pages."""
LONG = {"kill -9 in a writer", "journal and file torn in a commit", "bytes flipped", "file-size limits"}


def run(name: str, times: int, seed: int) -> tuple[Counted, float]:
    """Run one part; return what it counted and its seconds of processor time."""
    part = PARTS[name]
    if name == "bytes flipped" and times != TIMES[name][0]:
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
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--missing", action="store_true", help="only what docs/soak.md does not have at full length")
    parser.add_argument("--scale", type=float, default=1.0, help="this share of the full counts")
    parser.add_argument("--seed", type=int, help="default: 1 for the short run, another one each time for the full run")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else 1 if asked.short else int(time.time())
    done = soak_page.parts_at(FULL) if asked.missing else frozenset()
    for name in asked.only or [part for part in PARTS if part not in done]:
        short, full = TIMES[name]
        began = time.monotonic()
        try:
            counted, cpu = run(name, short if asked.short else _scaled(name, full, asked.scale), seed)
        except Wrong as wrong:
            print(f"WRONG {name} (seed {seed}): {wrong}", file=sys.stderr)
            return 1
        if asked.json:
            print(json.dumps({"tries": counted.tries, "what": counted.what, "skipped": counted.skipped}))
        else:
            shown = f"skipped: {counted.skipped}" if counted.skipped else f"{counted.tries:,}: {counted.what}"
            print(f"{name}: {shown} ({cpu:.0f} s)", flush=True)
        if not asked.short:
            clock = time.monotonic() - began
            line = soak_page.line_of(name, counted, share=_full(name, asked.scale), cpu=cpu, clock=clock, seed=seed)
            soak_page.keep(line, list(PARTS))
    if not asked.short:
        print(f"{soak_page.PAGE} is up to date")
    return 0


def _scaled(name: str, full: int, scale: float) -> int:
    """Return how often in a run of this share of the full length; only the long parts are shortened."""
    if scale >= 1 or name not in LONG:
        return full
    return max(1, int((full or _EVERY_BYTE) * scale))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _full(name: str, scale: float) -> str:
    """Say how much of this part's full length a run of `scale` is."""
    full = TIMES[name][1]
    if _scaled(name, full, scale) == full:
        return FULL
    return f"{scale:.0%} of {full or _EVERY_BYTE:,}"


if __name__ == "__main__":
    sys.exit(main())
