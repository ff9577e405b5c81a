"""Whether an instant lies in a change window, in the window's own time zone, holidays left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from store.clock import parse_timestamp, timestamp
from store.domain.policy.levels import WEEKDAYS

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import ChangeWindow, Window

_STEP: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(days=14)


def is_open(window: ChangeWindow, at: str) -> bool:
    """Say whether deployments may happen at the instant `at`.

    A span belongs to the day it begins on: one over midnight goes on into a holiday, and none begins on one.
    By the wall clock: in the hour that a clock change skips nothing is open, in the hour it repeats both are.
    """
    local = parse_timestamp(at).astimezone(ZoneInfo(window.time_zone))
    return any(_covers(one, window, local) for one in window.windows)


def next_open(window: ChangeWindow, at: str) -> str | None:
    """Return the first instant from `at` on at which it is open; None within the next two weeks.

    It opens where a span begins, or where the clocks change, which they do on a quarter of an hour.
    """
    begun = parse_timestamp(at)
    aligned = begun.replace(minute=begun.minute - begun.minute % 15, second=0, microsecond=0)
    quarters = (max(begun, aligned + step * _STEP) for step in range(int(_LONGEST / _STEP)))
    first = next((one for one in quarters if is_open(window, timestamp(one))), None)
    begins = [
        one for one in _begins(window, begun) if (first is None or one < first) and is_open(window, timestamp(one))
    ]
    found = min(begins, default=first)
    return timestamp(found) if found is not None else None


def _begins(window: ChangeWindow, begun: datetime) -> Iterator[datetime]:
    """Yield the instants within two weeks of `begun` at which a span begins; twice in an hour that comes twice."""
    zone = ZoneInfo(window.time_zone)
    for days in range(_LONGEST.days + 1):
        midnight = datetime.combine(begun.astimezone(zone).date() + timedelta(days=days), time())
        for one in window.windows:
            for fold in (0, 1):
                wall = (midnight + timedelta(minutes=_minutes(one.start))).replace(tzinfo=zone, fold=fold)
                instant = wall.astimezone(UTC)
                if begun <= instant < begun + _LONGEST:
                    yield instant


def _covers(one: Window, window: ChangeWindow, local: datetime) -> bool:
    start, end, now = _minutes(one.start), _minutes(one.end), local.hour * 60 + local.minute
    if start < end:
        return start <= now < end and _begins_on(one, window, local)
    yesterday = local - timedelta(days=1)
    return (now >= start and _begins_on(one, window, local)) or (now < end and _begins_on(one, window, yesterday))


def _begins_on(one: Window, window: ChangeWindow, day: datetime) -> bool:
    is_holiday = {day.strftime("%Y-%m-%d"), day.strftime("%m-%d")} & {*window.holidays}
    return WEEKDAYS[day.weekday()] in one.days and not is_holiday


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
