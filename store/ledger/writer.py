"""The only door in: entries sealed, linked, stored and projected inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Final

from store import projections
from store.errors import BadInput
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.entry import Entry, Statement, seal
from store.integrity.merkle import RootBuilder
from store.integrity.note import NoteSigner, SecondSigner
from store.ledger.rows import Search, read_entries, read_entry
from store.ledger.tree import Head, Position, store_nodes

_TOGETHER: Final = 16
"""Rows in one INSERT. Because of its triggers SQLite saves every page that a statement touches; many share that."""
_INSERT: Final = "INSERT INTO entry(seq, body, hash) VALUES (?, ?, ?)"
_INSERT_MANY: Final = _INSERT + ", (?, ?, ?)" * (_TOGETHER - 1)


class Writer:
    """One transaction on the ledger: reads see what was committed and what this transaction appended."""

    def __init__(self, connection: sqlite3.Connection, start: Position, *, origin: str) -> None:
        self._connection: Final = connection
        self._waiting: Final[list[int | bytes]] = []
        """Number, body and hash of each entry that is sealed but not yet in its table; whoever looks puts it there."""
        self.appended: Final[list[Statement]] = []
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
        """The same connection for what stands beside the entries: archive and read tables.

        Not for the entries themselves: the newest of this transaction may not be in their table yet.
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
        try:
            self._waiting.extend((entry.seq, entry.body, entry.hash))
            if len(self._waiting) == 3 * _TOGETHER:
                self._store()
            projections.apply(self._connection, entry)
        except Exception as error:
            self.failure = error
            raise
        self._tree.add(entry.hash)
        self._last = entry.hash
        self.appended.append(statement)
        return entry

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

    def seal_transaction(self, *signers: NoteSigner | SecondSigner) -> bytes | None:
        """Store the tree's new nodes and the checkpoint over everything, signed by all `signers`; return its note.

        None when nothing was appended. The note must not leave the process before the COMMIT.
        """
        if self.failure is not None:
            raise self.failure
        if not self.appended:
            return None
        self._store()
        store_nodes(self._connection, self._start.size, self._tree.size)
        checkpoint = Checkpoint(origin=self._origin, size=self._tree.size, root=self._tree.root())
        note = sign_checkpoint(checkpoint, *signers)
        self._connection.execute("INSERT INTO checkpoint(size, note) VALUES (?, ?)", (checkpoint.size, note))
        return note

    def _store(self) -> None:
        """Insert the entries that wait, in order."""
        if self.failure is not None:
            raise self.failure
        waiting = self._waiting
        try:
            if len(waiting) == 3 * _TOGETHER:
                self._connection.execute(_INSERT_MANY, waiting)
            else:
                for at in range(0, len(waiting), 3):
                    self._connection.execute(_INSERT, waiting[at : at + 3])
        except Exception as error:
            self.failure = error
            raise
        waiting.clear()
