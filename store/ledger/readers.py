"""One read-only connection a thread, all of them known, so that they can be interrupted and closed."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Final

from store.errors import StorageFailure
from store.ledger.connection import BUSY_SECONDS, open_reader

_LOOK_AGAIN: Final = 0.02
"""Seconds between two interruptions: one that falls between two statements stops neither."""


class Reader:
    """One thread's connection. What is read is read inside `with`: it is not closed meanwhile."""

    __slots__ = ("_closed", "_connection", "_path", "_turn")

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._connection: Final = open_reader(path)
        self._turn: Final = threading.RLock()
        self._closed = False

    def __enter__(self) -> sqlite3.Connection:
        self._turn.acquire()
        if self._closed:
            self._turn.release()
            raise _closed(self._path)
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._turn.release()

    def interrupt(self) -> None:
        """Abort the statement that is running."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close it; only by the thread that reads with it, or once that has ended."""
        self._closed = True
        self._connection.close()

    def take_away(self) -> None:
        """Close it as soon as its thread lets go of it, however often that has to be interrupted.

        Closed under a running statement SQLite reads memory that is freed. A thread that does not let go keeps it.
        """
        for _ in range(int(BUSY_SECONDS / _LOOK_AGAIN)):
            self._connection.interrupt()
            if self._turn.acquire(timeout=_LOOK_AGAIN):
                try:
                    self.close()
                finally:
                    self._turn.release()
                return


class Readers:
    """The read-only connections of one ledger."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._lock: Final = threading.Lock()
        self._mine: Final = threading.local()
        self._all: Final[dict[threading.Thread, Reader]] = {}
        self._closed = False

    def mine(self) -> Reader:
        """Return this thread's connection, opened at the first call.

        Raises:
            StorageFailure: closed, or the file cannot be opened.
        """
        if self._closed:
            raise _closed(self._path)
        reader: Reader | None = getattr(self._mine, "reader", None)
        return self._opened() if reader is None else reader

    def let_go(self) -> None:
        """Close this thread's connection; `mine` opens another."""
        with self._lock:
            reader = self._all.pop(threading.current_thread(), None)
            self._mine.reader = None
            if reader is not None:
                reader.close()

    def interrupt(self) -> None:
        """Abort every statement that is running."""
        with self._lock:
            for reader in self._all.values():
                reader.interrupt()

    def close(self) -> None:
        """Close every connection once nobody reads with it; `mine` refuses from now on."""
        self._closed = True
        with self._lock:
            for thread, reader in self._all.items():
                if thread.is_alive():
                    reader.take_away()
                else:
                    reader.close()
            self._all.clear()

    def _opened(self) -> Reader:
        reader = Reader(self._path)
        with self._lock:
            if self._closed:
                reader.close()
                raise _closed(self._path)
            self._close_dead()
            self._all[threading.current_thread()] = self._mine.reader = reader
        return reader

    def _close_dead(self) -> None:
        for thread in [thread for thread in self._all if not thread.is_alive()]:
            self._all.pop(thread).close()


def _closed(path: Path) -> StorageFailure:
    return StorageFailure(f"{path}: the ledger is closed")
