"""How far a long piece of work is: whoever waits for it is told, and may stop it between two transactions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """So many of so many, after so many seconds."""

    done: int
    total: int
    """As far as is known by now; it may still grow."""
    seconds: float

    @property
    def rate(self) -> float:
        """How many a second so far."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


Tell: TypeAlias = Callable[[Progress], None]


def untold(progress: Progress) -> None:
    """Tell nobody."""


@dataclass(kw_only=True, slots=True)
class Elapsed:
    """The time since a piece of work began: makes progress out of counts."""

    tell: Tell
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def at(self, done: int, total: int) -> None:
        """Say that `done` of `total` are through."""
        self.tell(Progress(done=done, total=total, seconds=time.monotonic() - self.began))

    @property
    def seconds(self) -> float:
        """Since the start, in milliseconds' steps."""
        return round(time.monotonic() - self.began, 3)
