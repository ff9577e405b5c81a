"""Whether anything but quarterdeck has written to the file since its read tables were known to follow from its entries.

SQLite counts, in the header of a file with a rollback journal, every transaction that changed the file, whoever's it
was. Each of ours says in the same header which count it leaves behind: where the two differ, somebody else wrote. Both
stand in page 1, which every commit writes anyway. It is no evidence: whoever edits bytes, not tables, can set both.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Final

from store.errors import IntegrityFailure, StorageFailure
from store.ledger.connection import journal_mode

_COUNTER_AT: Final = 24
"""Where the header keeps the file change counter: four bytes, the highest first (sqlite.org/fileformat2)."""
_VERSION_AT: Final = 18
"""Where it says how the file is written: 2 with a write-ahead log, 1 without."""
_FORMAT_BITS: Final = 8
_STAMPS: Final = (1 << 23) - 1
_COUNTS: Final = 1 << 32
"""Then the counter begins again."""


class TablesEdited(IntegrityFailure):
    """The read tables do not follow from the entries, or nobody can say yet that they do."""


def format_of(user_version: int) -> int:
    """Return the file's format: the lowest byte of `PRAGMA user_version`."""
    return user_version & ((1 << _FORMAT_BITS) - 1)


def stamped(user_version: int, counter: int) -> int:
    """Return the `user_version` of a file of the same format whose change counter is to be `counter`."""
    return format_of(user_version) | (counter % _STAMPS + 1) << _FORMAT_BITS


class Header:
    """The header of one file, read beside SQLite.

    The descriptor is opened before the first connection and shared by everybody in this process: closing any
    descriptor of a file drops every lock that the process holds on it (POSIX), SQLite's too.
    """

    _lock: Final = threading.Lock()
    _shared: Final[dict[tuple[int, int], tuple[int, int]]] = {}
    """(device, inode) → (descriptor, how many hold it)."""

    def __init__(self, path: Path) -> None:
        """Open it, or share what is open. Raises StorageFailure when it cannot be read."""
        try:
            with self._lock:
                found = path.stat()
                self._key: Final = (found.st_dev, found.st_ino)
                descriptor, holders = self._shared.get(self._key, (-1, 0))
                if not holders:
                    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
                self._shared[self._key] = (descriptor, holders + 1)
        except OSError as error:
            raise StorageFailure(f"{path}: {error.strerror}") from error
        self._descriptor: Final = descriptor
        self._is_open = True

    def counter(self) -> int:
        """Return how many transactions changed the file; the caller holds one open, so that none is half-way."""
        return int.from_bytes(os.pread(self._descriptor, 4, _COUNTER_AT), "big")

    def has_other_journal(self) -> bool:
        """Say whether another SQLite, or somebody by hand, left the file in a journal mode that is not ours."""
        found = os.pread(self._descriptor, 1, _VERSION_AT)
        return found != (b"\x02" if journal_mode() == "WAL" else b"\x01")

    def is_bound(self, connection: sqlite3.Connection) -> bool:
        """Say whether the newest commit was ours and followed ours; the caller's transaction has read something."""
        if journal_mode() == "WAL":  # there SQLite counts nothing; `verify` is left
            return True
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return int(version) == stamped(version, self.counter())

    def bind(self, connection: sqlite3.Connection, version: int) -> None:
        """Have the transaction under way, which changes the file (of format `version`), say that it is ours."""
        if journal_mode() != "WAL":
            connection.execute(f"PRAGMA user_version = {stamped(version, (self.counter() + 1) % _COUNTS)}")

    def close(self) -> None:
        """Let go of it, after the last connection was closed."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            descriptor, holders = self._shared.pop(self._key)
            if holders > 1:
                self._shared[self._key] = (descriptor, holders - 1)
            else:
                os.close(descriptor)
