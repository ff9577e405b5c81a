"""The ledger's tables as they must be: created once, compared at every open."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from store.durable import sync_folder
from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.ledger.connection import open_unguarded, storage_errors

APPLICATION_ID: Final = 0x51444B4C
"""`QDKL`, in the file's header: what `file` and `PRAGMA application_id` show."""
SCHEMA_VERSION: Final = 5
"""Counts up whenever a table beside the ledger's own is changed, or what it says; `upgrade` brings older files here."""

SUBJECTS: Final = (
    "request", "deployment", "drift", "incident", "artifact", "principal", "project", "environment",
)  # fmt: skip
"""The members of a statement's `on` that can be searched, the most telling first."""

_MAX_PROBLEMS: Final = 50
"""A hostile file may hold a million triggers."""

_COLUMNS: Final = "".join(
    f", {name} TEXT GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.statement.{path}')) VIRTUAL"
    for name, path in (
        ("kind", "kind"),
        ("time", "time"),
        ("actor", "actor"),
        *((f"on_{subject}", f"on.{subject}") for subject in SUBJECTS),
    )
)
_REFUSALS: Final = tuple(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("entry", "checkpoint")
    for verb in ("update", "delete")
)
LEDGER_TABLES: Final = (
    "CREATE TABLE entry(seq INTEGER PRIMARY KEY, body BLOB NOT NULL CHECK(length(body) BETWEEN 1 AND 65535),"
    f" hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32){_COLUMNS}) STRICT",
    "CREATE INDEX entry_kind ON entry(kind)",
    *(f"CREATE INDEX entry_{s} ON entry(on_{s}) WHERE on_{s} IS NOT NULL" for s in SUBJECTS),
    # Not only DELETE: INSERT OR REPLACE removes rows without firing delete triggers unless a pragma asks.
    "CREATE TRIGGER entry_next BEFORE INSERT ON entry"
    " WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)"
    " OR EXISTS (SELECT 1 FROM entry WHERE hash = NEW.hash)"
    " BEGIN SELECT RAISE(ABORT, 'only the next entry can be added'); END",
    "CREATE TABLE node(level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32),"
    " PRIMARY KEY(level, idx)) STRICT, WITHOUT ROWID",
    "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
    "CREATE TRIGGER checkpoint_grows BEFORE INSERT ON checkpoint"
    " WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)"
    " OR NEW.size > (SELECT coalesce(max(seq), 0) FROM entry)"
    " BEGIN SELECT RAISE(ABORT, 'only a larger checkpoint over existing entries can be added'); END",
    *_REFUSALS,
)
_BESIDE: Final = frozenset({("table", "sqlite_stat1"), ("table", "sqlite_stat4")})
"""What ANALYZE leaves, at most the planner's business."""
_MIGRATIONS: Final = re.compile(r"""CREATE (TABLE|UNIQUE INDEX "\w+"\s+ON) ["\[]_sqlite_migrations["\]]\s*\(""")
"""sqlite-utils' own table and its index, by the words that decide; what follows them is that library's to change."""
_Objects = Mapping[tuple[str, str], tuple[str, str | None]]
"""(type, name) → (the table it belongs to, its SQL)."""


class NotALedger(BadInput):
    """A database, but none that quarterdeck made, or its header says so."""


def create_database(path: Path, tables: Sequence[str]) -> None:
    """Create the file with the ledger's tables and `tables`, in one migration; all of it or nothing.

    Raises:
        BadInput: something is there already, or its folder is not.
        StorageFailure: the disk says no.
    """
    building = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        os.close(os.open(building, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            _migrate(building, tables)
            os.link(building, path)  # unlike rename, fails when something stands there
        finally:
            building.unlink()
            building.with_name(building.name + "-journal").unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise BadInput(f"{path}: something is there already; nothing was changed") from None
    except FileNotFoundError:
        raise BadInput(f"{path}: its folder does not exist") from None
    except OSError as error:
        raise StorageFailure(f"{path}: {error.strerror}") from error


def expected_schema(tables: Sequence[str] = ()) -> _Objects:
    """Return every object that the ledger's own SQL and `tables` make, as SQLite writes them down."""
    return _written_down(tuple(tables))


@lru_cache(maxsize=4)
def _written_down(tables: tuple[str, ...]) -> _Objects:
    connection = sqlite3.connect(":memory:")
    try:
        for sql in (*LEDGER_TABLES, *tables):
            connection.execute(sql)
        return objects_of(connection)
    finally:
        connection.close()


def fingerprint(connection: sqlite3.Connection) -> str:
    """Return the SHA-256, in hex, of every table, index and trigger of a database."""
    return sha256(repr(objects_of(connection)).encode()).hexdigest()


def check_schema(
    connection: sqlite3.Connection, path: Path, tables: Callable[[], Sequence[str]], schema: str = ""
) -> None:
    """Make sure that the file is a ledger of a version known here, with its tables and triggers untouched.

    `tables` is asked only about a file whose fingerprint is not `schema`.

    Raises:
        BadInput: another application's database, or one of a newer or an older quarterdeck.
        IntegrityFailure: a table, index or trigger is missing or changed, or the file holds another one.
    """
    version = check_identity(connection, path)
    if version < SCHEMA_VERSION:
        raise BadInput(
            f"{path}: made by an older quarterdeck (format {version}); open its workspace once where it can be written"
        )
    if fingerprint(connection) == schema:
        return
    problems = schema_problems(connection, tables())
    if problems:
        raise IntegrityFailure(f"{path}: the tables are not as they were made: {'; '.join(problems)}")


def check_identity(connection: sqlite3.Connection, path: Path) -> int:
    """Return the file's format: the header says that it is a ledger, of a version that can be read here.

    Raises:
        BadInput: it says something else; both versions are named.
    """
    with storage_errors(path):
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application & 0xFFFFFFFF != APPLICATION_ID:
        raise NotALedger(f"{path}: a database, but not one of quarterdeck's")
    if version > SCHEMA_VERSION:
        raise BadInput(
            f"{path}: made by a newer quarterdeck (format {version}); this one knows format {SCHEMA_VERSION}"
        )
    if version < 1:
        raise NotALedger(f"{path}: format {version} is not known; this quarterdeck knows format {SCHEMA_VERSION}")
    return int(version)


def schema_problems(connection: sqlite3.Connection, tables: Sequence[str] = ()) -> tuple[str, ...]:
    """Return, in words, every difference between what the file holds and what was made: tables, views, all.

    Without `tables`, and in a file of an older format, where the others were different, only the ledger's own are
    compared.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    is_whole = bool(tables) and version == SCHEMA_VERSION
    expected = expected_schema(tables if is_whole else ())
    found = objects_of(connection)
    ours = {table for table, _ in expected.values()}
    problems = []
    for key, (table, sql) in expected.items():
        if key not in found:
            problems.append(f"{' '.join(key)} is missing")
        elif found[key] != (table, sql):
            problems.append(f"{' '.join(key)} was changed")
    for key, (table, sql) in found.items():
        if key not in expected and (table in ours or (is_whole and not _MIGRATIONS.match(str(sql)))):
            whose = f"to {table}" if table in ours else "in a ledger"
            problems.append(f"{' '.join(map(str, key))} does not belong {whose}")
    return tuple(problems[:_MAX_PROBLEMS])


def objects_of(connection: sqlite3.Connection) -> _Objects:
    """Return every table, index, view and trigger of a database with its SQL, statistics left out.

    By name, not by the table that a row of the schema claims to be about: there somebody can write what they like.
    """
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    return {(kind, name): (table, sql) for kind, name, table, sql in rows if (kind, name) not in _BESIDE}


def _migrate(path: Path, tables: Sequence[str]) -> None:
    """Bring an empty file to `SCHEMA_VERSION`; later versions add a step, and never change an old one."""
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    steps = Migrations("quarterdeck")

    @steps(name="1 ledger")
    def _first(database: Database) -> None:
        for sql in (*LEDGER_TABLES, *tables):
            database.conn.execute(sql)
        database.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    connection = open_unguarded(path)
    try:
        with storage_errors(path):
            steps.apply(Database(connection))
    finally:
        connection.close()
