"""The Merkle tree beside the entries: every 256th-power subtree kept, the rest computed from at most 255 rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from store.errors import IntegrityFailure
from store.integrity.entry import FIRST_PREV
from store.integrity.merkle import Frontier, frontier_from_nodes

TILE_LEVELS: Final = 8
"""Only levels 8, 16, 24 … are stored, as in c2sp.org/tlog-tiles: one row for 256 entries, not one for each."""
TILE: Final = 1 << TILE_LEVELS

_LEAVES: Final = "SELECT hash FROM entry WHERE seq > ? AND seq <= ? ORDER BY seq"
_NODES: Final = "SELECT hash FROM node WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"


@dataclass(frozen=True, slots=True)
class Head:
    """How much there is, and what stands for it."""

    size: int
    """Number of entries."""
    root: bytes
    """Merkle root over them, 32 bytes."""
    last: bytes
    """Hash of the newest entry: what the next one links to. `FIRST_PREV` for none."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the chain that appending or checking can go on from."""

    frontier: Frontier
    last: bytes

    @property
    def size(self) -> int:
        """Number of entries up to here."""
        return self.frontier.size

    def head(self) -> Head:
        """Return what a checkpoint at this place states."""
        return Head(self.size, self.frontier.root(), self.last)


START: Final = Position(Frontier(), FIRST_PREV)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The hashes of complete subtrees, read through one connection; `get` is what `store.integrity` asks for."""

    connection: sqlite3.Connection

    def get(self, level: int, index: int) -> bytes:
        """Return the hash of the subtree over entries `index`·2^`level` + 1 to (`index` + 1)·2^`level`.

        Raises:
            IntegrityFailure: entries or stored nodes are missing.
        """
        below = level % TILE_LEVELS
        stored = level - below
        first, end = index << below, (index + 1) << below
        if stored:
            rows = self.connection.execute(_NODES, (stored, first, end)).fetchall()
        else:
            rows = self.connection.execute(_LEAVES, (first, end)).fetchall()
        if len(rows) != end - first:
            raise IntegrityFailure(f"the tree has gaps: level {stored}, nodes {first} to {end - 1}")
        if any(type(row[0]) is not bytes for row in rows):  # in an edited page a column holds what it likes
            raise IntegrityFailure(f"the tree is damaged: level {stored}, nodes {first} to {end - 1} are no hashes")
        return subtree([row[0] for row in rows])


def subtree(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of neighbouring subtrees (RFC 9162 section 2.1.1)."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def position_at(connection: sqlite3.Connection, size: int) -> Position:
    """Return the place after entry `size`, from stored nodes and hashes: cheap at every size, not yet checked.

    Raises:
        IntegrityFailure: entries or stored nodes are missing.
    """
    if size == 0:
        return START
    row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (size,)).fetchone()
    if row is None:
        raise IntegrityFailure(f"entry {size} is missing")
    return Position(frontier_from_nodes(size, Nodes(connection).get), row[0])


def store_nodes(connection: sqlite3.Connection, before: int, size: int) -> None:
    """Store the nodes that growing from `before` to `size` entries completed; part of the same transaction."""
    nodes = Nodes(connection)
    level, old, new = TILE_LEVELS, before >> TILE_LEVELS, size >> TILE_LEVELS
    while new > old:
        for index in range(old, new):
            # Read as 2^8 nodes of the level below, which may have been stored a moment ago.
            halves = nodes.get(level - 1, 2 * index), nodes.get(level - 1, 2 * index + 1)
            connection.execute("INSERT INTO node VALUES (?, ?, ?)", (level, index, subtree(halves)))
        level, old, new = level + TILE_LEVELS, old >> TILE_LEVELS, new >> TILE_LEVELS


def rebuild_nodes(connection: sqlite3.Connection) -> None:
    """Compute every stored node again from the entries' hashes; the caller holds the transaction."""
    connection.execute("DELETE FROM node")
    (size,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
    store_nodes(connection, 0, size)
