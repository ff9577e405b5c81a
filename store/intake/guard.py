"""Opening a file somebody else put there: no symlink followed, no FIFO waited for, no half-written file read."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

from store.errors import BadInput, Conflict, NotFound, StorageFailure

Signature: TypeAlias = tuple[int, int, int, int]
"""Size in bytes, mtime in ns, inode, ctime in ns: what changes when a file is written or replaced."""

UNSEEN: Final[Signature] = (0, 0, 0, 0)
"""The signature of what nobody has looked at yet."""

LIMIT = 64 * 1024 * 1024
"""Bytes of the largest file that is taken in."""

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OPEN_FOLDER: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

_INPUT_FAULTS = {
    errno.ELOOP: "it is a symbolic link; links are not followed",
    errno.ENOTDIR: "a folder on the way to it is a symbolic link or no folder",
    errno.EACCES: "it cannot be read: permission denied",
    errno.EPERM: "it cannot be read: permission denied",
    errno.ENAMETOOLONG: "its name or path is too long",
    errno.ENXIO: "it is a socket or device, not a file",
    errno.ENODEV: "it is a socket or device, not a file",
}


class StillWriting(Conflict):
    """The file is open for writing somewhere, or changed while it was read: come back later, nothing is wrong."""


def read_guarded(
    path: Path,
    *,
    limit: int = LIMIT,
    below: Path | None = None,
    settled: Signature = UNSEEN,
    empty: bool = False,
) -> bytes:
    """Return the bytes of a regular file, all read from one open file that did not change meanwhile.

    With `below`, which must be a parent folder of `path`, no folder between the two may be a symlink either.
    With `settled`, the signature it had when it was found to have settled, it must still have that one.
    It may be of no bytes only where `empty` says so: some exports are.

    Raises:
        StillWriting: somebody is writing to it, or has written to it since it had settled.
        NotFound: it is gone.
        BadInput: it is a symlink, folder, FIFO, socket or device, empty, larger than `limit` bytes, or unreadable.
        StorageFailure: the disk could not read it.
    """
    with _parent(path, below) as parent:
        kind = _stat(path.name if parent is not None else path, parent)
        refuse_kind(kind.st_mode)
        descriptor = _open(path.name if parent is not None else path, _OPEN_FILE, parent)
    try:
        data = _read(descriptor, limit, settled)
    except OSError as error:
        raise StorageFailure(f"reading failed: {os.strerror(error.errno or errno.EIO)}") from error
    finally:
        os.close(descriptor)
    if not data and not empty:
        raise BadInput("it is empty")
    return data


def read_named(path: Path, *, limit: int = LIMIT, empty: bool = False) -> bytes:
    """Return the bytes of a file that a person named: as `read_guarded`, and what is wrong with it has its name."""
    try:
        return read_guarded(path, limit=limit, empty=empty)
    except (StillWriting, BadInput, StorageFailure) as error:
        raise type(error)(f"{path}: {error}") from error


def refuse_kind(mode: int) -> None:
    """Refuse everything that is not a regular file, by its `st_mode`.

    Raises:
        BadInput: naming what it is.
    """
    match stat.S_IFMT(mode):
        case stat.S_IFREG:
            return
        case stat.S_IFLNK:
            raise BadInput("it is a symbolic link; links are not followed")
        case stat.S_IFDIR:
            raise BadInput("it is a folder, not a file")
        case stat.S_IFIFO:
            raise BadInput("it is a named pipe (FIFO), not a file")
        case stat.S_IFSOCK:
            raise BadInput("it is a socket, not a file")
        case stat.S_IFCHR | stat.S_IFBLK:
            raise BadInput("it is a device, not a file")
        case _:
            raise BadInput("it is not a regular file")


@contextlib.contextmanager
def folder(root: Path, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
    """Give a descriptor of `root`/`parts`…, reached without following a symlink below `root`.

    With `create`, missing folders are made, for the owner only. The descriptor is closed afterwards.

    Raises:
        BadInput: one of the parts is a symlink or no folder, or may not be entered.
        NotFound: one of them does not exist.
        StorageFailure: a folder could not be made.
    """
    # What leads to the root is the owner's own business and may be a link.
    here = _open(root, OPEN_FOLDER & ~os.O_NOFOLLOW, None)
    try:
        for depth, part in enumerate(parts, 1):
            if part == "..":
                raise BadInput("its path leads out of its folder")
            if create:
                _make_folder(part, here, root.joinpath(*parts[:depth]))
            inner = _open(part, OPEN_FOLDER, here)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def _make_folder(name: str, parent: int, path: Path) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        return
    except OSError as error:
        raise StorageFailure(f"{path}: the folder cannot be made: {os.strerror(error.errno or errno.EIO)}") from error


@contextlib.contextmanager
def _parent(path: Path, below: Path | None) -> Iterator[int | None]:
    if below is None:
        yield None
        return
    with folder(below, path.parent.relative_to(below).parts) as descriptor:
        yield descriptor


def _stat(name: str | Path, parent: int | None) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except (OSError, ValueError) as error:
        raise _explained(error) from error


def _open(name: str | Path, flags: int, parent: int | None) -> int:
    try:
        return os.open(name, flags, dir_fd=parent)
    except (OSError, ValueError) as error:
        raise _explained(error) from error


def _explained(error: OSError | ValueError) -> BadInput | StorageFailure:
    if isinstance(error, ValueError):
        return BadInput("its name is no name a file can have")
    number = error.errno or errno.EIO
    if number == errno.ENOENT:
        return NotFound("it is not there (any more)")
    if number in _INPUT_FAULTS:
        return BadInput(_INPUT_FAULTS[number])
    return StorageFailure(f"it cannot be opened: {os.strerror(number)}")


def signature_of(facts: os.stat_result) -> Signature:
    """Return what tells one state of a file from another."""
    return facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_ctime_ns


def _read(descriptor: int, limit: int, settled: Signature) -> bytes:
    before = os.fstat(descriptor)
    refuse_kind(before.st_mode)  # what lies there may have been swapped since it was looked at
    if settled not in {UNSEEN, signature_of(before)}:
        # Whoever opens, appends and closes again for every piece never has it open when we look.
        raise StillWriting("it changed after it had settled")
    if before.st_size > limit:
        raise BadInput(f"it has {before.st_size:,} bytes, more than the {limit:,} that are taken in")
    if _has_writer(descriptor):
        raise StillWriting("somebody still has it open for writing")
    chunks: list[bytes] = []
    left = before.st_size + 1
    while left > 0 and (chunk := os.read(descriptor, min(left, 1024 * 1024))):
        chunks.append(chunk)
        left -= len(chunk)
    if left != 1 or _marks(os.fstat(descriptor)) != _marks(before):
        raise StillWriting("it changed while it was read")
    return b"".join(chunks)


def _marks(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_size, facts.st_mtime_ns


def _has_writer(descriptor: int) -> bool:
    """Say whether anybody has the file open for writing, where the system can tell; else False.

    Linux grants a read lease (fcntl(2), F_SETLEASE) only on a file that nobody has open for writing. It is given
    back at once. Somebody opening the file to write in between makes the kernel send a signal, which kills by
    default; SIGURG is one that is ignored by default.
    """
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except (ImportError, AttributeError):
        return False
    except OSError as error:
        return error.errno == errno.EAGAIN  # others: not our file, or a file system without leases
    return False
