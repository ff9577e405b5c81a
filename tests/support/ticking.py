"""A clock that only a test moves, and by one second with every look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""


class TickingClock:
    """Each look is `step` later than the one before."""

    def __init__(self, at: datetime = START, *, step: timedelta = timedelta(seconds=1)) -> None:
        self.at = at
        self.step = step

    def now(self) -> datetime:
        """Return the instant, a step after the last one."""
        self.at += self.step
        return self.at

    def advance(self, **amount: float) -> None:
        """Let time pass: `advance(days=15)`."""
        self.at += timedelta(**amount)
