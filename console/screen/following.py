"""Reading what a cursor is on: what arrives after it has moved on is dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from console.screen.pane import Pane
from console.widgets.beside import beside, in_worker
from store.errors import IntegrityFailure, NotFound, QuarterdeckError

V = TypeVar("V")


class Follower(Generic[V]):
    """Reads one thing after the other in a thread and shows the one that is wanted when it arrives."""

    def __init__(
        self,
        owner: Pane[Any],
        show: Callable[[V], None],
        failed: Callable[[QuarterdeckError], None] | None = None,
    ) -> None:
        """Without `failed` bad news is reported, but for a thing that is gone: the list follows."""
        self._owner = owner
        self._show = show
        self._failed = failed or self._report
        self.wanted: str | None = None
        """The key that the cursor is on, or that was asked for before it was listed."""

    def follow(self, key: str, read: Callable[[], V]) -> None:
        """Read `key`, from now on the one that is wanted; `read` runs in a thread."""
        self.wanted = key
        in_worker(self._owner, partial(self._read, key, read), group="preview", exclusive=True, name=f"read {key}")

    async def _read(self, key: str, read: Callable[[], V]) -> None:
        try:
            found = await beside(self._owner, read)
        except QuarterdeckError as error:
            self._failed(error)
            return
        if self.wanted == key:
            self._show(found)
            self._owner.refresh_bindings()

    def _report(self, error: QuarterdeckError) -> None:
        if isinstance(error, IntegrityFailure) or not isinstance(error, NotFound):
            self._owner.report(error)
