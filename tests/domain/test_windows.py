"""A change window is open by the clock on the wall where it is, and never on its holidays."""

from __future__ import annotations

import pytest

from store.domain.policy.gates import ChangeWindow, Window
from store.domain.windows import is_open, next_open

BERLIN = ChangeWindow(
    time_zone="Europe/Berlin", windows=(Window(days=("mon", "tue"), start="09:00", end="17:00"),), holidays=("04-06",)
)
NIGHT = ChangeWindow(windows=(Window(days=("fri",), start="22:00", end="04:00"),), holidays=("2026-12-25",))
DAWN = ChangeWindow(time_zone="Europe/Berlin", windows=(Window(days=("sun",), start="02:15", end="02:45"),))
"""In an hour that is missing once a year and comes twice once a year."""
LATE = ChangeWindow(time_zone="Europe/Berlin", windows=(Window(days=("sat",), start="22:00", end="02:30"),))


@pytest.mark.parametrize(
    ("window", "at", "is_so"),
    [
        (BERLIN, "2026-03-02T07:59:59Z", False),
        (BERLIN, "2026-03-02T08:00:00Z", True),  # 09:00 in winter
        (BERLIN, "2026-03-30T07:00:00Z", True),  # 09:00 in summer, the day after the clocks changed
        (BERLIN, "2026-03-30T06:59:59Z", False),
        (BERLIN, "2026-03-02T15:59:59Z", True),
        (BERLIN, "2026-03-02T16:00:00Z", False),
        (BERLIN, "2026-03-04T10:00:00Z", False),
        (BERLIN, "2026-04-06T10:00:00Z", False),  # a Monday, and a holiday every year
        (BERLIN, "2026-03-02T10:30:00+02:00", True),
        (NIGHT, "2026-03-06T21:59:00Z", False),
        (NIGHT, "2026-03-06T23:00:00Z", True),
        (NIGHT, "2026-03-07T03:59:00Z", True),
        (NIGHT, "2026-03-07T04:00:00Z", False),
        (NIGHT, "2026-03-06T03:00:00Z", False),  # Friday before dawn belongs to Thursday
        (NIGHT, "2026-12-25T23:00:00Z", False),
        (NIGHT, "2026-12-26T03:00:00Z", False),  # the night that would have begun on the holiday
        (DAWN, "2026-03-29T01:10:00Z", False),  # 03:10: of the hour from two to three there is none that day
        (DAWN, "2026-03-29T00:59:59Z", False),
        (DAWN, "2026-10-25T00:20:00Z", True),  # 02:20 in summer time, and an hour later 02:20 again
        (DAWN, "2026-10-25T01:20:00Z", True),
        (DAWN, "2026-10-25T00:50:00Z", False),
        (LATE, "2026-10-25T00:29:00Z", True),  # 02:29, the first time
        (LATE, "2026-10-25T00:31:00Z", False),
        (LATE, "2026-10-25T01:29:00Z", True),  # and the second
        (LATE, "2026-03-29T00:59:00Z", True),  # 01:59, and the next minute is three o'clock
        (LATE, "2026-03-29T01:00:00Z", False),
        (ChangeWindow(), "2026-03-02T12:00:00Z", False),  # no window is never open
        (ChangeWindow(windows=(Window(),)), "2026-03-02T23:59:59Z", True),
    ],
)
def test_a_window_is_open_or_not(window: ChangeWindow, at: str, is_so: bool) -> None:
    assert is_open(window, at) is is_so


def test_the_next_opening_is_found_or_said_not_to_come() -> None:
    assert next_open(BERLIN, "2026-03-02T16:07:00Z") == "2026-03-03T08:00:00.000Z"
    assert next_open(BERLIN, "2026-03-02T10:07:31Z") == "2026-03-02T10:07:31.000Z"
    assert next_open(ChangeWindow(), "2026-03-02T10:00:00Z") is None


@pytest.mark.parametrize(
    ("window", "at", "opens"),
    [
        (DAWN, "2026-03-28T12:00:00Z", "2026-04-05T00:15:00.000Z"),  # on the 29th that hour does not come
        (DAWN, "2026-10-25T00:50:00Z", "2026-10-25T01:15:00.000Z"),  # the second time, the same day
        (LATE, "2026-10-25T00:40:00Z", "2026-10-25T01:00:00.000Z"),  # put back to two o'clock, it is open again
        (
            ChangeWindow(windows=(Window(start="09:05", end="09:10"),)),
            "2026-03-02T08:00:00Z",
            "2026-03-02T09:05:00.000Z",
        ),
        (
            ChangeWindow(windows=(Window(start="09:05", end="09:10"),)),
            "2026-03-02T09:10:00Z",
            "2026-03-03T09:05:00.000Z",
        ),
    ],
)
def test_the_next_opening_is_exact_also_where_the_clocks_change(window: ChangeWindow, at: str, opens: str) -> None:
    assert next_open(window, at) == opens
