"""Checking a stretch of the ledger: entries, tree, stored nodes and checkpoints, from one place to another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from store.errors import IntegrityFailure
from store.integrity.checkpoint import Checkpoint, open_checkpoint
from store.integrity.merkle import RootBuilder
from store.integrity.note import Verifier
from store.ledger.report import MAX_PROBLEMS, Problem
from store.ledger.tiles import Row, TileChecker
from store.ledger.tree import TILE, TILE_LEVELS, Position, subtree

SPAN: Final = TILE * TILE
"""Entries in one stretch (65,536): what two processes share out between them."""
_READ: Final = 8 * TILE
"""Entries in one SELECT; with a rollback journal nobody can commit while it runs."""

Step = Callable[[int], bool]
"""Told the number of entries just checked; False asks to stop."""


class Stopped(Exception):  # noqa: N818 - not an error, an answer
    """The progress callback asked to stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What entries and checkpoints are checked for."""

    origin: str
    verifier: Verifier
    kinds: frozenset[str] = frozenset()
    """Kinds of entry that the audit wants to see, besides everything signed."""
    fast: bool = False
    """Only hashes, links and tree, and of the checkpoints only their roots: what tampering breaks."""


@dataclass(kw_only=True, slots=True)
class Findings:
    """What one stretch showed."""

    start: Position
    end: Position
    problems: list[Problem] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    """Entries for the audit, in order."""
    signed: int = 0
    """Size of the newest good checkpoint met; 0 for none."""


def check_span(connection: sqlite3.Connection, rules: Rules, start: Position, until: int, step: Step) -> Findings:
    """Check the entries after `start` up to number `until`, and every checkpoint over a size in between.

    Raises:
        Stopped: `step` asked for it.
    """
    found = Findings(start=start, end=start)
    checker = TileChecker(rules.origin, kinds=rules.kinds, fast=rules.fast)
    tree, last, read = RootBuilder(start.frontier), start.last, start.size
    notes = _Notes(connection, rules, after=start.size, until=until)
    tiles: list[bytes] = []
    first_tile = -(-start.size // TILE)
    for rows in _blocks(connection, start.size, until):
        first = tree.size + 1
        leaves, problems, wanted = checker.check(rows, first, last)
        found.problems.extend(problems[: MAX_PROBLEMS - len(found.problems)])
        found.wanted.extend(wanted)
        _grow(tree, leaves, notes, found)
        if len(leaves) == TILE and tree.size % TILE == 0:
            tiles.append(subtree(leaves))
        last, read = rows[-1][2], rows[-1][0]
        if problems and tree.size != read:
            break  # rows are missing: numbers, links and roots after the gap would only repeat it
        if not step(len(rows)):
            raise Stopped
    _compare_nodes(connection, first_tile, tiles, found)
    found.end = Position(tree.frontier(), last)
    return found


def _blocks(connection: sqlite3.Connection, after: int, until: int) -> Iterator[list[Row]]:
    """Yield rows in blocks that end on tile borders, at most 256 rows and so 16 MiB in memory."""
    sql = "SELECT seq, body, hash FROM entry WHERE seq > ? AND seq <= ? ORDER BY seq"
    while after < until:
        border = min(until, (after // _READ + 1) * _READ)
        cursor = connection.execute(sql, (after, border))
        size = TILE - after % TILE
        while rows := cursor.fetchmany(size):
            yield rows
            size = TILE
        after = border


def _grow(tree: RootBuilder, leaves: list[bytes], notes: _Notes, found: Findings) -> None:
    """Add the leaves, stopping at each size a checkpoint speaks of."""
    for leaf in leaves:
        tree.add(leaf)
        if tree.size == notes.next_size:
            notes.check(tree.root(), found)


def _compare_nodes(connection: sqlite3.Connection, first: int, tiles: list[bytes], found: Findings) -> None:
    """Compare the stored nodes of one stretch with what its entries really lead to."""
    level = TILE_LEVELS
    while tiles:
        sql = "SELECT idx, hash FROM node WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        stored = dict(connection.execute(sql, (level, first, first + len(tiles))))
        for index, tile in enumerate(tiles, first):
            if stored.get(index) != tile:
                state = "is wrong" if index in stored else "is missing"
                detail = f"the stored tree node {level}/{index} {state}"
                found.problems.append(Problem(seq=index << level, problem="tree", detail=detail))
                return  # what was computed above it would only repeat this
        if len(tiles) < TILE or first % TILE:
            return
        tiles = [subtree(tiles[at : at + TILE]) for at in range(0, len(tiles) - TILE + 1, TILE)]
        first, level = first // TILE, level + TILE_LEVELS


class _Notes:
    """The stored checkpoints of one stretch, each met when the tree has just grown to its size."""

    def __init__(self, connection: sqlite3.Connection, rules: Rules, *, after: int, until: int) -> None:
        self._connection = connection
        self._rules = rules
        self._until = until
        self._page: list[tuple[int, bytes]] = []
        self._broken = False
        self.next_size = after
        self._advance()

    def check(self, root: bytes, found: Findings) -> None:
        """Check the checkpoint at `next_size` against the root the entries lead to, and move on."""
        size, note = self._page.pop()
        try:
            checkpoint = self._open(note)
            if (checkpoint.origin, checkpoint.size) != (self._rules.origin, size):
                raise IntegrityFailure(f"says it is over {checkpoint.size} entries of {checkpoint.origin}")
            if checkpoint.root == root:
                found.signed = size
            elif not self._broken:  # every later one would repeat it
                self._broken = True
                raise IntegrityFailure("its signed root is not the root of the entries before it")
        except IntegrityFailure as error:
            detail = f"the checkpoint over {size} entries: {error}"
            if len(found.problems) < MAX_PROBLEMS:
                found.problems.append(Problem(seq=size, problem="checkpoint", detail=detail))
        self._advance()

    def _open(self, note: bytes) -> Checkpoint:
        return open_checkpoint(note, [self._rules.verifier])

    def _advance(self) -> None:
        if not self._page:
            sql = "SELECT size, note FROM checkpoint WHERE size > ? AND size <= ? ORDER BY size LIMIT 1000"
            found = self._connection.execute(sql, (self.next_size, self._until)).fetchall()
            self._page = found[::-1]
        self.next_size = self._page[-1][0] if self._page else -1
