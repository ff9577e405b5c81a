"""The outbox: an SQLite file beside the ledger. The ledger is the truth; this only remembers who was told.

A cursor says up to which entry the ledger was looked through; it moves in the transaction that queues what was
found, so that a crash neither loses nor repeats a notice. One entry is queued once a channel. A channel may still
be told twice: when a crash falls between its taking a message and our writing that down.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.domain.notifications import Notice
from store.errors import StorageFailure

FILE_NAME: Final = "outbox.db"
_KEPT: Final = 10_000
"""Told messages that are kept to look at."""
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS cursor(one INTEGER PRIMARY KEY CHECK (one = 1), ledger TEXT NOT NULL,"
    " seq INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS message(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, channel TEXT NOT NULL,"
    " severity TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,"
    " state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'told', 'given up')),"
    " tries INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0, told_at TEXT, trouble TEXT,"
    " UNIQUE(seq, channel)) STRICT",
    "CREATE INDEX IF NOT EXISTS message_waiting ON message(state, not_before)",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message and what became of it so far."""

    id: int
    seq: int
    channel: str
    severity: str
    title: str
    body: str
    state: str
    """waiting, told, or given up."""
    tries: int
    told_at: str | None
    trouble: str | None
    """Why the last try failed, without addresses."""


class Outbox:
    """One open outbox; for one thread. Close it when done."""

    def __init__(self, path: Path) -> None:
        """Open the outbox at `path`, made when it is missing.

        Raises:
            StorageFailure: it cannot be opened.
        """
        self._path = path
        with self._errors():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5)
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA trusted_schema = OFF")
            for sql in _TABLES:
                self._connection.execute(sql)

    def cursor(self, ledger: str) -> int | None:
        """Return the last entry of this ledger that was looked at; None for a new outbox, or another ledger's."""
        with self._errors():
            row = self._connection.execute("SELECT seq FROM cursor WHERE ledger = ?", (ledger,)).fetchone()
        return row[0] if row else None

    def queue(self, notices: Iterable[Notice], *, ledger: str, seq: int) -> int:
        """Queue what is to be told and move the cursor to entry `seq`, in one transaction; return how many are new."""
        with self._transaction():
            before = self._connection.total_changes
            self._connection.executemany(
                "INSERT OR IGNORE INTO message(seq, channel, severity, title, body) VALUES (?, ?, ?, ?, ?)",
                [(one.seq, one.channel, one.severity, one.title, one.body) for one in notices],
            )
            new = self._connection.total_changes - before
            self._connection.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)", (ledger, seq))
        return new

    def due(self, *, now: float, limit: int = 100) -> tuple[Message, ...]:
        """Return the waiting messages whose time has come, the oldest first; `now` in seconds since 1970."""
        return self._messages("WHERE state = 'waiting' AND not_before <= ? ORDER BY id LIMIT ?", now, limit)

    def claim(self, message: int, *, now: float, until: float) -> bool:
        """Keep a due message to oneself until `until`; say whether nobody else had it (two watchers tell it once)."""
        with self._transaction():
            claimed = self._connection.execute(
                "UPDATE message SET not_before = ? WHERE id = ? AND state = 'waiting' AND not_before <= ?",
                (until, message, now),
            )
            return claimed.rowcount == 1

    def listing(self, *, limit: int = 200) -> tuple[Message, ...]:
        """Return the newest messages, those that still wait first."""
        return self._messages("ORDER BY state = 'waiting' DESC, id DESC LIMIT ?", limit)

    def stuck(self, *, tries: int, limit: int = 1000) -> tuple[Message, ...]:
        """Return the oldest messages that were given up, or that failed so often and still wait."""
        return self._messages(
            "WHERE state = 'given up' OR (state = 'waiting' AND tries >= ?) ORDER BY id LIMIT ?", tries, limit
        )

    def told(self, message: int, *, at: str) -> None:
        """Write down that a channel took a message, and forget the oldest told ones."""
        with self._transaction():
            self._connection.execute(
                "UPDATE message SET state = 'told', told_at = ?, trouble = NULL WHERE id = ?", (at, message)
            )
            self._connection.execute(
                "DELETE FROM message WHERE state = 'told' AND id <= (SELECT max(id) FROM message) - ?", (_KEPT,)
            )

    def failed(self, message: int, *, trouble: str, not_before: float, give_up: bool) -> None:
        """Write down that a channel did not take a message, and when it is tried again, if it is."""
        with self._transaction():
            self._connection.execute(
                "UPDATE message SET tries = tries + 1, trouble = ?, not_before = ?, state = ? WHERE id = ?",
                (trouble, not_before, "given up" if give_up else "waiting", message),
            )

    def retry(self) -> int:
        """Make everything that was not told due now, also what was given up; return how many messages that are."""
        with self._transaction():
            changed = self._connection.execute(
                "UPDATE message SET state = 'waiting', not_before = 0, tries = 0 WHERE state <> 'told'"
            )
            return changed.rowcount

    def counts(self) -> dict[str, int]:
        """Return how many messages are in each state."""
        with self._errors():
            found = self._connection.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall()
        return dict(found)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _messages(self, which: str, *values: object) -> tuple[Message, ...]:
        names = ", ".join(Message.__dataclass_fields__)
        with self._errors():
            rows = self._connection.execute(f"SELECT {names} FROM message {which}", values).fetchall()
        return tuple(Message(**dict(zip(Message.__dataclass_fields__, row, strict=True))) for row in rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            told = "; it only remembers who was told of what: move it away, and a new one is made"
            damaged = type(error) is sqlite3.DatabaseError
            raise StorageFailure(f"{self._path}: {error}{told if damaged else ''}") from error
        except (sqlite3.Error, OSError) as error:
            raise StorageFailure(f"{self._path}: {error}") from error
