"""The only door in: entries sealed, linked, stored and projected inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from itertools import chain
from typing import Final

from store.errors import BadInput
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.entry import MAX_BODY, Entry, Statement, seal
from store.integrity.merkle import RootBuilder
from store.integrity.note import NoteSigner, SecondSigner
from store.ledger.rows import Search, read_entries, read_entry, read_latest
from store.ledger.tree import Head, Position, store_nodes

_TOGETHER: Final = 2_048
"""Entries stored at a time, as rows of one INSERT: for each statement SQLite saves every page that it touches, because
a trigger may abort it, and the fewer statements the fewer pages."""
_MOST_WAITING: Final = 16 * 1024 * 1024
"""Bytes of entries that wait to be stored, whatever their number."""


class Writer:
    """One transaction on the ledger: reads see what was committed and what this transaction appended."""

    def __init__(self, connection: sqlite3.Connection, start: Position, *, origin: str) -> None:
        self._connection: Final = connection
        self._waiting: Final[list[Entry]] = []
        """Entries that are sealed but not yet in any table; whoever looks puts them there."""
        self._room = _MOST_WAITING
        self.failure: Exception | None = None
        """Why this transaction can no longer be committed: an append that stopped half-way."""
        self._start = start
        self._origin = origin
        self._tree = RootBuilder(start.frontier)
        self._last = start.last

    @property
    def connection(self) -> sqlite3.Connection:
        """The transaction's own connection, for what is stored together with the entries.

        Raises:
            Exception: the entries before could not be stored or projected; the transaction is over.
        """
        self._store()
        return self._connection

    @property
    def beside(self) -> sqlite3.Connection:
        """The same connection for the archive, and for the read tables as they were before this transaction.

        Its own newest entries may be neither in their table nor in the read tables yet; whoever asks here knows them.
        """
        return self._connection

    def append(self, statement: Statement, signature: bytes | None = None) -> Entry:
        """Append `statement` as the next entry and bring the read tables up to it.

        It is recorded when the `with ledger.writing()` block ends without an error, not before. `signature`
        is the raw SSHSIG blob over the statement's bytes; whether it counts is judged by the caller's rules.

        Raises:
            BadInput: it belongs to another ledger, or cannot be written as an entry; nothing was changed.
        """
        if statement.origin != self._origin:
            raise BadInput(f"a statement for {statement.origin} does not belong into {self._origin}")
        if self.failure is not None:
            raise self.failure
        entry = seal(self._tree.size + 1, self._last, statement, signature)
        self._waiting.append(entry)
        self._tree.add(entry.hash)
        self._last = entry.hash
        self._room -= len(entry.body)
        if len(self._waiting) == _TOGETHER or self._room < MAX_BODY:
            self._store()
        return entry

    @property
    def count(self) -> int:
        """How many entries this transaction has appended."""
        return self._tree.size - self._start.size

    def appended(self) -> Iterator[Entry]:
        """Yield this transaction's own entries, read back: of a large group none is kept in memory."""
        return self.entries(after=self._start.size)

    def head(self) -> Head:
        """Return the head as this transaction sees it."""
        return self.position().head()

    def position(self) -> Position:
        """Return the place after the newest entry of this transaction."""
        return Position(self._tree.frontier(), self._last)

    def entry(self, seq: int) -> Entry:
        """Return entry `seq`.

        Raises:
            NotFound: there is none.
        """
        return read_entry(lambda: nullcontext(self.connection), seq)

    def entries(
        self,
        *,
        kinds: Sequence[str] | None = None,
        on: Mapping[str, str] | None = None,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Yield entries as `Ledger.entries` does, this transaction's own included."""
        search = Search(
            kinds=kinds, on=on, after=after, until=until, limit=limit, newest_first=newest_first
        )  # fmt: skip
        return read_entries(lambda: nullcontext(self.connection), search)

    def latest(self, *, after: int = 0, acts: Sequence[str] = ()) -> tuple[int, str] | None:
        """Return what `Ledger.latest` does, this transaction's own entries included."""
        return read_latest(lambda: nullcontext(self.connection), after=after, acts=acts)

    def seal_transaction(self, *signers: NoteSigner | SecondSigner) -> bytes | None:
        """Store the tree's new nodes and the checkpoint over everything, signed by all `signers`; return its note.

        None when nothing was appended. No store outside may hold the note before the COMMIT.
        """
        if self.failure is not None:
            raise self.failure
        if not self.count:
            return None
        self._store()
        store_nodes(self._connection, self._start.size, self._tree.size)
        checkpoint = Checkpoint(origin=self._origin, size=self._tree.size, root=self._tree.root())
        note = sign_checkpoint(checkpoint, *signers)
        self._connection.execute("INSERT INTO checkpoint(size, note) VALUES (?, ?)", (checkpoint.size, note))
        return note

    def _store(self) -> None:
        """Insert the entries that wait, in order, and bring the read tables up to them."""
        from store import projections  # whoever only reads entries is spared ten read models

        if self.failure is not None:
            raise self.failure
        waiting, connection = self._waiting, self._connection
        try:
            if waiting:
                _insert(connection, [(entry.seq, entry.body, entry.hash) for entry in waiting])
                projections.apply(connection, waiting)
        except Exception as error:
            self.failure = error
            raise
        waiting.clear()
        self._room = _MOST_WAITING


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """Insert rows by as few statements as a dozen prepared ones allow: their numbers of rows are powers of two."""
    start = 0
    while left := len(rows) - start:
        count = 1 << (left.bit_length() - 1)
        values = chain.from_iterable(rows[start : start + count])
        connection.execute(_insertion(count), tuple(values))
        start += count


@cache
def _insertion(rows: int) -> str:
    return "INSERT INTO entry(seq, body, hash) VALUES " + ", ".join(["(?, ?, ?)"] * rows)  # noqa: S608
