"""A change window is open by the clock on the wall where it is, and never on its holidays."""

from __future__ import annotations

import pytest

from store.domain.policy.gates import ChangeWindow, Window
from store.domain.windows import is_open, next_open

BERLIN = ChangeWindow(
    time_zone="Europe/Berlin", windows=(Window(days=("mon", "tue"), start="09:00", end="17:00"),), holidays=("04-06",)
)
NIGHT = ChangeWindow(windows=(Window(days=("fri",), start="22:00", end="04:00"),), holidays=("2026-12-25",))


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
