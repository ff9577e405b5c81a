"""Copies of a ledger that are whole at one instant, made while others read and write (SQLite's backup API)."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from store.errors import BadInput, StorageFailure
from store.ledger.binding import Header
from store.ledger.connection import check_file, open_reader, storage_errors
from store.ledger.schema import SCHEMA_VERSION

_ABANDONED: Final = 3600
"""Seconds after which a half-made copy is taken for a dead one's."""


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
        with (
            closing(Header(source)) as header, closing(open_reader(source)) as ours, storage_errors(target),
            closing(Header(target)) as copied, closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):  # fmt: skip
            ours.execute("BEGIN")  # what is copied and what is said of it are of one moment
            ours.execute("SELECT max(seq) FROM entry").fetchone()
            is_bound = header.is_bound(ours)
            ours.backup(copy)
            ours.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, that says nothing about another beside it
            if is_bound:
                copy.execute("BEGIN IMMEDIATE")
                copied.bind(copy, SCHEMA_VERSION)
                copy.execute("COMMIT")
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
    try:
        _clear_away(target, building.name)
        yield building
        os.link(building, target)  # unlike rename, fails when something stands there by now
        _sync_folder(target.absolute().parent)
    except FileExistsError:
        raise BadInput(f"{target}: something is there already; nothing was changed") from None
    except OSError as error:
        raise StorageFailure(f"{target}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            building.unlink(missing_ok=True)


def _clear_away(target: Path, ours: str) -> None:
    """Remove what a process that died here left of this very file, as far as that can be told and done.

    Whose number no process has here may run elsewhere, in another container or on another machine that shares the
    folder: only what nobody has written to for an hour is taken for dead. What bears our own name is in our way.
    """
    name = re.compile(rf"(\.{re.escape(target.name)}\.([0-9]{{1,10}})\.new)(-journal)?")
    with suppress(OSError):
        for path in target.absolute().parent.iterdir():
            if not (found := name.fullmatch(path.name)):
                continue
            with suppress(OSError):
                if found[1] == ours or (_is_old(path) and not _runs(int(found[2]))):
                    path.unlink()


def _is_old(path: Path) -> bool:
    return time.time() - path.lstat().st_mtime > _ABANDONED


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync_folder(folder: Path) -> None:
    try:
        _sync(folder)
    except PermissionError:  # who may put something into it and not list it cannot open it either
        os.sync()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
