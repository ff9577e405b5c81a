"""The ledger beside bare SQLite."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from bench import scene
from bench.measure import Result, alternating, at_most, median_of, seconds
from store.integrity.merkle import inclusion_proof, leaf_hash, verify_inclusion
from store.ledger.connection import journal_mode
from store.services.acting import statement_of
from store.services.context import SYSTEM, Context
from store.services.history import history
from store.workspace import open_workspace


def append(folder: Path) -> list[Result]:
    """One durable append with its read tables, and group append."""
    space, _ = scene.workspace(folder / "append")
    context = space.context
    numbers = itertools.count(1)

    def ours() -> None:
        with context.ledger.writing() as writer:
            writer.append(statement_of(context, scene.observed(context, next(numbers)), SYSTEM))

    ours()
    body = context.ledger.entry(context.ledger.head().size).body
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    mode = journal_mode()
    bare.execute(f"PRAGMA journal_mode={mode}")
    bare.execute(f"PRAGMA synchronous={'FULL' if mode.upper() == 'WAL' else 'EXTRA'}")
    bare.execute("CREATE TABLE entry(seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def beside() -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO entry(body) VALUES (?)", (body,))
        bare.execute("COMMIT")

    mine, theirs = alternating(ours, beside, 300)
    line = at_most("one durable append with read tables, checkpoint and 3 outside heads", mine, theirs, 2.5,
                   unit="ms", scale=1000, name=f"bare insert and commit ({mode})")  # fmt: skip
    count = 50_000
    took = seconds(lambda: scene.fill(context, context.ledger.head().size + count))
    rate = count / took
    grouped = Result(
        what="group append (10,000 a transaction)",
        ours=f"{rate:,.0f} entries/s",
        beside="—",
        ratio="—",
        goal="≥ 20,000/s",
        met=rate >= 20_000,
    )
    space.close()
    return [line, grouped]


def long(folder: Path, entries: int) -> list[Result]:
    """Everything that should not mind a long ledger."""
    root = scene.long(folder / "long", entries)
    space = open_workspace(root)
    results = [_verify(space.context, root), _past(space.context), _proof(space.context)]
    space.close()
    empty, _ = scene.workspace(folder / "empty")
    empty.close()
    big, small = alternating(lambda: open_workspace(root).close(), lambda: open_workspace(empty.root).close(), 30)
    results.append(at_most(f"opening a workspace of {entries:,} entries", big, small, 1.2,
                           unit="ms", scale=1000, name="an empty one"))  # fmt: skip
    return results


def _verify(context: Context, root: Path) -> Result:
    path = root / "ledger.db"

    def beside() -> None:
        bare = sqlite3.connect(path)
        for (body,) in bare.execute("SELECT body FROM entry ORDER BY seq"):
            sha256(body).digest()
        bare.close()

    command = [sys.executable, "-m", "bench.verify_once", str(root)]
    took = theirs = float("inf")
    memory = 0
    for _ in range(3):  # in turn, the best of each: other programs' moods meet both
        theirs = min(theirs, seconds(beside))
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        took, memory = min(took, float(printed[0])), max(memory, int(printed[1]))
    size = context.ledger.head().size
    ratio = took / theirs
    return Result(
        what=f"verify {size:,} entries (bytes, links, tree, checkpoints, signatures, heads), best of 3",
        ours=f"{took:.2f} s, {memory // 1024} MiB",
        beside=f"read every body and SHA-256 it: {theirs:.2f} s",
        ratio=f"{ratio:.2f}×",
        goal="≤ 2.0×, ≤ 200 MiB",
        met=ratio <= 2.0 and memory <= 200 * 1024,
    )


def _past(context: Context) -> Result:
    size = context.ledger.head().size
    instants = itertools.cycle([size // 7, size // 3, size // 2, size - 5])
    took = median_of(lambda: history.state_at(context, None, history.resolve(context, str(next(instants)))), 40)
    return Result(
        what=f"state of every environment at a past instant, {size:,} entries",
        ours=f"{took * 1000:.2f} ms",
        beside="—",
        ratio="—",
        goal="≤ 50 ms",
        met=took <= 0.05,
    )


def _proof(context: Context) -> Result:
    head = context.ledger.head()
    places = itertools.cycle([0, head.size // 3, head.size - 1])

    def prove() -> None:
        index = next(places)
        with context.ledger.tree() as nodes:
            hashes = inclusion_proof(index, head.size, nodes.get)
        verify_inclusion(index, head.size, leaf_hash(context.ledger.entry(index + 1).body), hashes, head.root)

    took = median_of(prove, 60)
    return Result(
        what=f"inclusion proof made and checked, {head.size:,} entries",
        ours=f"{took * 1000:.2f} ms",
        beside="—",
        ratio="—",
        goal="≤ 5 ms",
        met=took <= 0.005,
    )
