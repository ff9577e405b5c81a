"""The write side of a ledger: one transaction at a time, and a full stop after anything that went wrong."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from store.collector import undisturbed
from store.errors import BadInput, IntegrityFailure, QuarterdeckError, StorageFailure, mend
from store.integrity.note import NoteSigner, SecondSigner
from store.ledger.binding import Header, TablesEdited
from store.ledger.connection import BUSY_SECONDS, explain, is_fatal, open_writer, storage_errors
from store.ledger.outgoing import Outgoing, sweep
from store.ledger.recheck import check_newest
from store.ledger.schema import SCHEMA_VERSION, check_identity
from store.ledger.signers import Signers
from store.ledger.state import HeadContradiction, Place, Stock, catch_up, check_heads, newest_note
from store.ledger.tree import Position
from store.ledger.writer import Writer

if TYPE_CHECKING:
    from store.ledger.handover import Handover


class Unanchored(StorageFailure):
    """The entries are recorded, but their head could not be kept outside the file. Do not repeat the act."""


_WITHOUT_SECOND: Final = "the private key here is not the log's second key (ML-DSA-44), without which nothing counts"
_NO_SECOND: Final = "there is a private second key here, but the log has none"
NO_SIGNER: Final = "the log's private key is not here"
MOST_FOLDERS: Final = 4
"""Folders of heads that are written at the same time."""


class Appender:
    """The connection that appends, and why it must not when it must not."""

    def __init__(self, place: Place, signers: Signers, header: Header, *, why_no_signer: str = NO_SIGNER) -> None:
        self.stop: QuarterdeckError | None = None
        """Why nothing can be appended; None when it can."""
        self._before: QuarterdeckError | None = None
        """Why nothing could be appended before its read tables were distrusted."""
        self.place = place
        """What the file is held against; its keys are learned when it is opened, and change with a handover."""
        self._signers = signers
        self._header: Final = header
        self._why_no_signer: Final = why_no_signer
        self._connection: sqlite3.Connection | None = None
        self._position: Position | None = None
        self._helper: Final = ThreadPoolExecutor(MOST_FOLDERS, thread_name_prefix="heads")
        """Waits for one folder's disk while another's is waited for; starts no thread before it is asked to."""
        self._turn: Final = threading.Lock()
        self._turn_holder: int | None = None
        self._looked_back = False

    @property
    def signer(self) -> NoteSigner:
        """What signs for the log. Raises StorageFailure when its private key is not here."""
        if self._signers.first is None:
            raise StorageFailure(f"{self.place.path}: {self._why_no_signer}")
        return self._signers.first

    def connect(self) -> None:
        """Open the write connection where the file can be written; that also rolls back a crashed writer."""
        path = self.place.path
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            self._connection = open_writer(path)

    def begin_from(self, stock: Stock) -> None:
        """Take the place where the chain stands; a head that a crash kept from leaving the file leaves now.

        A place that remembers less than a crash explains, or nothing, is told with the next append: were it now,
        whoever took its head away or put an old one back would have us say a moment later that it agrees.
        """
        path, keys, signers = self.place.path, self.place.keys, self._signers
        self._position = stock.position
        if self._connection is None:
            self.stop = StorageFailure(f"{path}: the file or its folder cannot be written")
        elif signers.first is None:
            self.stop = StorageFailure(f"{path}: {self._why_no_signer}")
        elif signers.first.verifier != keys.newest:
            self.stop = StorageFailure(f"{path}: the private key here is not the log's key since its last rotation")
        elif (signers.second and signers.second.verifier) != keys.second:
            self.stop = StorageFailure(f"{path}: {_WITHOUT_SECOND if keys.second else _NO_SECOND}")
        elif stock.contradiction is not None:
            self.stop = stock.contradiction
        elif stock.note is not None and stock.lagging:
            try:
                Outgoing(stock.lagging, stock.note).publish()
            except StorageFailure as error:
                self.stop = error
        if self.stop is None:
            sweep(self.place.heads)

    def close(self) -> None:
        """Close the connection, after the transaction under way; nothing can be appended afterwards.

        A transaction that takes longer than `BUSY_SECONDS` keeps what it needs to end well: it is never torn away.
        """
        self.stop = closed = StorageFailure(f"{self.place.path}: the ledger is closed")
        mine = self._turn_holder == threading.get_ident()
        if not mine and not self._turn.acquire(timeout=BUSY_SECONDS):
            return
        try:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._helper.shutdown()
            self.stop = closed
        finally:
            if not mine:
                self._turn.release()

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """Lend a transaction as `Ledger.writing` promises it."""
        if self.stop is not None:
            raise mend(type(self.stop)(f"nothing can be recorded: {self.stop}"))
        with self._exclusively(), self._transaction(self.place) as writer:
            yield writer

    @contextmanager
    def acknowledgement(self) -> Iterator[Writer]:
        """Lend a transaction as `Ledger.acknowledging` promises it."""
        if not isinstance(self.stop, HeadContradiction):
            raise BadInput("no kept head contradicts this ledger; there is nothing to acknowledge")
        with self._exclusively():
            with self._transaction(self.place.without_heads()) as writer:
                yield writer
                if not any("incarnation" in entry.statement.data for entry in writer.appended()):
                    raise BadInput("a restore is acknowledged by an entry that carries a new incarnation")
            assert self._connection is not None
            note = newest_note(self._connection)
            assert note is not None
            self._anchor(Outgoing(self.place.heads, note, self._helper), force=True)
            self.stop = None

    @contextmanager
    def renewal(self) -> Iterator[Writer]:
        """Lend a transaction as `Ledger.renewing_tables` promises it."""
        stop = self._before if isinstance(self.stop, TablesEdited) else self.stop
        if stop is not None:
            raise mend(type(stop)(f"nothing can be recorded: {stop}"))
        with self._exclusively():
            with self._transaction(self.place, renews=True) as writer:
                yield writer
            self.stop = None

    def distrust(self, problem: QuarterdeckError) -> None:
        """Do what `Ledger.distrust` promises."""
        if not isinstance(self.stop, IntegrityFailure):
            self._before, self.stop = self.stop, problem

    def bind(self, counter: int) -> None:
        """Do what `Ledger.bind` promises."""
        connection = self._connection
        if connection is None:
            return
        with self._exclusively(), storage_errors(self.place.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                check_identity(connection, self.place.path)
                if self._header.counter() == counter and not self._header.is_bound(connection):
                    self._header.bind(connection, SCHEMA_VERSION)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
        if isinstance(self.stop, TablesEdited):
            self.stop = self._before

    @contextmanager
    def handover(self, change: Handover) -> Iterator[Writer]:
        """Lend a transaction as `Ledger.handing_over` promises it."""
        if self.stop is not None:
            raise mend(type(self.stop)(f"nothing can be recorded: {self.stop}"))
        with self._exclusively():
            writer: Writer | None = None
            keys = self.place.keys
            try:
                with self._transaction(self.place, change.signer) as writer:
                    yield writer
                    if writer.count:
                        keys = change.keys(keys, writer.head().size)
                        field, value = change.said
                        if writer.entry(writer.head().size).statement.data.get(field) != value:
                            raise BadInput("a log's key is changed by an entry that names the new one")
            finally:
                # Only where it was committed, though perhaps not anchored, is this the place after the change.
                if writer is not None and writer.count and self._position == writer.position():
                    self._signers, self.place = change.signers(self._signers), replace(self.place, keys=keys)

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        if self._turn_holder == threading.get_ident():
            raise RuntimeError("writing() inside writing(): one transaction at a time")
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            path = self.place.path
            raise StorageFailure(f"{path}: another part of this program is writing; nothing was changed")
        self._turn_holder = threading.get_ident()
        try:
            yield
        finally:
            self._turn_holder = None
            self._turn.release()

    @contextmanager
    def _transaction(
        self, place: Place, successor: NoteSigner | SecondSigner | None = None, *, renews: bool = False
    ) -> Iterator[Writer]:
        connection, first = self._connection, self._signers.first
        if connection is None or first is None:
            raise StorageFailure(f"{place.path}: opened without what writing needs")
        self._make_ready(connection, first)
        with storage_errors(place.path):
            connection.execute("BEGIN IMMEDIATE")
        writer: Writer | None = None
        outgoing: Outgoing | None = None
        try:
            writer = self._begin(connection, place)
            # What somebody else wrote stays to be seen until the tables were compared, or made anew.
            is_bound = renews or not writer.position().size or self._header.is_bound(connection)
            changes = connection.total_changes
            with undisturbed():  # nothing that a large group makes holds cycles
                yield writer
            note = writer.seal_transaction(first, *(one for one in (self._signers.second, successor) if one))
            if is_bound and connection.total_changes != changes:
                self._header.bind(connection, SCHEMA_VERSION)
            if note is not None:
                outgoing = Outgoing(place.heads, note, self._helper)
                outgoing.prepare()
            connection.execute("COMMIT")
        except BaseException as error:
            _roll_back(connection)
            if outgoing is not None:
                outgoing.discard()
            half_done = isinstance(error, Exception) and (writer is None or writer.failure is not None)
            if half_done or is_fatal(error):
                self._stop_after(error)
            if isinstance(error, sqlite3.Error):
                raise explain(error, place.path) from error
            raise
        if outgoing is not None:
            self._position = writer.position()
            self._anchor(outgoing)

    def _make_ready(self, connection: sqlite3.Connection, signer: NoteSigner) -> None:
        """Look back and load the private key, at the first entry: before anybody has to wait for this transaction."""
        if not self._looked_back:
            try:
                with storage_errors(self.place.path):
                    check_newest(connection, self.place.path)
            except IntegrityFailure as error:
                self.stop = error
                raise mend(type(error)(f"nothing can be recorded: {error}")) from error
            self._looked_back = True
        try:
            signer.key()
        except BadInput as error:
            self.stop = StorageFailure(f"{self.place.path}: the log's private key cannot be used: {error}")
            raise self.stop from error

    def _begin(self, connection: sqlite3.Connection, place: Place) -> Writer:
        """Check, under the write lock, that the file still goes on from what is known; or say what broke."""
        check_identity(connection, place.path)  # a newer quarterdeck may have brought it to its own format since
        self._position = catch_up(connection, place, self._position)
        check_heads(connection, place, self._position)
        return Writer(connection, self._position, origin=place.origin)

    def _anchor(self, outgoing: Outgoing, *, force: bool = False) -> None:
        try:
            outgoing.publish(force=force)
        except StorageFailure as error:
            self.stop = error
            raise Unanchored(f"recorded, but not anchored; do not repeat it: {error}") from error

    def _stop_after(self, error: BaseException) -> None:
        if isinstance(error, sqlite3.Error):
            try:
                self.stop = explain(error, self.place.path)
            except sqlite3.Error as unexplained:
                self.stop = StorageFailure(f"{self.place.path}: {unexplained}")
        elif isinstance(error, QuarterdeckError):
            self.stop = error
        else:
            self.stop = StorageFailure(f"{self.place.path}: an append stopped half-way ({type(error).__name__})")


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass  # the error that led here is the one worth telling; opening again rolls the journal back
