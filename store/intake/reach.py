"""Which folders the operating system can be believed about: on a network share events and times are somebody else's.

Another machine's writes raise no event here, its clock is not ours, and size and time of a file stand still for as
long as the client remembers them (three seconds on NFS, nfs(5) `acregmin`) while it is still being written.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from store.ledger.mounts import DOUBTFUL, NETWORK, file_system_of

REMOTE_WINDOW = 5.0
"""Seconds a file on a network share must have been seen to stand still: longer than a client remembers."""


def share_of(path: Path) -> str | None:
    """Return the type of the network or host share `path` lies on; None when it is local or not there."""
    try:
        device = os.stat(path).st_dev  # noqa: PTH116  asked for every folder of every scan
    except OSError:
        return None
    return _share(path, device)


@lru_cache(maxsize=4096)
def _share(path: Path, device: int) -> str | None:
    """Remembered by device: a path whose device changed has been mounted over."""
    del device
    kind = file_system_of(path)
    return kind if kind in NETWORK or kind in DOUBTFUL else None
