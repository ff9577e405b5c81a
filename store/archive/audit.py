"""Does every blob still give the bytes it is called after? Read-only, in short reads, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from store.archive import codec
from store.archive.blobs import get
from store.archive.recent import MAX_DEPTH
from store.errors import IntegrityFailure, QuarterdeckError

Progress = Callable[[int, int], bool]
"""(blobs done, blobs in all) → whether to go on."""

_ROW = """
SELECT blob.digest, blob.size, blob.depth, blob.turns, blob.base, length(blob.data), base.digest, base.depth
FROM blob LEFT JOIN blob AS base ON base.id = blob.base WHERE blob.id = ?
"""
_KEPT_BYTES = 32 * 1024 * 1024
_PAGE = 500
_REPORT_EVERY = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobProblem:
    """A blob that does not give its bytes."""

    digest: str
    """What the table calls it, in hex; shortened or odd when the table itself is damaged."""
    problem: str
    """`bytes` (it does not decode to its digest) or `row` (the row itself is impossible)."""
    detail: str


def verify_blobs(connection: sqlite3.Connection, progress: Progress | None = None) -> tuple[BlobProblem, ...]:
    """Decode and hash every blob, and return the ones that fail, in the order they were stored.

    Stops early, with what was found so far, when `progress` returns False. Takes each blob's base from memory where
    it can, so an audit decodes little more than one delta a blob.
    """
    total = connection.execute("SELECT count(*) FROM blob").fetchone()[0]
    problems: list[BlobProblem] = []
    kept = _Kept(_KEPT_BYTES)
    for done, number in enumerate(_numbers(connection), start=1):
        problem = _check(connection, number, kept)
        if problem is not None:
            problems.append(problem)
        if progress is not None and done % _REPORT_EVERY == 0 and not progress(done, total):
            return tuple(problems)
    if progress is not None:
        progress(total, total)
    return tuple(problems)


class _Row(NamedTuple):
    """One row as SQLite has it, with what its base says of itself."""

    digest: Any
    size: Any
    depth: Any
    turns: Any
    base: Any
    stored: Any
    base_digest: Any
    base_depth: Any


class _Kept:
    """The contents decoded last, by row, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._total = 0
        self._contents: OrderedDict[int, bytes] = OrderedDict()

    def get(self, number: int) -> bytes | None:
        """Return the content of a row if it is still here, and keep it longer."""
        if number not in self._contents:
            return None
        self._contents.move_to_end(number)
        return self._contents[number]

    def put(self, number: int, data: bytes) -> None:
        """Keep a content, and let go of the ones not asked for the longest."""
        self._contents[number] = data
        self._total += len(data)
        while self._total > self._limit:
            _number, dropped = self._contents.popitem(last=False)
            self._total -= len(dropped)


def _numbers(connection: sqlite3.Connection) -> Iterator[int]:
    """Every row number, a page at a time: an open cursor would hold up writers (rollback journal)."""
    after = -(2**63)
    while page := connection.execute("SELECT id FROM blob WHERE id > ? ORDER BY id LIMIT ?", (after, _PAGE)).fetchall():
        yield from (row[0] for row in page)
        after = page[-1][0]


def _check(connection: sqlite3.Connection, number: int, kept: _Kept) -> BlobProblem | None:
    row = _Row._make(connection.execute(_ROW, (number,)).fetchone())
    fault = _fault(number, row)
    if fault is not None:
        name = row.digest.hex() if isinstance(row.digest, bytes) else repr(row.digest)[:64]
        return BlobProblem(digest=name, problem="row", detail=fault)
    try:
        content = None if row.base is None else kept.get(row.base) or get(connection, row.base_digest.hex())
        data = codec.expand_one(_frame(connection, number), row.size, content)
    except QuarterdeckError as failure:
        return BlobProblem(digest=row.digest.hex(), problem="bytes", detail=str(failure))
    if sha256(data).digest() != row.digest:
        detail = "the stored bytes have another SHA-256"
        return BlobProblem(digest=row.digest.hex(), problem="bytes", detail=detail)
    kept.put(number, data)
    return None


def _fault(number: int, row: _Row) -> str | None:
    """Return what is impossible about a row. Believe nothing: the table may be a copy that somebody made."""
    if not isinstance(row.digest, bytes) or len(row.digest) != 32:
        return "its name is no SHA-256"
    if not isinstance(row.size, int) or not 0 <= row.size <= codec.MAX_SIZE:
        return "its size is impossible"
    if not isinstance(row.stored, int) or row.stored > codec.most_stored(row.size):
        return "it has more stored bytes than its content can need"
    if row.base is not None and not (
        isinstance(row.base, int) and row.base < number and isinstance(row.base_digest, bytes)
    ):
        return "it rests on a blob that is not there"
    above = 0 if row.base is None else row.base_depth + 1 if isinstance(row.base_depth, int) else -1
    if row.depth != above or above > MAX_DEPTH or not isinstance(row.turns, int) or not 0 <= row.turns <= above:
        return "its place in the chain is impossible"
    return None


def _frame(connection: sqlite3.Connection, number: int) -> bytes:
    frame = connection.execute("SELECT data FROM blob WHERE id = ?", (number,)).fetchone()[0]
    if not isinstance(frame, bytes):
        raise IntegrityFailure("its stored bytes are no bytes")
    return frame
