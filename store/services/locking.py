"""One push to an environment at a time, across processes; the kernel releases the lock of a dead one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from store.errors import Conflict
from store.services.context import Context


@contextmanager
def pushing(context: Context, environment: str) -> Iterator[None]:
    """Hold the right to push to `environment`.

    Raises:
        Conflict: another process is deploying or rolling back there right now.
    """
    folder = context.root / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / f"{environment}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"somebody else is deploying to {environment} right now; wait and look again") from None
        yield
    finally:
        os.close(handle)
