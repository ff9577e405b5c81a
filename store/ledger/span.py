"""Checking a stretch of the ledger: entries, tree, stored nodes and checkpoints, from one place to another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from store.errors import IntegrityFailure
from store.integrity.logkeys import LogKeys
from store.integrity.merkle import Frontier, RootBuilder
from store.ledger.report import MAX_PROBLEMS, Problem
from store.ledger.tiles import Row, TileChecker
from store.ledger.tree import TILE, TILE_LEVELS, Position, subtree

SPAN: Final = 64 * TILE
"""Entries in one stretch (16,384): what processes share out between them."""
_READ: Final = 8 * TILE
"""Entries in one SELECT; with a rollback journal nobody can commit while it runs."""

_OTHER_ROOT: Final = "its signed root is not the root of the entries before it"

Step = Callable[[int], bool]
"""Told the number of entries just checked; False asks to stop."""


class Stopped(Exception):
    """The progress callback asked to stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What entries and checkpoints are checked for."""

    origin: str
    keys: LogKeys
    kinds: frozenset[str] = frozenset()
    """Kinds of entry that the audit wants to see, besides everything signed."""
    fast: bool = False
    """Leave out the form of the bodies: hashes, links, tree and checkpoints are what tampering breaks."""


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
    tree = _Growth(start.frontier)
    notes = _Notes(connection, rules, after=start.size, until=until)
    last, links = start.last, (start.last, start.last)
    for rows in _blocks(connection, start.size, until):
        leaves, problems, wanted = checker.check(rows, tree.size + 1, links)
        found.problems.extend(problems[: MAX_PROBLEMS - len(found.problems)])
        found.wanted.extend(wanted)
        tree.grow(leaves, notes, found)
        last, links = leaves[-1], (leaves[-1], rows[-1][2])
        if problems and tree.size != rows[-1][0]:
            break  # rows are missing: numbers, links and roots after the gap would only repeat it
        if not step(len(rows)):
            raise Stopped
    _compare_nodes(connection, start.size // TILE, tree.tiles, found)
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


class _Growth:
    """The growing tree: whole tiles where nobody asks in between, single leaves where a checkpoint does."""

    def __init__(self, start: Frontier) -> None:
        whole, rest = divmod(start.size, TILE)
        cut = whole.bit_count()
        self._upper = RootBuilder(Frontier(whole, start.hashes[:cut]))  # its leaves are tiles
        self._lower = RootBuilder(Frontier(rest, start.hashes[cut:]))
        self.tiles: list[bytes] = []
        """The roots of the tiles completed here that also began here, or whose beginning was trusted."""

    @property
    def size(self) -> int:
        return self._upper.size * TILE + self._lower.size

    def frontier(self) -> Frontier:
        """Return the right edge of the whole tree."""
        hashes = self._upper.frontier().hashes + self._lower.frontier().hashes
        return Frontier(self.size, hashes)

    def grow(self, leaves: list[bytes], notes: _Notes, found: Findings) -> None:
        """Add the leaves, checking each stored checkpoint when its size is reached."""
        if len(leaves) == TILE and self._lower.size == 0 and not self.size < notes.next_size < self.size + TILE:
            self._complete(subtree(leaves))
            self._ask(notes, found)
            return
        for leaf in leaves:
            self._lower.add(leaf)
            if self._lower.size == TILE:
                (tile,) = self._lower.frontier().hashes
                self._complete(tile)
                self._lower = RootBuilder()
            self._ask(notes, found)

    def _complete(self, tile: bytes) -> None:
        self._upper.add(tile)
        self.tiles.append(tile)

    def _ask(self, notes: _Notes, found: Findings) -> None:
        if self.size == notes.next_size:
            notes.check(self.frontier().root(), found)


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
        complaint = self._complaint(size, note, root)
        if complaint is None:
            found.signed = size
        elif complaint != _OTHER_ROOT or not self._broken:  # after one wrong root, every later one is wrong
            self._broken = self._broken or complaint == _OTHER_ROOT
            if len(found.problems) < MAX_PROBLEMS:
                detail = f"the checkpoint over {size} entries: {complaint}"
                found.problems.append(Problem(seq=size, problem="checkpoint", detail=detail))
        self._advance()

    def _complaint(self, size: int, note: bytes, root: bytes) -> str | None:
        try:
            checkpoint = self._rules.keys.open(note)
        except IntegrityFailure as error:
            return str(error)
        if (checkpoint.origin, checkpoint.size) != (self._rules.origin, size):
            return f"says it is over {checkpoint.size} entries of {checkpoint.origin}"
        return None if checkpoint.root == root else _OTHER_ROOT

    def _advance(self) -> None:
        if not self._page:
            sql = "SELECT size, note FROM checkpoint WHERE size > ? AND size <= ? ORDER BY size LIMIT 1000"
            found = self._connection.execute(sql, (self.next_size, self._until)).fetchall()
            self._page = found[::-1]
        self.next_size = self._page[-1][0] if self._page else -1
