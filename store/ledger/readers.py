"""One read-only connection a thread, all of them known, so that they can be interrupted and closed."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Final

from store.errors import StorageFailure
from store.ledger.connection import open_reader


class Readers:
    """The read-only connections of one ledger."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._lock: Final = threading.Lock()
        self._mine: Final = threading.local()
        self._all: Final[dict[threading.Thread, sqlite3.Connection]] = {}
        self._closed = False

    def mine(self) -> sqlite3.Connection:
        """Return this thread's connection, opened at the first call.

        Raises:
            StorageFailure: closed, or the file cannot be opened.
        """
        if self._closed:
            raise StorageFailure(f"{self._path}: the ledger is closed")
        connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = open_reader(self._path)
            with self._lock:
                self._close_dead()
                self._all[threading.current_thread()] = connection
        return connection

    def let_go(self) -> None:
        """Close this thread's connection; `mine` opens another."""
        with self._lock:
            connection = self._all.pop(threading.current_thread(), None)
            self._mine.connection = None
            if connection is not None:
                connection.close()

    def interrupt(self) -> None:
        """Abort every statement that is running."""
        with self._lock:
            for connection in self._all.values():
                connection.interrupt()

    def close(self) -> None:
        """Close every connection; `mine` refuses from now on."""
        self._closed = True
        with self._lock:
            for connection in self._all.values():
                connection.interrupt()
                connection.close()
            self._all.clear()

    def _close_dead(self) -> None:
        for thread in [thread for thread in self._all if not thread.is_alive()]:
            self._all.pop(thread).close()
