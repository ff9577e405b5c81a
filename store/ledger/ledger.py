"""The ledger: one append-only file, its head signed with every commit and remembered outside of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.clock import Clock
from store.errors import IntegrityFailure, QuarterdeckError
from store.integrity.logkeys import LogKeys
from store.integrity.note import NoteSigner, SecondSigner, Verifier
from store.ledger.appender import NO_SIGNER, Appender
from store.ledger.binding import Header, TablesEdited
from store.ledger.connection import check_file
from store.ledger.heads import HeadStore
from store.ledger.keychain import read_keys
from store.ledger.readable import Readable
from store.ledger.schema import check_identity, check_schema, create_database
from store.ledger.signers import Signers
from store.ledger.state import HeadContradiction, Place, take_stock
from store.ledger.writer import Writer

if TYPE_CHECKING:
    import sqlite3

    from store.ledger.handover import Handover


class Ledger(Readable):
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
        super().__init__(path)
        self.clock: Final = clock
        self.origin: Final = origin
        place = Place(origin=origin, keys=LogKeys(verifier), heads=tuple(heads), path=path)
        self._header: Final = Header(path)
        self._appender: Final = Appender(place, signers, self._header, why_no_signer=why_no_signer)

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

        Raises:
            BadInput: it was a newer quarterdeck, which brought the file to its own format.
        """
        if connection is None:
            with self.snapshot() as mine:
                return self.touched(mine)
        connection.execute("SELECT max(seq) FROM entry").fetchone()  # from here on nobody else is half-way
        check_identity(connection, self.path)
        return None if self._header.is_bound(connection) else self._header.counter()

    def bind(self, counter: int) -> None:
        """Note in the file that its read tables were found to follow when `touched` said `counter`.

        Does nothing where somebody wrote since, or where the file cannot be written.

        Raises:
            StorageFailure: locked.
        """
        self._appender.bind(counter)

    def distrust(self, problem: QuarterdeckError) -> None:
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

    def writing(self) -> AbstractContextManager[Writer]:
        """Lend the one transaction that appends; commits, signed and anchored, when the block ends well.

        In this order: BEGIN IMMEDIATE, the newest entry re-hashed and the kept heads compared; the block; the
        new root signed and stored beside its entries; one durable COMMIT of all of it, while a file with the head is
        made ready beside each place outside; only then it becomes theirs. An error in the block rolls everything
        back. An error while storing makes the ledger read-only until it is opened again.

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
