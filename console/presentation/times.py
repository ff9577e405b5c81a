"""Instants and spans of time in an operator's words. All instants carry a zone; all output is UTC and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_STEPS = ((60, "s", "s"), (3_600, "m", "min"), (86_400, "h", "h"), (14 * 86_400, "d", "d"), (None, "w", "weeks"))
_SIZES = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


def _rounded(span: timedelta) -> tuple[int, str, str]:
    seconds = max(int(span.total_seconds()), 0)
    for limit, short, long in _STEPS:
        if limit is None or seconds < limit:
            return seconds // _SIZES[short], short, long
    raise AssertionError("the last step has no limit")


def age(then: datetime, now: datetime) -> str:
    """Return how long ago in at most three cells: `now`, `40s`, `3m`, `2h`, `5d`, `9w`. The future is `now`."""
    number, short, _ = _rounded(now - then)
    return "now" if short == "s" and number < 5 else f"{number}{short}"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago in words: `just now`, `4 s ago`, `3 min ago`."""
    number, short, long = _rounded(now - then)
    return "just now" if short == "s" and number < 2 else f"{number} {long} ago"


def ago_short(then: datetime, now: datetime) -> str:
    """Return how long ago in at most seven cells: `now`, `40s ago`, `9w ago`."""
    short = age(then, now)
    return short if short == "now" else f"{short} ago"


def due(deadline: datetime, now: datetime) -> str:
    """Return how a deadline stands: `due in 3 h`, `overdue 20 min`."""
    if deadline >= now:
        number, _, long = _rounded(deadline - now)
        return f"due in {number} {long}"
    number, _, long = _rounded(now - deadline)
    return f"overdue {number} {long}"


def lasted(seconds: float) -> str:
    """Return a duration: `0.4 s`, `12 s`, `1 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def clock(instant: datetime) -> str:
    """Return the time of day: `13:59:13Z`."""
    return instant.astimezone(UTC).strftime("%H:%M:%SZ")


def day(instant: datetime) -> str:
    """Return the day: `2026-11-23`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d")


def stamp(instant: datetime) -> str:
    """Return day and time: `2026-11-23 13:59:13Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def when(instant: datetime, now: datetime) -> str:
    """Return the time of day for today, the day and the minute for any other day."""
    moment = instant.astimezone(UTC)
    return clock(instant) if moment.date() == now.astimezone(UTC).date() else moment.strftime("%Y-%m-%d %H:%MZ")
