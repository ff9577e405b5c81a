"""What is read of the tree of lineage: the children of whatever is open, and the way to an id somebody asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.presentation import lineage as words
from console.widgets.keyed_tree import Twig
from store.clock import parse_timestamp
from store.errors import NotFound
from store.services.context import Context
from store.services.lineage import lineage_tree
from store.services.lineage.lineage_branches import Branch, Path, Reader
from store.services.lineage.nodes import Node

FEW: Final = 12
"""So many environments in all are opened at the start; more stay folded."""


@dataclass(frozen=True, kw_only=True)
class Forest:
    """What has been read of the tree."""

    branches: tuple[Branch, ...]
    now: str
    start: frozenset[Path] = frozenset()
    """What is open at first; empty later on."""
    goal: Path | None = None
    """Where the cursor is to go."""
    missing: str = ""
    """Why it cannot go where it was asked to."""

    @property
    def at(self) -> datetime:
        """When it was read."""
        return parse_timestamp(self.now)


class ForestReader:
    """Knows what is open and so what is to be read; `read` runs in a thread, everything else beside the screen."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reader = Reader(context)
        self._pages: dict[Path, int] = {}
        self._goal: str | None = None
        self.forest = Forest(branches=(), now=context.now)
        self.nodes: dict[Path, Node] = {}
        self.opened: frozenset[Path] = frozenset()
        self.searching = False
        """While something is searched, the newest nodes are read too, open or not."""

    def want(self, subject: str) -> None:
        """Look for the way to an id with the next reading."""
        self._goal = subject

    def turn_page(self, path: Path) -> None:
        """Read more of what stands below the node that `path`, a node that stands for older ones, is in."""
        node = self.nodes.get(path)
        if node is not None and node.kind == "older":
            place = path[:-1]
            self._pages[place] = self._pages.get(place, 1) + 1

    def read(self) -> Forest:
        """Read the children of whatever is open; while something is searched, of the newest nodes too."""
        opened, start = self.opened, frozenset[Path]()
        if not self.forest.branches:
            start = self._reader.start(FEW)
            opened |= start
        goal, missing = None, ""
        if self._goal is not None:
            subject, self._goal = self._goal, None
            try:
                goal = lineage_tree.path_to(self._context, subject)
                opened |= {goal[: i + 1] for i in range(len(goal) - 1)}
            except NotFound as error:
                missing = str(error)
        branches = self._reader.read(opened, self._pages, searching=self.searching)
        return Forest(branches=branches, now=self._context.now, start=start, goal=goal, missing=missing)

    def twigs(self, forest: Forest) -> list[Twig]:
        """Take what was read, and return it as the tree shows it."""
        self.forest, self.nodes = forest, {}
        return [self._twig(branch, (), forest.at) for branch in forest.branches]

    def trouble(self, paths: Iterable[Path]) -> Path | None:
        """Return the first open drift: what somebody comes here to understand."""
        drifts = (path for path in paths if (n := self.nodes[path]).kind == "drift" and n.state == "open")
        return next(drifts, None)

    def _twig(self, branch: Branch, above: Path, now: datetime) -> Twig:
        path = (*above, branch.node.key)
        self.nodes[path] = branch.node
        return Twig(
            key=branch.node.key,
            label=words.label(branch.node),
            right=words.right(branch.node, now),
            opens=branch.opens,
            twigs=tuple(self._twig(below, path, now) for below in branch.branches),
        )
