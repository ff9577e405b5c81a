"""Every byte of a ledger flipped in turn, on every core: what is reported equals the truth, or is an error.

Each flip goes through what any start and any `verify` do: the workspace opened from the file, the whole of it
verified, its answers read. Nothing is skipped. What makes half a million of them bearable is that pure functions
(a signature over the same text, the statement in the same bytes, the read tables of the same entries) are
not worked out again where their arguments are the very same bytes as before; any other byte is.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from soak_ground import TABLES_TOO, Child, Counted, Wrong, append, must, new_workspace

from store import projections
from store.errors import QuarterdeckError
from store.integrity import checkpoint, logkeys
from store.integrity.entry import Entry
from store.ledger import Ledger, rows, state, tiles
from store.services.audit.verifying import verify_workspace
from store.workspace import Workspace, open_workspace


def flips(folder: Path, times: int, chance: random.Random, *, entries: int = 12) -> Counted:
    """Flip bytes of a ledger in turn: `times` of them, evenly spread; 0 for every byte."""
    root = new_workspace(folder / "flipped")
    space = open_workspace(root)
    for number in range(entries - 2):
        append(space.context, number)
    space.close()
    size = (root / "ledger.db").stat().st_size
    step = max(1, size // times) if times else 1
    places = [
        (min(place + chance.randrange(step), size - 1), 1 << chance.randrange(8)) for place in range(0, size, step)
    ]
    cores = len(os.sched_getaffinity(0))
    shares = [
        Child.start(_share(root, folder / f"core-{core}" / "ws", places[core::cores]), quiet=False)
        for core in range(cores)
    ]
    ends = [share.end() for share in shares]
    told = [json.loads(share.told) for share in shares if share.told]
    for one in told:
        must("wrong" not in one, one.get("wrong"))
    must(ends == [0] * cores, "a share of the flips ended badly")
    done, refused = sum(one["done"] for one in told), sum(one["refused"] for one in told)
    must(done == len(places), f"{done} flips instead of {len(places)}")
    what = (
        f"{entries} entries, {size:,} bytes in the file; {refused:,} flips reported as errors,"
        f" {done - refused:,} changed nothing that is read (free space, caches), 0 silently wrong"
    )
    return Counted(tries=done, what=what)


def _share(original: Path, root: Path, places: list[tuple[int, int]]) -> Callable[[], int]:
    """Return work for a child: flip at these places of a copy of its own, tell the counts or what was wrong."""

    def work() -> int:
        shutil.copytree(original, root)
        try:
            with _remembering():
                said = {"done": len(places), "refused": _flip_each(root, places)}
        except Wrong as wrong:
            said = {"wrong": str(wrong)}
        os.write(1, json.dumps(said).encode())
        return 0

    return work


def _flip_each(root: Path, places: list[tuple[int, int]]) -> int:
    path = root / "ledger.db"
    good = path.read_bytes()
    truth = _state(root)
    must(truth[0] == "good", f"the whole ledger is not good: {truth}")
    refused = 0
    for at, bit in places:
        flipped = bytearray(good)
        flipped[at] ^= bit
        with path.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), flipped[at : at + 1], at)
        found = _state(root)
        must(found == truth or found[0] == "error", f"byte {at} flipped, and silently wrong: {str(found)[:300]}")
        refused += found[0] == "error"
        if path.read_bytes() == flipped:
            with path.open("r+b", buffering=0) as file:
                os.pwrite(file.fileno(), good[at : at + 1], at)
        else:  # an older format was read there, and brought up to date: begin again from the good file
            path.write_bytes(good)
    return refused


def _state(root: Path) -> tuple[str, object]:
    """Return everything that a verified ledger says of itself, or the error it gives instead."""
    try:
        space = open_workspace(root)
    except QuarterdeckError as error:
        return "error", str(error)
    try:
        problem = _complaint(space)
        return ("error", problem) if problem else ("good", _told(space.context.ledger))
    except QuarterdeckError as error:
        return "error", str(error)
    finally:
        space.close()


def _complaint(space: Workspace) -> str | None:
    ledger = space.context.ledger
    if not ledger.writable:
        return ledger.read_only_reason
    report = verify_workspace(space.context, scope=TABLES_TOO)
    if report.ok:
        return None
    return str(report.problems[:1] or report.verdict)


def _told(ledger: Ledger) -> object:
    entries = [(entry.seq, entry.body, entry.hash) for entry in ledger.entries()]
    by_kind = [entry.seq for entry in ledger.entries(kinds=["artifact.ingested"])]
    about = [entry.seq for entry in ledger.entries(on={"project": "project-1"})]
    return ledger.head(), ledger.checkpoint(), entries, by_kind, about


@contextmanager
def _remembering() -> Iterator[None]:
    """Work out what pure functions say of the same bytes once; errors are worked out every time."""
    once = lru_cache(maxsize=4096, typed=True)  # in a damaged page a number may be a float
    opened = once(checkpoint.open_checkpoint)
    with ExitStack() as patched:
        for module in (rows, state, tiles):
            patched.enter_context(patch.object(module, "open_entry", once(module.open_entry)))
        for module in (checkpoint, logkeys):
            patched.enter_context(patch.object(module, "open_checkpoint", lambda note, keys: opened(note, tuple(keys))))
        patched.enter_context(patch.object(projections, "rebuild", _rebuild_once(projections.rebuild)))
        yield


def _rebuild_once(rebuild: Callable[[sqlite3.Connection, Iterable[Entry]], None]) -> Callable[..., None]:
    """Return `rebuild` with its result for the newest series of entries at hand, as a database to copy."""
    newest: list[Any] = [None, None]

    def rebuild_or_copy(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
        found = list(entries)
        bodies = [entry.body for entry in found]
        if connection.in_transaction:  # an upgrade, in the ledger's own file
            rebuild(connection, found)
        elif newest[0] == bodies:
            newest[1].backup(connection)
        else:
            rebuild(connection, found)
            connection.commit()
            kept = sqlite3.connect(":memory:")
            connection.backup(kept)
            newest[:] = bodies, kept

    return rebuild_or_copy
