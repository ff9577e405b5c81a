"""What somebody can do who may write the ledger's file: append past the rules, or edit it by plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from store.domain import rationale
from store.integrity.entry import Entry, Statement
from store.services.context import Context


def smuggle(context: Context, statement: Statement, signature: bytes | None) -> Entry:
    """Append an entry with the log's key and no rule asked."""
    with context.ledger.writing() as writer:
        return writer.append(statement, signature)


@contextmanager
def unread() -> Iterator[None]:
    """Let hostile reasons be recorded, as a quarterdeck did that did not look at them yet: old ledgers hold such."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rationale, "check", lambda _: None)
        yield


@contextmanager
def plain_sql(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend an ordinary connection to the file, as any tool opens it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def past_triggers(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection that may edit what only grows: the triggers are put back as they were at the end."""
    with plain_sql(path) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def damage_blob(path: Path, digest: str) -> None:
    """Overwrite the archived bytes with this digest."""
    with past_triggers(path) as connection:
        connection.execute("UPDATE blob SET data = zeroblob(length(data)) WHERE digest = ?", (bytes.fromhex(digest),))


def hide(path: Path, seq: int) -> None:
    """Take one entry out of the index over kinds, as an editor of pages can: the row itself stays."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_kind'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        partial = f"{sql} WHERE seq <> {seq}"
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entry_kind'", (partial,))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("REINDEX entry_kind")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entry_kind'", (sql,))
