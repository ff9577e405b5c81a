"""Reading for what a cursor is on: at once after a single step, only at the end while a key is held."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from textual.timer import Timer
from textual.widget import Widget
from textual.worker import WorkType

HELD_SECONDS = 0.12
"""Steps closer together than this come from a held key: what lies between is not read."""


class Settling:
    """Calls back once the cursor rests."""

    def __init__(self, owner: Widget) -> None:
        self._owner = owner
        self._timer: Timer | None = None
        self._moved_at = 0.0

    def moved(self, then: Callable[[], None]) -> None:
        """Note a step; `then` replaces what an earlier step still waits for."""
        if self._timer is not None:
            self._timer.stop()
        before, self._moved_at = self._moved_at, monotonic()
        if self._moved_at - before < HELD_SECONDS:
            self._timer = self._owner.set_timer(HELD_SECONDS, then)
        elif not before:  # the list stands first, then what is said of its first row
            self._owner.call_after_refresh(then)
        else:
            then()


def run_latest(owner: Widget, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
    """Run `work` instead of what runs in `group`.

    Takes the function, not its coroutine: one that is replaced before it began would never be awaited.
    """
    typed: WorkType[None] = work
    owner.run_worker(typed, group=group, exclusive=True, name=group)
