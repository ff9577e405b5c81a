"""Places outside the ledger's file that remember its newest head: what makes a cut or rewritten file show."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from store.errors import StorageFailure
from store.integrity.note import MAX_NOTE

_READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_USUAL_NOTE: Final = 8 * 1024
"""Bytes that hold nearly every note, two signatures and some witnesses' included."""


@dataclass(frozen=True)
class HeadStore:
    """One file that holds the newest signed checkpoint."""

    path: Path

    @cached_property
    def folder(self) -> str:
        """The folder it stands in: every append asks."""
        return str(self.path.parent)

    def read(self) -> bytes | None:
        """Return the note that is kept here; None when there never was one.

        Raises:
            StorageFailure: there is something, but it cannot be read.
        """
        try:
            descriptor = os.open(self.path, _READ_FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailure(f"{self.path}: the kept head cannot be read ({error.strerror})") from error
        try:
            note = os.read(descriptor, _USUAL_NOTE)
            return note if len(note) < _USUAL_NOTE else note + os.read(descriptor, MAX_NOTE + 1 - _USUAL_NOTE)
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


def state_folder() -> Path:
    """Return the user's own folder of what is remembered: `$XDG_STATE_HOME/quarterdeck`, or `~/.local/state/…`.

    Raises:
        StorageFailure: the user has no home.
    """
    configured = os.environ.get("XDG_STATE_HOME", "")
    if Path(configured).is_absolute():
        return Path(configured) / "quarterdeck"
    try:
        return Path.home() / ".local" / "state" / "quarterdeck"
    except RuntimeError:
        raise StorageFailure("this user has no home folder to remember heads in: set XDG_STATE_HOME") from None


def state_heads(workspace_path: Path, origin: str) -> tuple[HeadStore, HeadStore]:
    """Return the user's own two stores: one by the ledger's origin, one by where the workspace stands.

    The second notices a database that was replaced by one of another origin. They live in
    `$XDG_STATE_HOME/quarterdeck/heads`, by default under `~/.local/state`.
    """
    folder = state_folder() / "heads"
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
    folders: dict[str, list[HeadStore]] = {}
    for store in stores:
        folders.setdefault(store.folder, []).append(store)
    most_first = sorted(folders.items(), key=lambda folder: -len(folder[1]))  # a helper has to wake up: it gets less
    works = [partial(_keep_in, folder, neighbours, note, force=force) for folder, neighbours in most_first]
    if helper is None or len(works) < 2:
        for work in works:
            work()
        return
    waiting = [helper.submit(work) for work in works[1:]]
    try:
        works[0]()
    finally:  # whatever came of the first, nobody is still writing when the caller goes on
        failures = [done.exception() for done in waiting]
    for failure in filter(None, failures):
        raise failure


def stated_size(note: bytes) -> tuple[bytes, int] | None:
    """Return the (origin, size) that a checkpoint's text states, unverified; None when it is none."""
    lines = note.split(b"\n", 3)
    if len(lines) < 4 or not lines[1].isdigit() or len(lines[1]) > 19:
        return None
    return lines[0], int(lines[1])


def _keep_in(folder: str, stores: Sequence[HeadStore], note: bytes, *, force: bool) -> None:
    try:
        _publish_in(folder, stores, note, force=force)
    except OSError as error:
        raise StorageFailure(f"{folder}: the head cannot be kept there ({error.strerror})") from error


def _publish_in(folder: str, stores: Sequence[HeadStore], note: bytes, *, force: bool) -> None:
    """Write the note to stores of one folder. Every append waits for this: plain names below one open folder."""
    with _locked(folder) as within:
        kept = [(store.path.name, store.read()) for store in stores]
        due = [name for name, old in kept if force or not (old == note or _is_behind(note, old))]
        if not due:
            return
        first, *others = due
        written = f".{first}.new"
        _write_durably(written, note, within)
        for name in others:
            other = f".{name}.new"
            _link(written, other, note, within)
            os.replace(other, name, src_dir_fd=within, dst_dir_fd=within)
        os.replace(written, first, src_dir_fd=within, dst_dir_fd=within)
        os.fsync(within)


def _is_behind(note: bytes, kept: bytes | None) -> bool:
    if kept is None:
        return False
    ours, theirs = stated_size(note), stated_size(kept)
    return ours is not None and theirs is not None and ours[0] == theirs[0] and ours[1] < theirs[1]


def _write_durably(name: str, data: bytes, within: int) -> None:
    descriptor = _created(name, within)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _created(name: str, within: int) -> int:
    """Return a new file; what a crash left under its name may share its inode with a store: never write into it."""
    try:
        return os.open(name, _FILE_FLAGS, 0o600, dir_fd=within)
    except FileExistsError:
        os.unlink(name, dir_fd=within)
        return os.open(name, _FILE_FLAGS, 0o600, dir_fd=within)


def _link(written: str, other: str, data: bytes, within: int) -> None:
    """Give one durable file a second name, which costs no second sync; where links cannot be had, write another."""
    with suppress(FileNotFoundError):
        os.unlink(other, dir_fd=within)
    try:
        os.link(written, other, src_dir_fd=within, dst_dir_fd=within)
    except OSError:
        _write_durably(other, data, within)


@contextmanager
def _locked(folder: str) -> Iterator[int]:
    """Hold the folder's lock, so that two processes never put an older head over a newer one."""
    try:
        descriptor = os.open(folder, _FOLDER_FLAGS)
    except FileNotFoundError:
        Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, _FOLDER_FLAGS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
