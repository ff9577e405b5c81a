"""The ledger: one append-only file, its head signed with every commit and remembered outside of it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from store.clock import Clock
from store.errors import BadInput, NotFound, QuarterdeckError, StorageFailure
from store.integrity.entry import Entry
from store.integrity.note import NoteSigner, Verifier
from store.ledger.connection import (
    BUSY_SECONDS,
    check_file,
    explain,
    is_fatal,
    open_writer,
    storage_errors,
)
from store.ledger.heads import HeadStore, publish
from store.ledger.readers import Readers
from store.ledger.rows import Search, read_entries, read_entry
from store.ledger.schema import check_schema, create_database
from store.ledger.state import HeadContradiction, Place, catch_up, check_heads, newest_note, take_stock
from store.ledger.tree import Head, Nodes, Position, position_at
from store.ledger.writer import Writer


class Unanchored(StorageFailure):
    """The entries are recorded, but their head could not be kept outside the file. Do not repeat the act."""


class Ledger:
    """An open ledger. Its methods may be called from any thread; every thread reads on its own connection."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        heads: Sequence[HeadStore],
        log_signer: NoteSigner | None,
        verifier: Verifier,
        origin: str,
    ) -> None:
        """Use `Ledger.create` or `Ledger.open`; this only takes the pieces."""
        self.path: Final = path
        self.clock: Final = clock
        self.origin: Final = origin
        self._signer = log_signer
        self._place: Final = Place(origin=origin, verifier=verifier, heads=tuple(heads), path=path)
        self._readers: Final = Readers(path)
        self._writer_connection: sqlite3.Connection | None = None
        self._turn: Final = threading.Lock()
        self._turn_holder: int | None = None
        self._stop: QuarterdeckError | None = None
        self._position: Position | None = None
        self._head: Head | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        origin: str,
        log_signer: NoteSigner,
        clock: Clock,
        heads: Sequence[HeadStore],
        tables: Sequence[str],
    ) -> Ledger:
        """Create an empty ledger, with `tables` (more SQL, created in the same step), and open it.

        Raises:
            BadInput: something stands at `path` already, or its folder does not exist.
            StorageFailure: the disk says no.
        """
        create_database(path, tables)
        return cls.open(
            path,
            clock=clock,
            heads=heads,
            log_signer=log_signer,
            verifier=log_signer.verifier,
            origin=origin,
            tables=tables,
        )

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        heads: Sequence[HeadStore],
        log_signer: NoteSigner | None,
        verifier: Verifier,
        origin: str,
        tables: Sequence[str] = (),
    ) -> Ledger:
        """Open the ledger at `path`, in a time that does not depend on its size.

        Its newest entry, its tree and its newest checkpoint must fit each other and the heads kept outside;
        where they do not, where the file cannot be written, or without a `log_signer`, the ledger opens
        read-only and `read_only_reason` says why. A head that a crash kept from leaving the file leaves now.

        Raises:
            BadInput: no ledger, or one of a newer quarterdeck.
            IntegrityFailure: damaged, or its tables were changed.
            StorageFailure: locked, unreadable.
        """
        check_file(path)
        ledger = cls(path, clock=clock, heads=heads, log_signer=log_signer, verifier=verifier, origin=origin)
        try:
            ledger._open(tables)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @property
    def writable(self) -> bool:
        """Whether entries can be appended."""
        return self._stop is None

    @property
    def read_only_reason(self) -> str | None:
        """Why nothing can be appended, in one line; None when it can."""
        return None if self._stop is None else str(self._stop)

    @property
    def contradicted(self) -> bool:
        """Whether a head kept outside says that this file was shortened, replaced or forked."""
        return isinstance(self._stop, HeadContradiction)

    @property
    def verifier(self) -> Verifier:
        """The public key that vouches for this ledger's checkpoints."""
        return self._place.verifier

    @property
    def heads(self) -> tuple[HeadStore, ...]:
        """The places outside the file that remember its head."""
        return self._place.heads

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
    ) -> Iterator[Entry]:
        """Yield the entries of these kinds about these things, with `after` < seq ≤ `until`, oldest first.

        Read in pages, so that a long walk neither blocks writers nor fills memory.

        Raises:
            BadInput: `on` names something that is not searched by.
            IntegrityFailure: an entry's bytes are not what they must be.
        """
        search = Search(
            kinds=kinds, on=on, after=after, until=until, limit=limit, newest_first=newest_first
        )  # fmt: skip
        return read_entries(self.reading, search)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's read-only connection; SQLite's errors leave as the error tree's.

        Every statement sees the newest commit. Read results to their end (`fetchall`): with a rollback journal
        an open cursor keeps every writer waiting.
        """
        with storage_errors(self.path):
            yield self._readers.mine()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Lend the one transaction that appends; commits, signed and anchored, when the block ends well.

        In this order: BEGIN IMMEDIATE, the newest entry re-hashed and the kept heads compared; the block; the
        new root signed and stored beside its entries; one durable COMMIT of all of it; only then the head goes
        to the places outside. An error in the block rolls everything back. An error while storing makes the
        ledger read-only until it is opened again.

        Raises:
            StorageFailure: locked (nothing was changed), full, read-only, an I/O error.
            IntegrityFailure: the file or a kept head contradicts what was known.
            Unanchored: recorded, but a place outside could not be written.
        """
        if self._stop is not None:
            raise type(self._stop)(f"nothing can be recorded: {self._stop}")
        with self._exclusively(), self._transaction(self._place) as writer:
            yield writer

    @contextmanager
    def acknowledging(self) -> Iterator[Writer]:
        """Lend the transaction in which a person accepts that kept heads are no longer this file's future.

        After a restore from a backup the heads outside are larger than the file, or differ, and `writing()`
        refuses. Here they are not asked; the block must append the acknowledgement, whose `data` carries the
        new `incarnation`, and then the heads outside are replaced.

        Raises:
            BadInput: there is nothing to acknowledge, or the block appended no acknowledgement.
        """
        if not isinstance(self._stop, HeadContradiction):
            raise BadInput("no kept head contradicts this ledger; there is nothing to acknowledge")
        with self._exclusively():
            with self._transaction(self._place.without_heads()) as writer:
                yield writer
                if not any("incarnation" in statement.data for statement in writer.appended):
                    raise BadInput("a restore is acknowledged by an entry that carries a new incarnation")
            self._anchor(self.checkpoint(), force=True)
            self._stop = None

    def interrupt(self) -> None:
        """Abort what is being read in any thread; for quitting."""
        self._readers.interrupt()

    def close(self) -> None:
        """Close every connection; the ledger cannot be used afterwards."""
        self._readers.close()
        if self._writer_connection is not None:
            self._writer_connection.close()
            self._writer_connection = None
        self._stop = StorageFailure(f"{self.path}: the ledger is closed")

    def _open(self, tables: Sequence[str]) -> None:
        if os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK):
            self._writer_connection = open_writer(self.path)
        with self.reading() as connection:
            check_schema(connection, self.path, tables)
            try:
                stock = take_stock(connection, self._place)
            except QuarterdeckError as error:
                self._stop = error
                return
        self._position, self._head = stock.position, stock.position.head()
        if self._writer_connection is None:
            self._stop = StorageFailure(f"{self.path}: the file or its folder cannot be written")
        elif self._signer is None:
            self._stop = StorageFailure(f"{self.path}: the log's private key is not here")
        elif stock.contradiction is not None:
            self._stop = stock.contradiction
        elif stock.note is not None:
            try:
                publish(self._place.heads, stock.note)  # after a crash between COMMIT and here
            except StorageFailure as error:
                self._stop = error

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        if self._turn_holder == threading.get_ident():
            raise RuntimeError("writing() inside writing(): one transaction at a time")
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StorageFailure(f"{self.path}: another part of this program is writing; nothing was changed")
        self._turn_holder = threading.get_ident()
        try:
            yield
        finally:
            self._turn_holder = None
            self._turn.release()

    @contextmanager
    def _transaction(self, place: Place) -> Iterator[Writer]:
        connection, signer = self._writer_connection, self._signer
        if connection is None or signer is None:
            raise StorageFailure(f"{self.path}: opened without what writing needs")
        with storage_errors(self.path):
            connection.execute("BEGIN IMMEDIATE")
        writer: Writer | None = None
        try:
            writer = self._begin(connection, place)
            yield writer
            note = writer.seal_transaction(signer)
            connection.execute("COMMIT")
        except BaseException as error:
            _roll_back(connection)
            broken = isinstance(error, Exception) and (writer is None or writer.failure is not None)
            if is_fatal(error) or broken:
                self._stop_after(error)
            if isinstance(error, sqlite3.Error):
                raise explain(error, self.path) from error
            raise
        if note is None:
            return
        self._position = writer.position()
        self._head = self._position.head()
        if place.heads:
            self._anchor(note)

    def _begin(self, connection: sqlite3.Connection, place: Place) -> Writer:
        """Check, under the write lock, that the file still goes on from what is known; or say what broke."""
        self._position = catch_up(connection, place, self._position)
        check_heads(connection, place, self._position)
        return Writer(connection, self._position, origin=self.origin)

    def _anchor(self, note: bytes, *, force: bool = False) -> None:
        try:
            publish(self._place.heads, note, force=force)
        except StorageFailure as error:
            self._stop = error
            raise Unanchored(f"recorded, but not anchored; do not repeat it: {error}") from error

    def _stop_after(self, error: BaseException) -> None:
        if isinstance(error, sqlite3.Error):
            try:
                self._stop = explain(error, self.path)
            except sqlite3.Error as unexplained:
                self._stop = StorageFailure(f"{self.path}: {unexplained}")
        elif isinstance(error, QuarterdeckError):
            self._stop = error
        else:
            self._stop = StorageFailure(f"{self.path}: an append stopped half-way ({type(error).__name__})")


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass  # the error that led here is the one worth telling; opening again rolls the journal back
