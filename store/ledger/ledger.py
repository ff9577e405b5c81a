"""The ledger: one append-only file, its head signed with every commit and remembered outside of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.clock import Clock
from store.errors import IntegrityFailure, NotFound, QuarterdeckError
from store.integrity.entry import Entry
from store.integrity.logkeys import LogKeys
from store.integrity.note import NoteSigner, SecondSigner, Verifier
from store.ledger.appender import NO_SIGNER, Appender
from store.ledger.binding import Header, TablesEdited
from store.ledger.connection import check_file, storage_errors
from store.ledger.heads import HeadStore
from store.ledger.keychain import read_keys
from store.ledger.readers import Readers
from store.ledger.rows import Search, read_entries, read_entry, read_latest, read_numbers
from store.ledger.schema import check_schema, create_database
from store.ledger.signers import Signers
from store.ledger.state import HeadContradiction, Place, newest_note, take_stock
from store.ledger.tree import Head, Nodes, position_at
from store.ledger.writer import Writer

if TYPE_CHECKING:
    from store.ledger.handover import Handover
    from store.ledger.sieve import Sieve


class Ledger:
    """An open ledger. Its methods may be called from any thread; every thread reads on its own connection."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        heads: Sequence[HeadStore],
        signers: Signers,
        verifier: Verifier,
        origin: str,
        why_no_signer: str = NO_SIGNER,
    ) -> None:
        """Use `Ledger.create` or `Ledger.open`; this only takes the pieces."""
        self.path: Final = path
        self.clock: Final = clock
        self.origin: Final = origin
        place = Place(origin=origin, keys=LogKeys(verifier), heads=tuple(heads), path=path)
        self._readers: Final = Readers(path)
        self._header: Final = Header(path)
        self._appender: Final = Appender(place, signers, self._header, why_no_signer=why_no_signer)
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
            path, clock=clock, heads=heads, log_signer=log_signer, verifier=log_signer.verifier, origin=origin,
            tables=lambda: tables,
        )  # fmt: skip

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
        second_signer: SecondSigner | None = None,
        tables: Callable[[], Sequence[str]] = tuple,
        schema: str = "",
        why_no_signer: str = NO_SIGNER,
    ) -> Ledger:
        """Open the ledger at `path`, in a time that does not depend on its size.

        Its newest entry, its tree and its newest checkpoint must fit each other and the heads kept outside;
        where they do not, where the file cannot be written, or without the `log_signer` that signs now (and the
        `second_signer`, where the log has one), the ledger opens read-only and `read_only_reason` says why
        (`why_no_signer` in the caller's words). A file whose schema has the fingerprint `schema` has the `tables`;
        otherwise it is held against their SQL. `verifier` is any key the log ever had: rotations are followed. A
        kept head exactly one checkpoint behind is what a crash leaves, and is brought up to date now; one that
        remembers less, or nothing, is told with the next append.

        Raises:
            BadInput: no ledger, or one of a newer quarterdeck.
            IntegrityFailure: damaged, or its tables were changed.
            StorageFailure: locked, unreadable.
        """
        check_file(path)
        ledger = cls(
            path, clock=clock, heads=heads, signers=Signers(log_signer, second_signer), verifier=verifier,
            origin=origin, why_no_signer=why_no_signer,
        )  # fmt: skip
        try:
            ledger._open(tables, schema)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @property
    def writable(self) -> bool:
        """Whether entries can be appended."""
        return self._appender.stop is None

    @property
    def read_only_reason(self) -> str | None:
        """Why nothing can be appended, in one line; None when it can."""
        stop = self._appender.stop
        return None if stop is None else str(stop)

    @property
    def damaged(self) -> bool:
        """Whether nothing can be appended because evidence does not check: a matter for `verify` and a backup."""
        return isinstance(self._appender.stop, IntegrityFailure) and not self.tables_edited

    @property
    def tables_edited(self) -> bool:
        """Whether nothing can be appended because the read tables do not follow from the entries."""
        return isinstance(self._appender.stop, TablesEdited)

    def touched(self, connection: sqlite3.Connection | None = None) -> int | None:
        """Return the file's change counter where something else than quarterdeck wrote to it, None where nothing did.

        Asked inside a `snapshot` it is about that moment, with its `connection`. Of no more worth than the file's own
        header: see `store.ledger.binding`. A file with a write-ahead log never says so.
        """
        if connection is None:
            with self.snapshot() as mine:
                return self.touched(mine)
        connection.execute("SELECT max(seq) FROM entry").fetchone()  # from here on nobody else is half-way
        return None if self._header.is_bound(connection) else self._header.counter()

    def bind(self, counter: int) -> None:
        """Note in the file that its read tables were found to follow when `touched` said `counter`.

        Does nothing where somebody wrote since, or where the file cannot be written.

        Raises:
            StorageFailure: locked.
        """
        self._appender.bind(counter)

    def distrust(self, problem: IntegrityFailure) -> None:
        """Append nothing from now on, because of `problem`; where evidence contradicts the file already, that stays."""
        self._appender.distrust(problem)

    @property
    def contradiction(self) -> str:
        """How a head kept outside contradicts this file: `shorter` or `diverged`; empty where none does."""
        stop = self._appender.stop
        if not isinstance(stop, HeadContradiction):
            return ""
        return "shorter" if stop.shorter else "diverged"

    @property
    def signer(self) -> NoteSigner:
        """What signs for the log.

        Raises:
            StorageFailure: the log's private key is not here.
        """
        return self._appender.signer

    @property
    def verifier(self) -> Verifier:
        """The public key that signs this ledger's checkpoints now."""
        return self.keys.newest

    @property
    def keys(self) -> LogKeys:
        """Every key that signed this ledger's checkpoints: which one counts is a question of their size."""
        return self._appender.place.keys

    @property
    def heads(self) -> tuple[HeadStore, ...]:
        """The places outside the file that remember its head."""
        return self._appender.place.heads

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

    def writing(self) -> AbstractContextManager[Writer]:
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
        return self._appender.transaction()

    def renewing_tables(self) -> AbstractContextManager[Writer]:
        """Lend a transaction that makes the read tables anew from the entries: `writing`, though they were edited."""
        return self._appender.renewal()

    def acknowledging(self) -> AbstractContextManager[Writer]:
        """Lend the transaction in which a person accepts that kept heads are no longer this file's future.

        After a restore from a backup the heads outside are larger than the file, or differ, and `writing()`
        refuses. Here they are not asked; the block must append the acknowledgement, whose `data` carries the
        new `incarnation`, and then the heads outside are replaced.

        Raises:
            BadInput: there is nothing to acknowledge, or the block appended no acknowledgement.
        """
        return self._appender.acknowledgement()

    def handing_over(self, change: Handover) -> AbstractContextManager[Writer]:
        """Lend the transaction in which one of the log's keys gives way to another.

        As `writing`; its last entry names the new key, and its checkpoint is signed by both. Afterwards the new one
        signs for this ledger. Other processes that have it open stop appending until they open it again.

        Raises:
            BadInput: the block appended no such entry.
        """
        return self._appender.handover(change)

    def interrupt(self) -> None:
        """Abort what is being read in any thread; for quitting."""
        self._readers.interrupt()

    def close(self) -> None:
        """Let what is written end, interrupt what is read, close every connection; it cannot be used afterwards."""
        self._appender.close()  # first: whoever is writing reads what they decide from
        self._readers.close()
        self._header.close()

    def _open(self, tables: Callable[[], Sequence[str]], schema: str) -> None:
        with self.reading() as connection:
            check_schema(connection, self.path, tables, schema)  # before anything could change another's file
        if self._header.has_other_journal():
            self._readers.let_go()  # only who has the file alone may change its journal
        self._appender.connect()
        with self.reading() as connection:
            try:
                keys = read_keys(connection, self._appender.place.keys.first)
                self._appender.place = replace(self._appender.place, keys=keys)
                stock = take_stock(connection, self._appender.place)
            except QuarterdeckError as error:
                self._appender.stop = error
                return
        self._appender.begin_from(stock)
