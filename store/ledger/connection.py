"""Connections to the ledger's file: every setting that an append-only file needs, and SQLite's errors in our words."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from store.errors import BadInput, IntegrityFailure, QuarterdeckError, StorageFailure

BUSY_SECONDS: Final = 5.0
WRITER_CACHE_KIB: Final = 32 * 1024
"""So that a large group append keeps its index pages in memory; grows only as far as pages are touched."""

_SETTINGS: Final = (
    "PRAGMA synchronous = {synchronous}",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
)
_JSON_IS_INNOCUOUS: Final = "SELECT min(flags & 0x200000) FROM pragma_function_list WHERE name = 'json_extract'"
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
_APPEND_ONLY: Final = frozenset({"entry", "checkpoint"})
_READS: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)
_WRITES: Final = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_READABLE_PRAGMAS: Final = frozenset({"data_version", "application_id", "user_version"})

_FATAL: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)
_LINES: Final = {
    sqlite3.SQLITE_BUSY: "locked by another process for more than {seconds:.0f} seconds; nothing was changed",
    sqlite3.SQLITE_LOCKED: "locked by another part of this process; nothing was changed",
    sqlite3.SQLITE_FULL: "the disk is full; nothing was changed",
    sqlite3.SQLITE_READONLY: "the file cannot be written (read-only); nothing was changed",
    sqlite3.SQLITE_IOERR: "the disk reported an error ({name})",
    sqlite3.SQLITE_CANTOPEN: "the file, or its journal beside it, cannot be opened",
    sqlite3.SQLITE_INTERRUPT: "the reading was interrupted",
    sqlite3.SQLITE_AUTH: "the ledger is append-only and does not do this",
    sqlite3.SQLITE_CONSTRAINT: "refused by the tables' own rules ({detail})",
}


def journal_mode(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str:
    """Return `WAL` where this SQLite is free of the WAL-reset bug, else `DELETE`."""
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return "WAL" if fixed else "DELETE"


def check_file(path: Path) -> None:
    """Make sure that `path` is a regular file that nobody else may read or write.

    Raises:
        BadInput: there is no such file, or it is a symbolic link, a directory, a device.
        StorageFailure: it cannot be looked at, or something else has the name of its journal.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise BadInput(f"{path}: no ledger here") from None
    except OSError as error:
        raise StorageFailure(f"{path}: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise BadInput(f"{path}: a symbolic link; a ledger is opened only where it really is")
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"{path}: not a regular file")
    for beside in (path.with_name(path.name + suffix) for suffix in ("-journal", "-wal", "-shm")):
        with suppress(OSError):  # nothing there, as a rule
            if not stat.S_ISREG(beside.lstat().st_mode):  # SQLite would wait for ever for what a pipe says
                raise StorageFailure(f"{beside}: not a regular file; SQLite keeps its journal there: take it away")
    if found.st_mode & 0o077 and found.st_uid == os.geteuid():
        with suppress(OSError):  # on a read-only medium it stays as it is
            path.chmod(0o600)  # an umask or a copy loosened it; only its owner may look


def open_writer(path: Path) -> sqlite3.Connection:
    """Return the connection that appends: durable commits, and no way to change what is there.

    Raises:
        StorageFailure: locked, read-only, or the journal cannot be set.
        IntegrityFailure: not a database, or a damaged one.
    """
    with storage_errors(path):
        connection = _connect(path, "rw", cached_statements=512)
        try:
            _use_journal(connection, path)
            connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
            # A table with triggers has a journal for every statement; once one spilled into a temporary file,
            # each later INSERT would write a dozen pages there only to be able to undo itself.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.set_authorizer(_authorize_writer)
        except BaseException:
            connection.close()
            raise
        return connection


def open_reader(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Return a connection that can only read.

    Where the file may be written it is opened so that a crashed writer's journal can be rolled back, which is
    the only write such a connection is able to do.

    Raises:
        StorageFailure: locked or unreadable.
        IntegrityFailure: not a database, or a damaged one.
    """
    mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
    with storage_errors(path):
        connection = _connect(path, mode)
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # notices what is no database
            connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
            connection.set_authorizer(_authorize_reader)
        except BaseException:
            connection.close()
            raise
        return connection


def open_immutable(path: Path) -> sqlite3.Connection:
    """Return a connection to a private copy that nobody changes: no journal is looked for, nothing is locked.

    Raises:
        IntegrityFailure: not a database, or a damaged one.
    """
    with storage_errors(path):
        connection = _connect(path, "ro&immutable=1")
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.set_authorizer(_authorize_reader)
        except BaseException:
            connection.close()
            raise
        return connection


def open_unguarded(path: Path) -> sqlite3.Connection:
    """Return a connection that may change the schema: for creation and migrations only."""
    with storage_errors(path):
        connection = _connect(path, "rw")
        try:
            _use_journal(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into the error tree's, with one clear line each."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
    except UnicodeDecodeError as error:  # what SQLite says about a damaged schema quotes it
        raise IntegrityFailure(f"{path}: the file is damaged or not a ledger (a text in it is not UTF-8)") from error


def explain(error: sqlite3.Error, path: Path) -> QuarterdeckError:
    """Return what `error` means to a caller; an error in our own SQL is re-raised as it is."""
    code = _code(error)
    said = str(error)
    # Python, not SQLite, says that a text is not UTF-8: no code, and only the wording tells it from an error of ours.
    is_damage = "malformed JSON" in said or said.startswith("Could not decode to UTF-8")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or is_damage:
        said = said.partition(" with text ")[0]  # the text is whatever lies there
        return IntegrityFailure(f"{path}: the file is damaged or not a ledger ({said})")
    line = None if code is None else _LINES.get(code)
    if line is None:
        if code in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, None}:
            raise error
        line = "the database said no ({detail})"
    name = getattr(error, "sqlite_errorname", "")
    return StorageFailure(f"{path}: {line.format(seconds=BUSY_SECONDS, name=name, detail=error)}")


def is_fatal(error: BaseException | None) -> bool:
    """Say whether, after `error`, nothing may be written before the file was opened and checked again."""
    return isinstance(error, sqlite3.Error) and _code(error) in _FATAL


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _connect(path: Path, mode: str, *, cached_statements: int = 128) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # BEGIN and COMMIT stand where they are meant
        check_same_thread=False,  # closed and interrupted from the main thread
        cached_statements=cached_statements,
    )
    synchronous = "FULL" if journal_mode() == "WAL" else "EXTRA"
    for setting in _SETTINGS:
        connection.execute(setting.format(synchronous=synchronous))
    connection.execute(f"PRAGMA trusted_schema = {'OFF' if _is_json_innocuous() else 'ON'}")
    return connection


@cache
def _is_json_innocuous() -> bool:
    """Say whether this SQLite lets a schema that is not trusted call json_extract.

    The look-up columns are generated by it, and SQLite 3.40 does not count it among such functions yet; there the
    schema's comparison and the authorizer stand in.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        (innocuous,) = connection.execute(_JSON_IS_INNOCUOUS).fetchone()
    return bool(innocuous)


def _use_journal(connection: sqlite3.Connection, path: Path) -> None:
    wanted = journal_mode()
    (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if str(mode).upper() != wanted:
        raise StorageFailure(f"{path}: in journal mode {mode}, and others hold it open; close them first")


def _authorize_writer(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    if _authorize_reader(action, first, second, database, trigger) == sqlite3.SQLITE_OK:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first == "user_version":  # a stamp (`binding`), never another format
        return sqlite3.SQLITE_OK if (second or "").isdecimal() and int(second or "") > 0xFF else sqlite3.SQLITE_DENY
    if action in _WRITES and first is not None:
        changes_history = first in _APPEND_ONLY and action != sqlite3.SQLITE_INSERT
        if not changes_history and not first.startswith("sqlite_"):
            return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _authorize_reader(
    action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
) -> int:
    allowed = action in _READS
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = second not in _FORBIDDEN_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = first in _READABLE_PRAGMAS and second is None
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
