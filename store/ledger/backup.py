"""Copies of a ledger that are whole at one instant, made while others read and write (SQLite's backup API)."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from store.errors import BadInput, StorageFailure
from store.ledger.connection import check_file, open_reader, storage_errors


def copy_database(source: Path, target: Path) -> None:
    """Copy the database at `source` to the new file `target` (mode 0600, no journal needed), durably.

    Writers wait while it runs, some seconds a gigabyte.

    Raises:
        BadInput: there is no ledger at `source`, or something at `target`.
        StorageFailure: no room, locked, an I/O error; what was written is removed.
    """
    check_file(source)
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise BadInput(f"{target}: something is there already; nothing was changed") from None
    except OSError as error:
        raise StorageFailure(f"{target}: {error.strerror}") from error
    try:
        with closing(open_reader(source)) as ours, storage_errors(target), closing(sqlite3.connect(target)) as copy:
            ours.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, that says nothing about another beside it
        _sync(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Lend a name beside `target` to write to; it becomes `target` when the block ends well, and never replaces.

    Raises:
        BadInput: something is at `target`, or its folder does not exist.
        StorageFailure: it cannot be put there.
    """
    if os.path.lexists(target):
        raise BadInput(f"{target}: something is there already; nothing was changed")
    if not target.absolute().parent.is_dir():
        raise BadInput(f"{target}: its folder does not exist")
    building = target.with_name(f".{target.name}.{os.getpid()}.new")
    _clear_away(target)
    try:
        yield building
        os.link(building, target)  # unlike rename, fails when something stands there by now
        _sync(target.absolute().parent)
    except FileExistsError:
        raise BadInput(f"{target}: something is there already; nothing was changed") from None
    except OSError as error:
        raise StorageFailure(f"{target}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            building.unlink(missing_ok=True)


def _clear_away(target: Path) -> None:
    """Remove what a process that died here left of this very file."""
    name = re.compile(rf"\.{re.escape(target.name)}\.([0-9]{{1,10}})\.new(-journal)?")
    for path in target.absolute().parent.iterdir():
        if (found := name.fullmatch(path.name)) and not _runs(int(found[1])):
            with suppress(OSError):
                path.unlink()


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False  # another one had this number
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
