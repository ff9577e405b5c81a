"""Crashes: killed writers, torn journals, a death between any two durable steps, rivals, odd clocks."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ledger_child
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from soak_ground import (
    TABLES_TOO,
    Child,
    Counted,
    append,
    appending,
    examine,
    must,
    new_workspace,
    rows,
    sound,
)
from test_ledger_faults import POINTS

from store.clock import SystemClock
from store.integrity.note import NoteSigner
from store.ledger import HeadStore, Ledger
from store.services.audit.verifying import verify_workspace
from store.workspace import open_workspace

CHILD = Path(__file__).with_name("soak_child.py")
_ROUND = 100
"""Kills a workspace: a fresh one after that keeps each check short."""


def kills(folder: Path, times: int, chance: random.Random) -> Counted:
    """kill -9 at random: acknowledged ≤ stored ≤ acknowledged + 1, valid, read tables equal to a rebuild."""
    acknowledged = unacknowledged = 0
    for number in range(times):
        if number % _ROUND == 0:
            root = new_workspace(folder / f"killed-{number}")
            size = examine(root, acknowledged=2, most=2)
        child = Child.start(appending(root, 1_000_000))
        if number % 3:
            child.first()
        time.sleep(chance.random() * 0.04)
        child.kill()
        must(child.end() == -signal.SIGKILL, "the writer ended before it was killed")
        told = max(size, child.acknowledged)
        acknowledged += told - size
        size = examine(root, acknowledged=told)
        unacknowledged += size - told
    what = f"{acknowledged:,} entries acknowledged, all kept; {unacknowledged} stored but not yet acknowledged"
    return Counted(tries=times, what=what)


def journal(folder: Path, times: int, chance: random.Random) -> Counted:
    """A journal cut short or torn, a file torn while it was written: exactly the state before the commit."""
    if not shutil.which("strace"):
        return Counted(tries=0, what="journals torn", skipped="strace is not installed: it stops a commit half-way")
    root = new_workspace(folder / "torn")
    path, hot = root / "ledger.db", root / "ledger.db-journal"
    commits = cuts = sectors = files = 0
    while cuts + sectors + files < times:
        size, before = examine(root, acknowledged=2, most=1 << 30), path.read_bytes()
        # The journal is whole and synced, every page is written; only its deletion, the commit itself, is missing.
        # On the way to this point os.unlink is called for nothing else.
        die = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink", "-e", "inject=unlink:signal=KILL:when=1"]
        subprocess.run([*die, sys.executable, str(CHILD), str(root), "1"], check=False, capture_output=True)
        if not hot.exists():
            return Counted(tries=0, what="journals torn", skipped="no hot journal: WAL, or strace may not attach here")
        kept, after = hot.read_bytes(), path.read_bytes()
        commits += 1
        for _ in range(min(25, times - cuts - sectors - files)):
            match chance.randrange(3):
                case 0:  # the crash came while the journal was written, before its sync: the file is untouched
                    path.write_bytes(before)
                    hot.write_bytes(kept[: chance.randrange(len(kept) + 1)])
                    cuts += 1
                case 1:
                    path.write_bytes(before)
                    hot.write_bytes(_torn(b"\0" * 12 + kept[12:] if chance.random() < 0.5 else kept, chance))
                    sectors += 1
                case _:  # it came while the file was written: some sectors are new, some are old
                    path.write_bytes(_mixed(before, after, chance))
                    hot.write_bytes(kept)
                    files += 1
            examine(root, acknowledged=size, most=size)
        path.write_bytes(before)
        hot.unlink(missing_ok=True)
        examine(root, acknowledged=size, most=size + 1, go_on=True)
    what = f"{commits} commits; journal cut {cuts} times, a 512-byte sector of it torn {sectors}, of the file {files}"
    return Counted(tries=cuts + sectors + files, what=what)


def _torn(data: bytes, chance: random.Random) -> bytes:
    """Return a journal of which one sector never reached the disk, with the count of pages it had before its sync."""
    start = chance.randrange(max(1, len(data) // 512)) * 512
    header = data[:8] + bytes(4) + data[12:]  # SQLite writes the count of pages only after they are synced
    old = bytes(512) if chance.random() < 0.5 else chance.randbytes(512)
    return header[:start] + old + header[start + 512 :] if start else header[:12] + old[12:] + header[512:]


def _mixed(before: bytes, after: bytes, chance: random.Random) -> bytes:
    out = bytearray(after)
    for start in range(0, min(len(before), len(after)), 512):
        if chance.random() < 0.5:
            out[start : start + 512] = before[start : start + 512]
    return bytes(out)


def steps(folder: Path, times: int, chance: random.Random) -> Counted:
    """A death between each of the durable steps, then the act again: the same bytes as an undisturbed run."""
    disturbed, calm = _book(folder / "disturbed"), _book(folder / "calm")
    for _ in range(times):
        for point in chance.sample(list(POINTS), len(POINTS)):
            child = Child.start(lambda point=point: ledger_child.main(disturbed, "same", 1, point))
            must(child.end() == -signal.SIGKILL, f"did not die {point}")
            must(Child.start(lambda: ledger_child.main(disturbed, "same", 1, None)).end() == 0, f"stuck after {point}")
    (size,) = rows(disturbed / "ledger.db", "SELECT count(*) FROM entry")[0]
    expected = sum(1 + stored for stored in POINTS.values()) * times
    must(size == expected, f"{size} entries instead of {expected}")
    for _ in range(size):
        must(Child.start(lambda: ledger_child.main(calm, "same", 1, None)).end() == 0, "a calm append failed")
    for sql in ("SELECT seq, body, hash FROM entry ORDER BY seq", "SELECT * FROM checkpoint", "SELECT * FROM node"):
        must(rows(disturbed / "ledger.db", sql) == rows(calm / "ledger.db", sql), "other bytes than a calm run")
    what = f"{len(POINTS)} points × {times}; {size} entries and checkpoints, byte for byte those of a calm run"
    return Counted(tries=len(POINTS) * times, what=what)


def _book(folder: Path) -> Path:
    folder.mkdir()
    signer = NoteSigner(ledger_child.ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    heads = (HeadStore(folder / "state" / "one"), HeadStore(folder / "elsewhere" / "two"))
    Ledger.create(
        folder / "ledger.db", origin=ledger_child.ORIGIN, log_signer=signer, clock=SystemClock(), heads=heads, tables=()
    ).close()
    return folder


def rivals(folder: Path, times: int, chance: random.Random) -> Counted:
    """Four processes append at once: dense numbers, one chain, one checkpoint per size."""
    root = new_workspace(folder / "rivals")
    children = [Child.start(appending(root, times)) for _ in range(4)]
    must([child.end() for child in children] == [0] * 4, "one of four writers failed")
    told = sorted(int(seq) for child in children for seq in child.told.split())
    must(told == list(range(3, 3 + 4 * times)), "numbers are missing or were told twice")
    size = examine(root, acknowledged=told[-1], most=told[-1])
    sizes = [number for (number,) in rows(root / "ledger.db", "SELECT size FROM checkpoint ORDER BY size")]
    must(sizes[-4 * times :] == told, "not one checkpoint per size")
    return Counted(tries=4 * times, what=f"4 processes × {times} appends, {size} entries, one checkpoint each")


class _Wandering:
    """A clock that jumps to and fro by up to ten years."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self._chance.randint(-3650, 3650))


def clocks(folder: Path, times: int, chance: random.Random) -> Counted:
    """A clock that jumps ten years to and fro: order is the number, and everything verifies."""
    root = new_workspace(folder / "clocks")
    backwards, last = 0, ""
    for number in range(times):
        space = open_workspace(root, clock=_Wandering(chance))
        seq = append(space.context, number)
        time_ = space.context.ledger.entry(seq).statement.time
        backwards, last = backwards + (time_ < last), time_
        must(seq == number + 3, "the order is not that of appending")
        newest = [entry.seq for entry in space.context.ledger.entries(after=seq - 3)]
        must(newest == [seq - 2, seq - 1, seq], "read out of order")
        space.close()
    space = open_workspace(root)
    sound(verify_workspace(space.context, scope=TABLES_TOO), times + 2)
    space.close()
    return Counted(tries=times, what=f"{backwards} steps backwards; the order held, everything verified")


PARTS: dict[str, Callable[[Path, int, random.Random], Counted]] = {
    "kill -9 in a writer": kills,
    "journal and file torn in a commit": journal,
    "crash between the durable steps": steps,
    "rival writers": rivals,
    "clock that jumps": clocks,
}
