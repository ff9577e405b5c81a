"""docs/soak.md, written from what each part did when it was last run; docs/soak.json keeps that."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from soak_ground import Counted

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "soak.md"
KEPT = PAGE.with_suffix(".json")
_HEAD = """\
# Soak

What was done to the ledger, how often, and what came of it: acknowledged ≤ stored ≤ acknowledged + 1,
a valid chain, read tables equal to a rebuild, or an error. One exception ends the run with `WRONG`.

Written by `make soak`, part by part: each line says at which commit and with which seed. A short run of every part is
in `make test`.
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one part did, when it was last run."""

    part: str
    tries: int
    what: str
    skipped: str
    share: str
    """How much of its full length that was, in words."""
    seconds: int
    """Of processor time."""
    minutes: int
    """By the clock."""
    seed: int
    commit: str
    store: str
    day: str
    machine: str


def line_of(part: str, counted: Counted, *, share: str, cpu: float, clock: float, seed: int) -> Line:
    """Return the line of a part that was just run here."""
    return Line(
        part=part,
        tries=counted.tries,
        what=counted.what,
        skipped=counted.skipped or "",
        share=share,
        seconds=round(cpu),
        minutes=round(clock / 60),
        seed=seed,
        commit=_commit(),
        store=_store(),
        day=datetime.now(UTC).date().isoformat(),
        machine=f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores",
    )


def kept() -> dict[str, Line]:
    """Return part → what it did when it was last run."""
    if not KEPT.exists():
        return {}
    return {one["part"]: Line(**one) for one in json.loads(KEPT.read_text(encoding="utf-8"))}


def parts_at(share: str) -> frozenset[str]:
    """Return the parts that were run at this share of their full length with the `store/` that is here."""
    here = _store()
    return frozenset(one.part for one in kept().values() if (one.share, one.store) == (share, here))


def keep(line: Line, order: list[str]) -> None:
    """Keep what a part did, and write the page again, its parts in this order."""
    lines = kept() | {line.part: line}
    ordered = [lines[part] for part in order if part in lines]
    KEPT.write_text(json.dumps([asdict(one) for one in ordered], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(ordered, missing=[part for part in order if part not in lines]), encoding="utf-8")


def page(lines: list[Line], *, missing: list[str]) -> str:
    """Return docs/soak.md."""
    table = [
        f"| {one.part} | {'skipped' if one.skipped else f'{one.tries:,}'} | {one.share} | {one.skipped or one.what} |"
        f" {one.seconds:,} | {one.minutes} | {one.commit}, {one.day}, {one.seed} |"
        for one in lines
    ]
    machines = "; ".join(dict.fromkeys(one.machine for one in lines))
    not_run = ["", f"Not run yet: {', '.join(missing)}."] if missing else []
    return "\n".join(
        [
            _HEAD,
            "| part | times | share of the full length | what came of it | CPU s | minutes | commit, day, seed |",
            "|---|---|---|---|---|---|---|",
            *table,
            *not_run,
            "",
            f"On {machines}.",
            "",
        ]
    )


def _commit() -> str:
    """Return the commit that is here, with a plus where the product or the soak was changed since."""
    changed = _git("status", "--porcelain", "--", "store", "tests/soak")
    return _git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _store() -> str:
    """Return the hash of `store/` in that commit: what is soaked."""
    return _git("rev-parse", "--short", "HEAD:store")


def _git(*asked: str) -> str:
    command = ["git", "-C", str(REPOSITORY), *asked]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
