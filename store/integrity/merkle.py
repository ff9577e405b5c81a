"""The Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962): roots, proofs, and their checks.

Trees here live somewhere else (the ledger keeps nodes in a table, tests in a dict); every function that needs
them takes `get_node(level, index)`, which returns the 32-byte hash of a *complete* subtree: `index` counts
from the left among subtrees of 2^`level` leaves, so level 0 are the leaf hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from store.errors import BadInput, IntegrityFailure

GetNode: TypeAlias = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32
MAX_PROOF = 63
"""No tree has more levels than this (c2sp.org/tlog-witness: at most 63 proof lines)."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ data), RFC 9162 section 2.1.1."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), RFC 9162 section 2.1.1."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that appending needs, O(log n) hashes."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()
    """The complete subtrees from left to right: one for each bit set in `size`, largest first."""

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier after one more leaf hash (32 bytes)."""
        builder = RootBuilder(self)
        builder.add(leaf)
        return builder.frontier()

    def root(self) -> bytes:
        """Return the tree's root hash; `EMPTY_ROOT` for no leaves."""
        return _fold(self.hashes)


class RootBuilder:
    """A frontier that changes in place: streams millions of leaves in constant memory."""

    __slots__ = ("_hashes", "size")

    def __init__(self, start: Frontier | None = None) -> None:
        start = start or Frontier()
        self.size = start.size
        self._hashes = list(start.hashes)

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash (32 bytes)."""
        hashes = self._hashes
        size = self.size
        while size & 1:
            leaf = sha256(b"\1" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root hash of what was added so far."""
        return _fold(self._hashes)

    def frontier(self) -> Frontier:
        """Return the right edge as a value that can be kept and continued from."""
        return Frontier(self.size, tuple(self._hashes))


def frontier_from_nodes(size: int, get_node: GetNode) -> Frontier:
    """Return the right edge of the first `size` leaves from the hashes of complete subtrees."""
    return Frontier(size, tuple(_edge(0, size, get_node)))


def inclusion_proof(index: int, size: int, get_node: GetNode) -> list[bytes]:
    """Return the audit path of leaf `index` (from 0) in the tree of `size` leaves, RFC 9162 section 2.1.3.1.

    Raises:
        BadInput: there is no such leaf.
    """
    if not 0 <= index < size:
        raise BadInput(f"no leaf {index} in a tree of {size}")
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, get_node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, get_node))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, size: int, get_node: GetNode) -> list[bytes]:
    """Return the proof that the first `old` of `size` leaves are a prefix, RFC 9162 section 2.1.4.1.

    Empty for `old` = 0 (every tree extends the empty one) and for `old` = `size`.

    Raises:
        BadInput: `old` is not between 0 and `size`.
    """
    if not 0 <= old <= size:
        raise BadInput(f"a tree of {size} has no earlier size {old}")
    if old == 0:
        return []
    start, end = 0, size
    proof: list[bytes] = []
    while end > old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, get_node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, get_node))
            start = middle
    if start > 0:  # where the old tree is itself a node on the way, its root is known to the verifier
        proof.append(_range_hash(start, end, get_node))
    proof.reverse()
    return proof


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that leaf hash `leaf` stands at `index` (from 0) of the tree (`size`, `root`), RFC 9162 2.1.3.2.

    Raises:
        IntegrityFailure: it is not proven.
    """
    _check_hashes([leaf, root], proof)
    if not 0 <= index < size:
        raise IntegrityFailure(f"inclusion proof: no leaf {index} in a tree of {size}")
    position, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise IntegrityFailure("inclusion proof: too long for the tree")
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise IntegrityFailure("inclusion proof: too short for the tree")
    if current != root:
        raise IntegrityFailure("inclusion proof: leads to another root")


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Check that the tree (`size`, `root`) extends (`old`, `old_root`), RFC 9162 section 2.1.4.2.

    An old size of 0 proves nothing and is refused: a caller that allows it (c2sp.org/tlog-witness) decides
    so before it asks.

    Raises:
        IntegrityFailure: it is not proven.
    """
    _check_hashes([old_root, root], proof)
    if not 0 < old <= size:
        raise IntegrityFailure(f"consistency proof: from size {old} to {size} there is nothing to prove")
    if old == size:
        if proof:
            raise IntegrityFailure("consistency proof: must be empty between equal sizes")
        if old_root != root:
            raise IntegrityFailure(f"two different roots for the same size {size}")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise IntegrityFailure("consistency proof: empty")
    _check_consistency_path(old, size, path, old_root, root)


def _check_consistency_path(old: int, size: int, path: list[bytes], old_root: bytes, root: bytes) -> None:
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise IntegrityFailure("consistency proof: too long for the trees")
        if position & 1 or position == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise IntegrityFailure("consistency proof: too short for the trees")
    if before != old_root:
        raise IntegrityFailure("consistency proof: does not lead to the old root")
    if after != root:
        raise IntegrityFailure("consistency proof: does not lead to the new root")


def _check_hashes(ends: Sequence[bytes], proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF:
        raise IntegrityFailure(f"proof: more than {MAX_PROOF} hashes")
    if any(len(item) != HASH_BYTES for item in (*ends, *proof)):
        raise IntegrityFailure(f"proof: a hash is not {HASH_BYTES} bytes long")


def _split(width: int) -> int:
    """Return the largest power of two below `width` (> 1): where RFC 9162 divides a tree."""
    return 1 << (width - 1).bit_length() - 1


def _edge(start: int, end: int, get_node: GetNode) -> list[bytes]:
    """Return the complete subtrees that make up the leaves from `start` to `end`, left to right."""
    hashes: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(get_node(level, start >> level))
        start += 1 << level
    return hashes


def _range_hash(start: int, end: int, get_node: GetNode) -> bytes:
    """Return the hash of the subtree over the leaves from `start` to `end`, as RFC 9162 divides a tree."""
    return _fold(_edge(start, end, get_node))


def _fold(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    current = hashes[-1]
    for left in reversed(hashes[:-1]):
        current = node_hash(left, current)
    return current
