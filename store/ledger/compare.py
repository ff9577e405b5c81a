"""Two copies of a ledger, side by side: how far they are the same, and which goes on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from store.errors import IntegrityFailure
from store.integrity.entry import open_entry
from store.integrity.merkle import consistency_proof
from store.ledger.connection import storage_errors
from store.ledger.heads import stated_size
from store.ledger.state import newest_note
from store.ledger.tree import Head, Nodes, position_at


class Relation(StrEnum):
    """What two copies are to each other."""

    SAME = "same"
    FIRST_LONGER = "first longer"
    """The first is the second and more."""
    SECOND_LONGER = "second longer"
    FORKED = "forked"
    """Both go on, differently, after what they have in common."""
    UNRELATED = "unrelated"
    """Two logs: they have no entry in common, and another origin or another first key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Which log a ledger says it is of, by its first entry."""

    origin: str
    log_key: str
    """The key that the log began with; empty where entry 1 names none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """How two ledgers relate."""

    common: int
    """Size of the longest tree that both have, entry by entry."""
    first: Head
    second: Head
    first_note: bytes | None
    """The first's newest stored checkpoint."""
    second_note: bytes | None
    first_log: Identity | None
    """None for a ledger without entries."""
    second_log: Identity | None
    proof: tuple[bytes, ...] = ()
    """Of a fork: the longer one's consistency proof from the size of the shorter one's newest checkpoint to its own."""

    @property
    def relation(self) -> Relation:
        """The one word."""
        if self.common == self.first.size == self.second.size:
            return Relation.SAME
        if self.common == self.second.size:
            return Relation.FIRST_LONGER
        if self.common == self.first.size:
            return Relation.SECOND_LONGER
        return Relation.UNRELATED if not self.common and self.first_log != self.second_log else Relation.FORKED


def compare(first: sqlite3.Connection, second: sqlite3.Connection) -> Comparison:
    """Compare two ledgers by their roots, in some twenty steps a million entries.

    The roots come from stored hashes: whoever does not trust the files verifies them first.

    Raises:
        IntegrityFailure: entries or stored nodes are missing.
    """
    with storage_errors(Path("the copy")):
        heads = _head(first), _head(second)
        notes = newest_note(first), newest_note(second)
        found = Comparison(
            common=_common(first, second, min(heads[0].size, heads[1].size)),
            first=heads[0],
            second=heads[1],
            first_note=notes[0],
            second_note=notes[1],
            first_log=_identity(first),
            second_log=_identity(second),
        )
        longer = first if heads[0].size >= heads[1].size else second
        return replace(found, proof=_proof(longer, notes)) if found.relation is Relation.FORKED else found


def _proof(longer: sqlite3.Connection, notes: tuple[bytes | None, bytes | None]) -> tuple[bytes, ...]:
    """Return what should lead from the smaller checkpoint to the larger one, were they of one history."""
    stated = [said[1] for note in notes if note is not None and (said := stated_size(note)) is not None]
    if len(stated) < 2 or not 0 < min(stated) < max(stated):
        return ()
    return tuple(consistency_proof(min(stated), max(stated), Nodes(longer).get))


def _common(first: sqlite3.Connection, second: sqlite3.Connection, most: int) -> int:
    """Return the largest size up to `most` at which both have the same root (bisection: roots only ever part)."""
    same, different = 0, most + 1
    while different - same > 1:
        middle = (same + different) // 2
        if _root(first, middle) == _root(second, middle):
            same = middle
        else:
            different = middle
    return same


def _identity(connection: sqlite3.Connection) -> Identity | None:
    row = connection.execute("SELECT seq, body, hash FROM entry WHERE seq = 1").fetchone()
    if row is None:
        return None
    statement = open_entry(*row).statement
    key = statement.data.get("log_key")
    return Identity(origin=statement.origin, log_key=key if isinstance(key, str) else "")


def _head(connection: sqlite3.Connection) -> Head:
    (size,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
    if not isinstance(size, int) or size < 0:
        raise IntegrityFailure(f"the entries are numbered up to {size!a}")
    return position_at(connection, size).head()


def _root(connection: sqlite3.Connection, size: int) -> bytes:
    return position_at(connection, size).head().root
