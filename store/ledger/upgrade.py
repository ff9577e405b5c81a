"""Bringing a ledger that an older quarterdeck made to the present format, without touching what is true in it.

Entries, checkpoints, the tree and the archive stay byte for byte as they are. Read tables are thrown away and filled
again from the entries; tables that did not exist then are added, empty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from store.errors import IntegrityFailure
from store.integrity.entry import Entry
from store.ledger.binding import Header
from store.ledger.connection import check_file, open_reader, open_unguarded, storage_errors
from store.ledger.rows import Search, read_entries
from store.ledger.schema import SCHEMA_VERSION, check_identity, expected_schema, objects_of, schema_problems

Rebuild = Callable[[sqlite3.Connection, Iterable[Entry]], None]


def is_old(path: Path) -> bool:
    """Say whether the ledger at `path` has an older format than this quarterdeck writes.

    Raises:
        BadInput: there is no ledger, or it is of another application or of a newer version.
        StorageFailure: it cannot be read.
    """
    check_file(path)
    with closing(open_reader(path)) as connection:
        return check_identity(connection, path) < SCHEMA_VERSION


def upgrade(path: Path, *, tables: Sequence[str], read_tables: Sequence[str], rebuild: Rebuild) -> None:
    """Upgrade the ledger at `path` in one transaction: all of it or nothing.

    `tables` is the SQL of every table beside the ledger's own, `read_tables` the names of those among them that
    `rebuild` fills from the entries.

    Raises:
        IntegrityFailure: the ledger's own tables are not as they were made; nothing was changed.
        StorageFailure: it cannot be written; nothing was changed.
    """
    header = Header(path)  # closed last: with it every lock of this process goes
    with closing(header), storage_errors(path), closing(open_unguarded(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if check_identity(connection, path) < SCHEMA_VERSION:  # nobody else was faster
                _upgrade(connection, path, tables, read_tables, rebuild)
                header.bind(connection, SCHEMA_VERSION)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _upgrade(
    connection: sqlite3.Connection, path: Path, tables: Sequence[str], read_tables: Sequence[str], rebuild: Rebuild
) -> None:
    problems = schema_problems(connection)
    if problems:
        raise IntegrityFailure(f"{path}: the tables are not as they were made: {'; '.join(problems)}")
    for name in read_tables:
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
    there = objects_of(connection)
    missing = [(key, sql) for key, (_, sql) in expected_schema(tables).items() if key not in there and sql is not None]
    for _, sql in sorted(missing, key=lambda item: item[0][0] != "table"):  # an index comes after its table
        connection.execute(sql)
    rebuild(connection, read_entries(lambda: nullcontext(connection), Search()))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
