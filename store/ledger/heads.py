"""Places outside the ledger's file that remember its newest head: what makes a cut or rewritten file show."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from store.errors import StorageFailure
from store.integrity.note import MAX_NOTE

_FILE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class HeadStore:
    """One file that holds the newest signed checkpoint."""

    path: Path

    def read(self) -> bytes | None:
        """Return the note that is kept here; None when there never was one.

        Raises:
            StorageFailure: there is something, but it cannot be read.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailure(f"{self.path}: the kept head cannot be read ({error.strerror})") from error
        try:
            with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
                return file.read(min(os.fstat(descriptor).st_size, MAX_NOTE) + 1)
        except OSError as error:
            raise StorageFailure(f"{self.path}: the kept head cannot be read ({error.strerror})") from error
        finally:
            os.close(descriptor)

    def write(self, note: bytes) -> None:
        """Keep `note` from now on; after a crash either the old or the new one is there, whole.

        Raises:
            StorageFailure: it could not be kept.
        """
        publish([self], note, force=True)


def state_heads(workspace_path: Path, origin: str) -> tuple[HeadStore, HeadStore]:
    """Return the user's own two stores: one by the ledger's origin, one by where the workspace stands.

    The second notices a database that was replaced by one of another origin. They live in
    `$XDG_STATE_HOME/quarterdeck/heads`, by default under `~/.local/state`.
    """
    configured = os.environ.get("XDG_STATE_HOME", "")
    base = Path(configured) if Path(configured).is_absolute() else Path.home() / ".local" / "state"
    folder = base / "quarterdeck" / "heads"
    place = os.fsencode(workspace_path.resolve())
    return (
        HeadStore(folder / f"origin-{sha256(origin.encode()).hexdigest()[:32]}"),
        HeadStore(folder / f"workspace-{sha256(place).hexdigest()[:32]}"),
    )


def publish(stores: Sequence[HeadStore], note: bytes, *, force: bool = False, helper: Executor | None = None) -> None:
    """Write `note` to every store, durably; the stores of one folder share its syncs.

    With a `helper`, folders wait for their disks at the same time: on one disk such syncs become one.

    Unless `force` is set, a store that already holds a larger head of the same log keeps it: somebody who
    committed later was faster here. Whether such a head belongs to this file is judged when it is read.

    Raises:
        StorageFailure: a store could not be written; the others may have been.
    """
    folders: dict[Path, list[HeadStore]] = {}
    for store in stores:
        folders.setdefault(store.path.parent, []).append(store)
    works = [partial(_keep_in, folder, neighbours, note, force=force) for folder, neighbours in folders.items()]
    if helper is None or len(works) < 2:
        for work in works:
            work()
        return
    waiting = [helper.submit(work) for work in works[1:]]
    try:
        works[0]()
    finally:
        wait(waiting)
    for done in waiting:
        done.result()


def stated_size(note: bytes) -> tuple[bytes, int] | None:
    """Return the (origin, size) that a checkpoint's text states, unverified; None when it is none."""
    lines = note.split(b"\n", 3)
    if len(lines) < 4 or not lines[1].isdigit() or len(lines[1]) > 19:
        return None
    return lines[0], int(lines[1])


def _keep_in(folder: Path, stores: Sequence[HeadStore], note: bytes, *, force: bool) -> None:
    try:
        _publish_in(folder, stores, note, force=force)
    except OSError as error:
        raise StorageFailure(f"{folder}: the head cannot be kept there ({error.strerror})") from error


def _publish_in(folder: Path, stores: Sequence[HeadStore], note: bytes, *, force: bool) -> None:
    with _locked(folder) as descriptor:
        kept = [(store, store.read()) for store in stores]
        due = [store for store, old in kept if force or not (old == note or _is_behind(note, old))]
        if not due:
            return
        written = folder / f".{due[0].path.name}.new"
        _write_durably(written, note)
        for store in due[1:]:
            other = folder / f".{store.path.name}.new"
            other.unlink(missing_ok=True)
            try:
                os.link(written, other)  # one durable file under two names costs one sync, not two
            except OSError:
                _write_durably(other, note)
            other.replace(store.path)
        written.replace(due[0].path)
        os.fsync(descriptor)


def _is_behind(note: bytes, kept: bytes | None) -> bool:
    if kept is None:
        return False
    ours, theirs = stated_size(note), stated_size(kept)
    return ours is not None and theirs is not None and ours[0] == theirs[0] and ours[1] < theirs[1]


def _write_durably(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # what a crash left may share its inode with a store: never write into it
    descriptor = os.open(path, _FILE_FLAGS, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder's lock, so that two processes never put an older head over a newer one."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
