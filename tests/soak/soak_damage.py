"""Damage and refusals of the disk: flipped bytes, full and read-only file systems, syncs that fail."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from soak_crashes import CHILD
from soak_flips import flips
from soak_ground import TABLES_TOO, Child, Counted, append, appending, examine, must, new_workspace, sound

from console.screen.desk import Desk
from store.errors import QuarterdeckError
from store.services.audit.verifying import verify_workspace
from store.workspace import open_workspace


def limits(folder: Path, times: int, chance: random.Random) -> Counted:
    """A file-size limit at many points: exit 3, nothing acknowledged lost, works again without the limit."""
    root = new_workspace(folder / "limited")
    size, kept = 2, 0
    for _ in range(times):
        limit = (root / "ledger.db").stat().st_size + chance.randrange(24 * 4096)

        def work(limit: int = limit) -> int:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            return appending(root, 10_000)()

        child = Child.start(work)
        code = child.end()
        must(code == 3, f"exit {code} instead of 3 at a limit of {limit} bytes")
        told = max(size, child.acknowledged)
        kept += told - size
        size = examine(root, acknowledged=told, most=told + 1, go_on=True)
    return Counted(tries=times, what=f"exit 3 each time; {kept:,} entries acknowledged before it, all kept")


@contextmanager
def _tmpfs(place: Path, size: str) -> Iterator[bool]:
    """Mount a small file system; False where that is not allowed."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False, capture_output=True
    )
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", str(place)], check=True)


_NO_MOUNT = "mounting a file system takes root"


def full_disk(folder: Path, times: int, chance: random.Random) -> Counted:
    """A small file system that runs full: exit 3, nothing acknowledged lost, works again when there is room."""
    if not shutil.which("mount"):
        return Counted(tries=0, what="small disk", skipped="there is no mount")
    with _tmpfs(folder / "small", "3m") as mounted:
        if not mounted:
            return Counted(tries=0, what="small disk", skipped=_NO_MOUNT)
        root, filler = new_workspace(folder / "small" / "bench"), folder / "small" / "filler"
        size, kept = 2, 0
        for _ in range(times):
            used = os.statvfs(folder / "small")
            room = used.f_bavail * used.f_frsize - chance.randrange(20_000, 200_000)
            must(room > 0, "the ledger alone filled the small disk; fewer rounds")
            filler.write_bytes(bytes(room))
            child = Child.start(appending(root, 10_000))
            code = child.end()
            filler.unlink()
            must(code == 3, f"exit {code} instead of 3 on a full disk")
            told = max(size, child.acknowledged)
            kept += told - size
            size = examine(root, acknowledged=told, most=told + 1, go_on=True)
    return Counted(tries=times, what=f"full {times} times, exit 3 each time; {kept} acknowledged before it, all kept")


def syncs(folder: Path, times: int, chance: random.Random) -> Counted:
    """A sync or a write that fails: exit 3, nothing acknowledged lost, works again at the next start."""
    if not shutil.which("strace"):
        return Counted(tries=0, what="syncs failed", skipped="strace is not installed: it injects the errors")
    root, failed = new_workspace(folder / "syncs"), 0
    for number in range(times):
        size = examine(root, acknowledged=2, most=1 << 30)
        call = ("fdatasync", "fsync", "pwrite64")[number % 3]
        fail = ["strace", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
        fail += ["-e", f"inject={call}:error=EIO:when={chance.randrange(1, 14)}+"]
        child = subprocess.run([*fail, sys.executable, str(CHILD), str(root), "3"], check=False, capture_output=True)
        if b"PTRACE" in child.stderr.upper():
            return Counted(tries=0, what="syncs failed", skipped="strace may not attach here")
        must(child.returncode in {0, 3}, f"exit {child.returncode} after {call} failed: {child.stderr[-300:]!r}")
        failed += child.returncode == 3
        told = max([size, *map(int, child.stdout.split())])
        examine(root, acknowledged=told, most=told + 1, go_on=True)
    return Counted(tries=times, what=f"fdatasync, fsync and pwrite64 in turn; exit 3 {failed} times, nothing lost")


def read_only(folder: Path, times: int, chance: random.Random) -> Counted:
    """A read-only file system: opens, verifies, says that it is read-only and refuses to record."""
    del times, chance
    with _tmpfs(folder / "sealed", "8m") as mounted:
        if not mounted:
            return Counted(tries=0, what="read-only file system", skipped=_NO_MOUNT)
        root = new_workspace(folder / "sealed" / "bench")
        subprocess.run(["mount", "-o", "remount,ro", str(folder / "sealed")], check=True)
        space = open_workspace(root)
        said = Desk(space.context, None, check_at_start=False).read_only or ""
        must(not space.context.ledger.writable, "claims to be writable")
        must("cannot be written" in said or "read-only" in said.lower(), f"does not say why: {said}")
        sound(verify_workspace(space.context, scope=TABLES_TOO), 2)
        try:
            append(space.context, 1)
        except QuarterdeckError as error:
            must(error.exit_code == 3, f"exit {error.exit_code} instead of 3")
        else:
            must(holds=False, what="recorded something on a read-only file system")
        space.close()
    return Counted(tries=1, what="opens, verifies, says why, refuses with exit 3")


PARTS: dict[str, Callable[..., Counted]] = {
    "bytes flipped": flips,
    "file-size limits": limits,
    "small disk runs full": full_disk,
    "sync or write fails": syncs,
    "read-only file system": read_only,
}
