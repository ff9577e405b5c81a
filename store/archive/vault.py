"""The erasable table: the raw bytes of exports that hold secrets, sealed, in a file of their own beside the ledger.

It is a file of its own so that a copy of the ledger (a backup, an export, what an auditor gets) never carries them:
what is destroyed here is not still in last week's backup. It is no evidence; the commitments in the entries are.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from store.errors import IntegrityFailure, StorageFailure
from store.integrity.sealing import Sealed

FILE_NAME: Final = "sealed.db"
_BUSY_SECONDS: Final = 5.0
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS sealed(artifact BLOB PRIMARY KEY CHECK(length(artifact) = 32), size INTEGER NOT NULL,"
    " salt BLOB NOT NULL, wrapped BLOB NOT NULL, body BLOB NOT NULL, prints TEXT NOT NULL) STRICT"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What is sealed of one artifact."""

    artifact: str
    """Digest of the covered form, 64 hex digits."""
    size: int
    """Bytes of the raw form."""
    sealed: Sealed
    prints: tuple[str, ...]
    """The fingerprints of its secrets."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The sealed bytes of one workspace. Every call opens and closes the file: it is seldom needed."""

    path: Path

    def put(self, row: Row) -> Row:
        """Keep `row` unless its artifact has one already; return the one that is kept, durably.

        Raises:
            StorageFailure: the disk says no.
        """
        values = (bytes.fromhex(row.artifact), row.size, row.sealed.salt, row.sealed.wrapped, row.sealed.body)
        with self._open(create=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR IGNORE INTO sealed VALUES (?, ?, ?, ?, ?, ?)", (*values, " ".join(row.prints))
            )
            connection.execute("COMMIT")
            kept = _rows(connection, row.artifact)
        if not kept:
            raise StorageFailure(f"{self.path}: what was sealed is not there")
        return kept[0]

    def get(self, artifact: str) -> Row | None:
        """Return what is sealed of an artifact, None when nothing is (any more)."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            rows = _rows(connection, artifact)
        return rows[0] if rows else None

    def artifacts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return (digest, fingerprints of its secrets) of every artifact that has sealed bytes, sorted."""
        if not self.path.exists():
            return ()
        with self._open() as connection:
            found = connection.execute("SELECT hex(artifact), prints FROM sealed ORDER BY artifact").fetchall()
        return tuple((artifact.lower(), tuple(prints.split())) for artifact, prints in found)

    def erase(self, artifact: str) -> bool:
        """Destroy what is sealed of an artifact: data key, salt and bytes; say whether there was anything.

        The pages are overwritten, in the file and in its journal, before this returns.

        Raises:
            StorageFailure: the disk says no; ask again.
        """
        if not self.path.exists():
            return False
        with self._open() as connection:
            # The journal of this very change holds the old page. Kept on (not deleted), it can be overwritten.
            connection.execute("PRAGMA journal_mode = PERSIST")
            connection.execute("BEGIN IMMEDIATE")
            gone = connection.execute("DELETE FROM sealed WHERE artifact = ?", (bytes.fromhex(artifact),)).rowcount
            connection.execute("COMMIT")
            self._overwrite_journal(connection)
        return gone > 0

    @property
    def _journal(self) -> Path:
        return self.path.with_name(f"{self.path.name}-journal")

    def _overwrite_journal(self, connection: sqlite3.Connection) -> None:
        """Overwrite the journal that an erasure kept, and take it away; alone, since it may be another one's by now."""
        connection.execute("BEGIN EXCLUSIVE")
        try:
            self._overwrite(self._journal)
        finally:
            connection.execute("ROLLBACK")

    def _overwrite(self, journal: Path) -> None:
        try:
            with journal.open("r+b") as file:
                left = os.fstat(file.fileno()).st_size
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 20)))
                file.flush()
                os.fsync(file.fileno())
            journal.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StorageFailure(f"{journal}: {error.strerror}") from error

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if create and not self.path.exists():
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with closing(_connect(self.path)) as connection:
                connection.execute(_TABLE)  # rolls back what a process that died had begun
                if self._journal.exists() and os.access(self.path, os.W_OK):
                    self._overwrite_journal(connection)  # or it died after it had erased, before it got here
                yield connection
        except sqlite3.DatabaseError as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            damaged = code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
            raise (IntegrityFailure if damaged else StorageFailure)(f"{self.path}: {error}") from error
        except OSError as error:
            raise StorageFailure(f"{self.path}: {error.strerror}") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    for setting in ("synchronous = EXTRA", "secure_delete = ON", "mmap_size = 0", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _rows(connection: sqlite3.Connection, artifact: str) -> list[Row]:
    found = connection.execute(
        "SELECT size, salt, wrapped, body, prints FROM sealed WHERE artifact = ?", (bytes.fromhex(artifact),)
    ).fetchall()
    return [
        Row(
            artifact=artifact,
            size=size,
            sealed=Sealed(salt=salt, wrapped=wrapped, body=body),
            prints=tuple(prints.split()),
        )
        for size, salt, wrapped, body, prints in found
    ]
