"""Places outside the ledger's file that remember its newest head: what makes a cut or rewritten file show."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def beside(self) -> str:
        """The name, in the same folder, of what is to become this file: nobody reads what stands there."""
        return f".{self.path.name}.new"

    def read(self) -> bytes | None:
        """Return the note that is kept here; None when there never was one.

        Raises:
            StorageFailure: there is something, but it cannot be read.
        """
        try:
            descriptor = open_kept(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailure(f"{self.path}: the kept head cannot be read ({error.strerror})") from error
        try:
            return read_note(descriptor)
        except OSError as error:
            raise StorageFailure(f"{self.path}: the kept head cannot be read ({error.strerror})") from error
        finally:
            os.close(descriptor)

    def write(self, note: bytes) -> None:
        """Keep `note` from now on; after a crash either the old or the new one is there, whole.

        Raises:
            StorageFailure: it could not be kept.
        """
        try:
            within = open_folder(self.folder)
            try:
                with locked(within):
                    self._replace(note, within)
            finally:
                os.close(within)
        except OSError as error:
            raise StorageFailure(f"{self.folder}: the head cannot be kept there ({error.strerror})") from error

    def _replace(self, note: bytes, within: int) -> None:
        file = create(self.beside, within)
        try:
            write_durably(file, note)
        finally:
            os.close(file)
        os.replace(self.beside, self.path.name, src_dir_fd=within, dst_dir_fd=within)
        os.fsync(within)


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


def stated_size(note: bytes) -> tuple[bytes, int] | None:
    """Return the (origin, size) that a checkpoint's text states, unverified; None when it is none."""
    lines = note.split(b"\n", 3)
    if len(lines) < 4 or not lines[1].isdigit() or len(lines[1]) > 19:
        return None
    return lines[0], int(lines[1])


def open_kept(path: Path | str, within: int | None = None) -> int:
    """Return a descriptor of what may be a kept head; whatever stands there, opening it neither follows nor waits."""
    return os.open(path, _READ_FLAGS, dir_fd=within)


def read_note(descriptor: int) -> bytes:
    """Return what an open file holds, up to one byte more than a note may have."""
    note = os.read(descriptor, _USUAL_NOTE)
    return note if len(note) < _USUAL_NOTE else note + os.read(descriptor, MAX_NOTE + 1 - _USUAL_NOTE)


def open_folder(folder: str) -> int:
    """Return a descriptor of the folder, which is made where there is none."""
    try:
        return os.open(folder, _FOLDER_FLAGS)
    except FileNotFoundError:
        Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(folder, _FOLDER_FLAGS)


@contextmanager
def locked(within: int) -> Iterator[None]:
    """Hold an open folder's lock, so that two processes never put an older head over a newer one."""
    fcntl.flock(within, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(within, fcntl.LOCK_UN)


def create(name: str, within: int) -> int:
    """Return a new file; what a crash left under its name may share its inode with a store: never write into it."""
    try:
        return os.open(name, _FILE_FLAGS, 0o600, dir_fd=within)
    except FileExistsError:
        os.unlink(name, dir_fd=within)
        return os.open(name, _FILE_FLAGS, 0o600, dir_fd=within)


def write_durably(descriptor: int, data: bytes) -> None:
    """Write `data` into a new file and wait until the disk has it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
