"""What anybody may read of a ledger: its head, tree, checkpoints and entries, on a connection of each thread's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.errors import NotFound
from store.integrity.entry import Entry
from store.ledger.connection import storage_errors
from store.ledger.readers import Readers
from store.ledger.rows import Search, read_entries, read_entry, read_latest, read_numbers
from store.ledger.state import newest_note
from store.ledger.tree import Head, Nodes, position_at

if TYPE_CHECKING:
    from store.ledger.sieve import Sieve


class Readable:
    """The half of a ledger that only reads. Its methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._readers: Final = Readers(path)
        self._head: Head | None = None

    def head(self) -> Head:
        """Return the size, root and newest hash of what is committed now."""
        with self.reading() as connection:
            row = connection.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
            known = self._head
            if row is None:
                return position_at(connection, 0).head()
            if known is None or (known.size, known.last) != row:
                known = self._head = position_at(connection, row[0]).head()
            return known

    def root_at(self, size: int) -> bytes:
        """Return the root over the first `size` entries.

        Raises:
            NotFound: there are not that many.
        """
        with self.reading() as connection:
            if not 0 <= size <= self.head().size:
                raise NotFound(f"the ledger has no {size} entries")
            return position_at(connection, size).head().root

    @contextmanager
    def tree(self) -> Iterator[Nodes]:
        """Lend the tree's nodes: `nodes.get` is what the proofs of `store.integrity.merkle` ask for."""
        with self.reading() as connection:
            yield Nodes(connection)

    def checkpoint(self, size: int | None = None) -> bytes:
        """Return the signed note of the newest stored checkpoint, or the first that covers `size` entries.

        Raises:
            NotFound: there is none.
        """
        with self.reading() as connection:
            note = newest_note(connection, size)
        if note is None:
            raise NotFound("the ledger holds no such checkpoint")
        return note

    def entry(self, seq: int) -> Entry:
        """Return entry `seq`, its bytes checked.

        Raises:
            NotFound: there is none.
            IntegrityFailure: the bytes are not what they must be.
        """
        return read_entry(self.reading, seq)

    def entries(
        self,
        *,
        kinds: Sequence[str] | None = None,
        on: Mapping[str, str] | None = None,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        sieve: Sieve | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries of these kinds about these things, with `after` < seq ≤ `until`, oldest first.

        Read in pages, so that a long walk neither blocks writers nor fills memory.

        Raises:
            BadInput: `on` names something that is not searched by.
            IntegrityFailure: an entry's bytes are not what they must be.
        """
        search = Search(
            kinds=kinds, on=on, after=after, until=until, limit=limit, newest_first=newest_first, sieve=sieve
        )  # fmt: skip
        return read_entries(self.reading, search)

    def latest(self, *, after: int = 0, acts: Sequence[str] = ()) -> tuple[int, str] | None:
        """Return (number, claimed time) of the latest among the newest of each kind and all since the newest of `acts`.

        None where there is no entry after `after`.
        """
        return read_latest(self.reading, after=after, acts=acts)

    def numbers(self, search: Search) -> Iterator[int]:
        """Yield the numbers of the entries that a search selects, without opening and so without checking them.

        Raises:
            BadInput: it names something that is not searched by.
        """
        return read_numbers(self.reading, search)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's read-only connection; SQLite's errors leave as the error tree's.

        Every statement sees the newest commit. Read results to their end (`fetchall`): with a rollback journal
        an open cursor keeps every writer waiting.
        """
        with storage_errors(self.path), self._readers.mine() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection at one moment: nothing that it reads in the block, by any method, moves.

        With a rollback journal writers wait for the end of the block: keep it short.
        """
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def interrupt(self) -> None:
        """Abort what is being read in any thread; for quitting."""
        self._readers.interrupt()
