"""Timing and the shape of a result."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table."""

    what: str
    ours: str
    beside: str
    """What it is measured against, and its number."""
    ratio: str
    goal: str
    met: bool


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_of(work: Callable[[], object], times: int) -> float:
    """Return the median time of one call over `times` calls, in seconds."""
    return statistics.median(seconds(work) for _ in range(times))


def busy(work: Callable[[], object]) -> float:
    """Return how much processor time one call takes, that of the programs it starts and waits for included."""
    began = os.times()
    work()
    ended = os.times()
    return sum(ended[:4]) - sum(began[:4])


def busy_median_of(work: Callable[[], object], times: int) -> float:
    """Return the median processor time of one call over `times` calls, in seconds: what others do hardly counts."""
    return statistics.median(busy(work) for _ in range(times))


def alternating(ours: Callable[[], object], beside: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the medians of two calls made in turn, so that the machine's moods meet both."""
    pairs = [(seconds(ours), seconds(beside)) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def at_most(what: str, ours: float, beside: float, goal: float, *, unit: str, scale: float, name: str) -> Result:
    """Return the line of a ratio that should stay at or below `goal`."""
    ratio = ours / beside
    return Result(
        what=what,
        ours=f"{ours * scale:.2f} {unit}",
        beside=f"{name}: {beside * scale:.2f} {unit}",
        ratio=f"{ratio:.2f}×",
        goal=f"≤ {goal}×",
        met=ratio <= goal,
    )
