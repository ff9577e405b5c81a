"""The nodes of a Merkle tree, all of them and in the plainest way: what proofs are made of in tests."""

from __future__ import annotations

from collections.abc import Sequence

from store.integrity.merkle import GetNode, node_hash


def nodes_over(leaves: Sequence[bytes]) -> GetNode:
    """Return where every complete subtree over these leaf hashes is looked up: by level and index."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return lambda level, index: levels[level][index]
