"""Noticing that something was committed, by anybody: what screens poll."""

from __future__ import annotations

import sqlite3

from store.ledger.connection import open_reader, storage_errors
from store.ledger.ledger import Ledger


class Feed:
    """A cheap poll (about ten microseconds) for one thread, on its own connection."""

    def __init__(self, ledger: Ledger) -> None:
        self._path = ledger.path
        self._connection = open_reader(ledger.path, busy_seconds=0)
        self._seen = -1  # so that the first poll tells the size

    def poll(self) -> int | None:
        """Return how many entries there are when anything was committed since the last call, else None.

        While a writer is in the middle of its commit the answer is None, and comes with the next call.

        Raises:
            StorageFailure: the file can no longer be read.
        """
        with storage_errors(self._path):
            try:
                version = self._version()
                if version == self._seen:
                    return None
                (size,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    return None
                raise
        self._seen = version
        return int(size)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
