"""Request files of one watcher: each after the exports it lies beside, and again when one of those comes late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from store.intake.inbox import Drop
from store.intake.settle import Settler
from store.services.context import Actor, Context
from store.services.exports.ingesting import FileOutcome, shown
from store.services.requests import dropped

Who = Callable[[], Actor | None]
"""Says in whose name dropped request files open drafts; asked only when there is one."""


class RequestFiles:
    """Takes request files in, so that a draft is about the exports that lie there, not about those before them."""

    def __init__(self, context: Context, settler: Settler, who: Who) -> None:
        self._context = context
        self._settler = settler
        self._who = who
        self._refused: dict[tuple[str, str], dict[Path, Drop]] = {}

    def take(self, found: Iterable[Drop]) -> Iterator[FileOutcome]:
        """Open a draft for each; one beside an export that is still being written waits for it."""
        for item in found:
            if self._settler.waits_beside(item):
                path, reason = shown(self._context, item.path), "an export beside it is still being written"
                outcome = FileOutcome(path=path, outcome="waiting", reason=reason)
            else:
                outcome = dropped.take(self._context, self._who(), item)
            if outcome.outcome == "waiting":
                self._settler.again(item)
            if outcome.outcome == "refused":
                self._refused.setdefault((item.environment, item.project), {})[item.path] = item
            yield outcome

    def arrived(self, export: Drop) -> None:
        """Offer again what was refused beside this export before it was taken in."""
        for item in self._refused.pop((export.environment, export.project), {}).values():
            self._settler.again(item)
