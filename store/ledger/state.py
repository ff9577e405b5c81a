"""Where the chain stands, and whether that agrees with what was signed and what is remembered elsewhere."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path

from store.errors import IntegrityFailure, StorageFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.entry import check_links, open_entry
from store.integrity.logkeys import LogKeys
from store.integrity.merkle import RootBuilder
from store.ledger.heads import HeadStore, stated_size
from store.ledger.keychain import KeyRotated, changes_keys
from store.ledger.tree import START, Position, position_at


class HeadContradiction(IntegrityFailure):
    """A head kept outside is larger than the file, differs from it, or cannot be read. Needs a person."""

    shorter = False
    """Whether it is larger: then this file may only have been cut, or put back from a backup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a ledger file is held against."""

    origin: str
    keys: LogKeys
    heads: tuple[HeadStore, ...]
    path: Path = field(compare=False)

    def without_heads(self) -> Place:
        """Return the same place where nobody outside is asked."""
        return replace(self, heads=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """What was found when the file was opened."""

    position: Position
    note: bytes | None
    """The newest stored checkpoint."""
    contradiction: HeadContradiction | None
    """What a head kept outside says against it."""
    lagging: tuple[HeadStore, ...] = ()
    """Places that remember the checkpoint just before the newest: where a crash kept the newest from leaving."""


def take_stock(connection: sqlite3.Connection, place: Place) -> Stock:
    """Return where the chain stands, after checking its newest parts against each other and the kept heads.

    Reads the newest entry, the newest checkpoint and at most some hundred hashes, whatever the size.

    Raises:
        IntegrityFailure: newest entry, tree, checkpoint and origin do not fit.
    """
    contradiction: HeadContradiction | None = None
    kept: list[tuple[HeadStore, bytes]] = []
    try:
        kept = _kept(place)  # before the file: a head written meanwhile would look like the future
    except HeadContradiction as error:
        contradiction = error
    connection.execute("BEGIN")
    try:
        row = connection.execute("SELECT seq, body, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
        note, before = newest_note(connection), _size_before(connection)
        if row is None:
            position = START
        else:
            newest = open_entry(*row)
            if newest.statement.origin != place.origin:
                raise IntegrityFailure(f"{place.path}: holds {newest.statement.origin}, not {place.origin}")
            position = position_at(connection, newest.seq)
        _check_signed(place, position, note)
        try:
            for store, head in kept:
                if head != note:  # that one was judged a line above
                    _judge(connection, place, position, store, head)
        except HeadContradiction as error:
            contradiction = error
    except (TypeError, AttributeError) as error:  # in a damaged page a column holds what it likes, NULL for a hash too
        raise IntegrityFailure(f"{place.path}: damaged: it holds a value of another kind") from error
    finally:
        connection.execute("ROLLBACK")
    lagging = tuple(store for store, head in kept if (stated_size(head) or (b"", 0))[1] == before > 0)
    return Stock(position=position, note=note, contradiction=contradiction, lagging=lagging)


def catch_up(connection: sqlite3.Connection, place: Place, known: Position | None) -> Position:
    """Return where the chain stands now, checking every entry that was added since `known`; in a transaction.

    The newest entry is re-hashed in any case: nothing is ever linked to bytes that are no longer what they were.

    Raises:
        IntegrityFailure: the file does not go on from `known`, or new entries are not signed for.
    """
    if known is None:
        raise IntegrityFailure(f"{place.path}: was not found whole when it was opened")
    rows = connection.execute("SELECT seq, body, hash FROM entry WHERE seq >= ? ORDER BY seq", (known.size,))
    seen = rows.fetchone()
    if known.size:
        if seen is None or (seen[0], seen[2]) != (known.size, known.last):
            raise IntegrityFailure(f"{place.path}: entry {known.size} was replaced or cut off while it was open")
        check_links(seen[0], seen[1], seen[2], _stated_prev(seen[1]))
        seen = rows.fetchone()
    if seen is None:
        return known
    tree, last = RootBuilder(known.frontier), known.last
    while seen is not None:
        check_links(tree.size + 1, seen[1], seen[2], last)
        if changes_keys(*seen):
            raise KeyRotated(f"{place.path}: entry {seen[0]} changed the log's keys; open it again")
        tree.add(seen[2])
        last, seen = seen[2], rows.fetchone()
    position = Position(tree.frontier(), last)
    _check_signed(place, position, newest_note(connection))
    return position


def check_heads(connection: sqlite3.Connection, place: Place, position: Position) -> None:
    """Make sure that no head kept outside contradicts the file; under the write lock.

    Raises:
        HeadContradiction: one does.
    """
    stored = newest_note(connection)
    for store, head in _kept(place):
        if head != stored:  # the usual case: what is kept is our newest note, byte for byte
            _judge(connection, place, position, store, head)


def newest_note(connection: sqlite3.Connection, size: int | None = None) -> bytes | None:
    """Return the newest checkpoint's note, or the first one over at least `size` entries; None for none."""
    if size is None:
        row = connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    else:
        sql = "SELECT note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT 1"
        row = connection.execute(sql, (size,)).fetchone()
    return None if row is None else row[0]


def _size_before(connection: sqlite3.Connection) -> int:
    """Return the size of the checkpoint before the newest; 0 for none."""
    row = connection.execute("SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1 OFFSET 1").fetchone()
    return 0 if row is None else row[0]


def _kept(place: Place) -> list[tuple[HeadStore, bytes]]:
    found = []
    for store in place.heads:
        try:
            note = store.read()
        except StorageFailure as error:
            raise HeadContradiction(str(error)) from error
        if note is not None:
            found.append((store, note))
    return found


def _check_signed(place: Place, position: Position, note: bytes | None) -> None:
    """Entries and the checkpoint over them are one commit: entries without one were not written by this program."""
    if note is None:
        if position.size:
            raise IntegrityFailure(f"{place.path}: no checkpoint is stored; who wrote these entries is unknown")
        return
    try:
        newest = place.keys.open(note)
    except IntegrityFailure as error:
        raise IntegrityFailure(f"{place.path}: its newest checkpoint: {error}") from error
    if newest.origin != place.origin:
        raise IntegrityFailure(f"{place.path}: its checkpoint is for {newest.origin}, not {place.origin}")
    if newest.size < position.size:
        raise IntegrityFailure(
            f"{place.path}: entries {newest.size + 1} to {position.size} are in no signed checkpoint;"
            " they were not written by this program"
        )
    if newest.size > position.size:
        raise IntegrityFailure(
            f"{place.path}: its own checkpoint knows {newest.size} entries, only {position.size} are here"
        )
    if newest.root != position.head().root:
        raise IntegrityFailure(f"{place.path}: the entries do not lead to the root that was signed")


def _judge(connection: sqlite3.Connection, place: Place, position: Position, store: HeadStore, note: bytes) -> None:
    try:
        kept = place.keys.open(note)
    except IntegrityFailure as error:
        raise HeadContradiction(f"{store.path}: the head kept there is not this log's ({error})") from error
    problem = disagreement(connection, place.origin, position.size, kept)
    if problem:
        contradiction = HeadContradiction(f"{store.path}: {problem}")
        contradiction.shorter = kept.origin == place.origin and kept.size > position.size
        raise contradiction


def disagreement(connection: sqlite3.Connection, origin: str, size: int, kept: Checkpoint) -> str | None:
    """Return in what a kept head contradicts a file of `size` entries, in words; None when it does not."""
    if kept.origin != origin:
        return f"remembers the ledger {kept.origin}, not {origin}"
    if kept.size > size:
        return f"remembers {kept.size} entries, but only {size} are here: a restore, a loss or a cut"
    if position_at(connection, kept.size).head().root != kept.root:
        return f"remembers other first {kept.size} entries than the ones here"
    return None


def _stated_prev(body: bytes) -> bytes:
    try:
        return bytes.fromhex(body[9:73].decode())
    except ValueError:
        return b""
