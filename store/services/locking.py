"""One push to an environment at a time, across processes; the kernel releases it once all that push are dead."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from store.errors import Conflict, LockFailure
from store.services.context import Context

_PATIENCE: Final = 0.5
"""Seconds to wait for whoever only looks whether the lock is held."""


@contextmanager
def pushing(context: Context, environment: str) -> Iterator[int]:
    """Hold the right to push to `environment`; lend its handle, for a program that pushes to hold it as well.

    Such a program goes on when this process dies, and holds the right until it ends too.

    Raises:
        Conflict: another process is deploying or rolling back there right now.
        LockFailure: the lock's file cannot be opened.
    """
    handle = _opened(context, environment)
    try:
        if not _locked(handle, fcntl.LOCK_EX, patience=_PATIENCE):
            raise Conflict(f"somebody else is deploying to {environment} right now; wait and look again")
        try:
            yield handle
        finally:  # for whatever a program of ours left running too: closing alone would leave it the right
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def is_pushing(context: Context, environment: str) -> bool:
    """Say whether somebody holds the right to push to `environment` at this moment."""
    handle = _opened(context, environment)
    try:
        return not _locked(handle, fcntl.LOCK_SH, patience=0.0)
    finally:
        os.close(handle)


def _opened(context: Context, environment: str) -> int:
    path = context.root / "locks" / f"{environment}.lock"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise LockFailure(
            f"{path}: the lock cannot be taken ({error.strerror}); nothing was changed. Locks hold nothing:"
            " move away what stands in the place of the folder or the file, and it is made anew"
        ) from error


def _locked(handle: int, how: int, *, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True
