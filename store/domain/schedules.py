"""How often something runs: cron expressions and intervals as seconds between two runs, so that they compare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

DAY: Final = 86_400.0
_UNITS: Final = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3_600.0,
    "day": DAY,
    "week": 7 * DAY,
    "month": 365.25 * DAY / 12,
}
_MACROS: Final = {
    "@yearly": 365.25 * DAY,
    "@annually": 365.25 * DAY,
    "@monthly": 365.25 * DAY / 12,
    "@weekly": 7 * DAY,
    "@daily": DAY,
    "@midnight": DAY,
    "@hourly": 3_600.0,
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_RANGES: Final = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Second, minute, hour, day of the month, month, day of the week."""
_PIECE: Final = re.compile(r"(?:(\*|\?)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
_LONGEST: Final = 200


def cron_seconds(expression: str) -> float | None:
    """Return the mean seconds between two runs of a cron expression of 5 fields, or of 6 with the seconds first.

    None for what is none of these, or can never run.
    """
    text = expression.strip().lower()[:_LONGEST]
    if text in _MACROS:
        return _MACROS[text]
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        return None
    sets = [_field(field, number) for number, field in enumerate(fields)]
    if not all(sets):
        return None
    second, minute, hour, day, month, weekday = (len(found) for found in sets)
    weekday -= {0, 7} <= sets[5]  # Sunday has two numbers
    return DAY / (second * minute * hour * _share_of_days(day, weekday) * month / 12)


def interval_seconds(unit: str, count: float) -> float | None:
    """Return the seconds of `count` units (`minutes`, `Hour`, `day`); None for an unknown unit or no time at all."""
    size = _UNITS.get(unit.strip().lower().removesuffix("s"))
    return size * count if size is not None and count > 0 else None


def together(each: Iterable[float | None]) -> float | None:
    """Return the mean seconds between two runs of something that several schedules start; None if one is unknown."""
    rate = 0.0
    for seconds in each:
        if seconds is None:
            return None
        rate += 1 / seconds
    return 1 / rate if rate else None


def _share_of_days(days: int, weekdays: int) -> float:
    """Return the share of all days; with both a day of the month and of the week, cron runs on either."""
    by_date, by_weekday = days / 31, weekdays / 7
    if by_date < 1 and by_weekday < 1:
        return 1 - (1 - by_date) * (1 - by_weekday)
    return min(by_date, by_weekday)


def _field(text: str, number: int) -> set[int]:
    """Return the values of one field; nothing for what cannot be read."""
    low, high = _RANGES[number]
    for first, names in ((4, _MONTHS), (5, _WEEKDAYS)):
        if number == first:
            for value, name in enumerate(names, low):
                text = text.replace(name, str(value))
    found: set[int] = set()
    for piece in text.split(","):
        match = _PIECE.fullmatch(piece)
        if match is None:
            return set()
        wild, start, end, step = match.groups()
        begin = low if wild else int(start)
        last = high if wild or (step and not end) else int(end or start)
        if not low <= begin <= last <= high or step == "0":
            return set()
        found.update(range(begin, last + 1, int(step or 1)))
    return found
