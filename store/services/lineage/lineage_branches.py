"""Reads as much of the lineage as somebody has opened, each branch once for a ledger of the same size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from store.services.context import Context
from store.services.lineage import lineage_tree
from store.services.lineage.nodes import Node

Path = tuple[str, ...]
"""Keys from a project down to a node."""
SEARCHED = 400
"""Nodes whose branches a search reads, the newest of each environment first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """One node with what has been read below it."""

    node: Node
    opens: bool
    """Something hangs on it, read or not."""
    branches: tuple[Branch, ...] = ()


class Reader:
    """Reads branches and remembers them until the ledger grows. Used by one thread at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._size = -1
        self._known: dict[tuple[Path, int], tuple[Node, ...]] = {}

    def start(self, few: int) -> frozenset[Path]:
        """Return what is worth opening at first: every project, and the environments when they are at most `few`."""
        self._forget()
        roots = lineage_tree.roots(self._context)
        places = {
            (root.key, child.key) for root in roots for child in self._below((root,), 1) if child.kind == "environment"
        }
        return frozenset({(root.key,) for root in roots} | (places if len(places) <= few else set()))

    def read(self, opened: Collection[Path], pages: Mapping[Path, int], *, searching: bool) -> tuple[Branch, ...]:
        """Return the projects with the children of every node in `opened`, as many pages of them as asked.

        With `searching` the branches of the newest `SEARCHED` nodes are read whether they are open or not.
        """
        self._forget()
        left = [SEARCHED if searching else 0]
        return tuple(self._branch((root,), opened, pages, left) for root in lineage_tree.roots(self._context))

    def _branch(
        self, path: tuple[Node, ...], opened: Collection[Path], pages: Mapping[Path, int], left: list[int]
    ) -> Branch:
        node, key = path[-1], tuple(one.key for one in path)
        opens = node.kind in lineage_tree.UNREAD or node.kind == "older" or bool(node.children)
        found: tuple[Node, ...] = ()
        if opens and node.kind != "older" and (key in opened or left[0] > 0):
            left[0] -= 1 if key not in opened else 0
            found = self._below(path, pages.get(key, 1))
            opens = bool(found)
        below = tuple(self._branch((*path, child), opened, pages, left) for child in found)
        return Branch(node=node, opens=opens, branches=below)

    def _below(self, path: tuple[Node, ...], pages: int) -> tuple[Node, ...]:
        key = (tuple(node.key for node in path), pages)
        if key not in self._known:
            self._known[key] = lineage_tree.below(self._context, path, pages=pages)
        return self._known[key]

    def _forget(self) -> None:
        size = self._context.ledger.head().size
        if size != self._size:
            self._known.clear()
            self._size = size
