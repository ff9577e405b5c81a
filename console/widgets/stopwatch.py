"""How long something that is under way has taken."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Stopwatch:
    """Runs from when it is made until it is stopped."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._running = True

    def seconds(self) -> float | None:
        """Return the seconds so far, None once it was stopped."""
        return self._clock() - self._started if self._running else None

    def stop(self) -> None:
        """Stop: what it timed is over."""
        self._running = False
