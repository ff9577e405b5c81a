"""Opening a database that somebody else gave us: a private copy, little is believed, and there is an end to it.

A database is a program: its schema runs when it is read, its journal writes when it is opened, its pages may lead
in circles. So the bytes are copied where nobody else writes; the copy is opened read-only and immutable; the size
of its schema is counted before SQLite parses it; its tables must be exactly ours before any of them is read.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.integrity.merkle import EMPTY_ROOT
from store.integrity.note import Verifier
from store.ledger.connection import open_immutable
from store.ledger.heads import HeadStore
from store.ledger.report import Problem, Report, Verdict, VerificationStopped
from store.ledger.schema import check_identity, schema_problems
from store.ledger.verification import Audit
from store.ledger.verify import verify
from store.ledger.workers import Progress

SECONDS: Final = 300.0
MAX_OBJECTS: Final = 1000
"""Tables, indexes, views and triggers; ours are some sixty."""
MAX_SCHEMA_PAGES: Final = 512
_LIMITS: Final = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 128 * 1024),  # an entry has less than 64 KiB, our notes some hundred bytes
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 64 * 1024),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 64),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 8),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 25_000),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 4),
)
_STEPS: Final = 20_000
_MAGIC: Final = b"SQLite format 3\0"


@contextmanager
def private_copy(path: Path) -> Iterator[Path]:
    """Lend a copy of the file at `path` in a folder that only this user can enter; gone afterwards.

    Raises:
        BadInput: no regular file, no SQLite database, an absurd schema, or its journal lies unfinished beside it.
        StorageFailure: it cannot be read, or there is no room for the copy.
    """
    for suffix in ("-wal", "-journal"):
        beside = path.with_name(path.name + suffix)
        if os.path.lexists(beside) and beside.lstat().st_size:
            raise BadInput(
                f"{path}: {beside.name} lies beside it, so it is not whole; take the copy with quarterdeck backup"
            )
    with tempfile.TemporaryDirectory(prefix="quarterdeck-") as folder:
        copy = Path(folder) / "copy.db"
        try:
            _copy(path, copy)
            _check_header(path, copy)
        except OSError as error:
            raise StorageFailure(f"{path}: a private copy cannot be made ({error.strerror or error})") from error
        yield copy


def immutable_reader(deadline: float) -> Callable[[Path], sqlite3.Connection]:
    """Return what opens a private copy so that every query ends by `deadline` (of `time.monotonic`)."""

    def open_limited(path: Path) -> sqlite3.Connection:
        connection = open_immutable(path)
        for limit, value in _LIMITS:
            connection.setlimit(limit, value)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        return connection

    return open_limited


def verify_untrusted(
    copy: Path,
    *,
    verifier: Verifier,
    origin: str,
    tables: Sequence[str] = (),
    heads: Sequence[HeadStore] = (),
    witnesses: Sequence[Verifier] = (),
    quorum: int = 1,
    audit: Audit | None = None,
    fast: bool = False,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Report:
    """Verify a private copy as `verify` does, but believe nothing and stop after `seconds`.

    Tables that are not exactly as ours are made are not read at all.

    Raises:
        BadInput: another application's database, or one of a newer quarterdeck.
        VerificationStopped: the time was up, or `progress` said no: there is no verdict.
    """
    began = time.monotonic()
    deadline = began + seconds
    reader = immutable_reader(deadline)

    def go_on(done: int, total: int) -> bool:
        return time.monotonic() <= deadline and (progress is None or progress(done, total))

    try:
        with closing(reader(copy)) as connection:
            check_identity(connection, copy)
            different = schema_problems(connection, tables)
        if different:
            return _invalid([("schema", line) for line in different], began)
        return verify(
            copy, heads=heads, verifier=verifier, origin=origin, progress=go_on, audit=audit, tables=tables,
            witnesses=witnesses, quorum=quorum, fast=fast, processes=1, reader=reader,
        )  # fmt: skip
    except (StorageFailure, IntegrityFailure, sqlite3.Error, UnicodeDecodeError) as error:
        if time.monotonic() > deadline:
            raise VerificationStopped(f"no verdict within {seconds:g} seconds") from None
        return _invalid([("storage", str(error).removeprefix(f"{copy}: "))], began)


def _invalid(problems: Sequence[tuple[str, str]], began: float) -> Report:
    return Report(
        verdict=Verdict.INVALID,
        entries=0,
        root=EMPTY_ROOT,
        problems=tuple(Problem(seq=0, problem=problem, detail=detail) for problem, detail in problems),
        tail_entries=0,
        tail_minutes=0,
        seconds=round(time.monotonic() - began, 3),
    )


def _copy(path: Path, copy: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput(f"{path}: cannot be opened ({error.strerror})") from error
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise BadInput(f"{path}: not a regular file")
    with os.fdopen(descriptor, "rb") as source:
        with copy.open("xb") as target:
            copy.chmod(0o600)
            shutil.copyfileobj(source, target, 1024 * 1024)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInput(f"{path}: it changed while it was copied; take the copy with quarterdeck backup")


def _check_header(path: Path, copy: Path) -> None:
    """Count the schema's rows by walking its b-tree: SQLite would parse a million triggers before the first query."""
    with copy.open("rb") as file:
        header = file.read(100)
        if len(header) < 100 or not header.startswith(_MAGIC):
            raise BadInput(f"{path}: not an SQLite database")
        (size,) = struct.unpack(">H", header[16:18])
        size = 65_536 if size == 1 else size
        if size < 512 or size & (size - 1):
            raise IntegrityFailure(f"{path}: the file is damaged (its page size is {size})")
        pages, seen, rows = [1], 0, 0
        while pages:
            number = pages.pop()
            seen += 1
            file.seek(max(0, number - 1) * size)
            page = file.read(size)
            begin = 100 if number == 1 else 0
            if number < 1 or len(page) < size or page[begin] not in {5, 13}:
                raise IntegrityFailure(f"{path}: the file is damaged (its list of tables cannot be read)")
            (cells,) = struct.unpack(">H", page[begin + 3 : begin + 5])
            if page[begin] == 13:
                rows += cells
            else:
                pages += _children(page, begin, cells)
            if rows > MAX_OBJECTS or seen + len(pages) > MAX_SCHEMA_PAGES:
                raise BadInput(f"{path}: more than {MAX_OBJECTS:,} tables, views and triggers: not opened")


def _children(page: bytes, begin: int, cells: int) -> list[int]:
    """Return the pages below an interior page of a table b-tree (SQLite file format, section 1.6); [0] for nonsense."""
    found = [int.from_bytes(page[begin + 8 : begin + 12], "big")]
    for index in range(min(cells, MAX_SCHEMA_PAGES)):
        pointer = begin + 12 + 2 * index
        at = int.from_bytes(page[pointer : pointer + 2], "big")
        if at + 4 > len(page):
            return [0]
        found.append(int.from_bytes(page[at : at + 4], "big"))
    return found
