"""Which file system a ledger lies on: where locks and syncs cannot be relied on, two writers would tear it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

NETWORK: Final = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "coda", "glusterfs", "lustre", "beegfs",
        "gpfs", "orangefs", "davfs", "fuse.sshfs", "fuse.davfs2", "fuse.davfs", "fuse.s3fs", "fuse.rclone",
        "fuse.gvfsd-fuse", "fuse.glusterfs", "fuse.ceph", "fuse.goofys", "fuse.gcsfuse", "fuse.juicefs",
    }
)  # fmt: skip
"""Other machines see the same files, and locks or syncs are promises of somebody else."""
DOUBTFUL: Final = frozenset({"9p", "virtiofs", "vboxsf", "prl_fs", "drvfs", "fuse.vmhgfs-fuse", "fuse.osxfs"})
"""Shares between a virtual machine and its host: mostly good, but it is the host that keeps the promise."""
MOUNTS: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


def file_system_of(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the file system that `path` lies (or would lie) on, None where that cannot be told."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return None
    place = _existing(path)
    here = os.fsencode(place)
    try:
        device = place.stat().st_dev
    except OSError:
        return None
    number = b"%d:%d" % (os.major(device), os.minor(device))
    best: tuple[bool, int, bytes] = (False, -1, b"")
    for line in lines:
        before, dash, after = line.partition(b" - ")
        fields = before.split(b" ")
        if not dash or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4])
        if here == point or here.startswith(point.rstrip(b"/") + b"/"):
            # Later mounts cover earlier ones at the same place; the device says which of them it really is.
            found = (fields[2] == number, len(point), after.split(b" ")[0])
            best = found if found[:2] >= best[:2] else best
    return best[2].decode("utf-8", "replace") or None


def network_problem(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """Return, in words, why a ledger should not lie at `path`; None when nothing speaks against it."""
    kind = file_system_of(path, mounts=mounts)
    if kind in NETWORK:
        return f"{path} lies on a network file system ({kind}), where locks and syncs cannot be relied on"
    return None


def doubt(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """Return, in words, what is doubtful about a place that is not refused; None when nothing is."""
    kind = file_system_of(path, mounts=mounts)
    if kind in DOUBTFUL:
        return f"{path} lies on a file system that is shared with another machine ({kind}): only one may write"
    return None


def _existing(path: Path) -> Path:
    """Return the nearest existing folder on the way to `path`, links followed."""
    for candidate in (path, *path.absolute().parents):
        try:
            return candidate.resolve(strict=True)
        except OSError:
            continue
    return Path("/")
