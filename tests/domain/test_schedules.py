"""How often something runs, so that two schedules compare."""

from __future__ import annotations

import pytest

from store.domain.schedules import DAY, cron_seconds, interval_seconds, together


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("* * * * *", 60),
        ("*/5 * * * *", 300),
        ("0 * * * *", 3_600),
        ("0 0 * * *", DAY),
        ("*/10 * * * * *", 10),
        ("0 9-17 * * *", DAY / 9),
        ("30 6 * * mon-fri", DAY * 7 / 5),
        ("0 0 * * 0", DAY * 7),
        ("0 0 * * 0-7", DAY),
        ("5/15 * * * *", DAY / (24 * 4)),
        ("0,30 8 * JAN *", DAY * 12 / 2),
        ("0 0 ? * SUN", DAY * 7),
        ("@daily", DAY),
    ],
)
def test_a_cron_expression_is_so_many_seconds_between_runs(expression: str, seconds: float) -> None:
    assert cron_seconds(expression) == pytest.approx(seconds)


def test_a_day_of_the_month_and_a_day_of_the_week_are_either() -> None:
    both = cron_seconds("0 0 1 * 1")
    assert both is not None
    assert DAY < both < DAY * 7


@pytest.mark.parametrize(
    "expression", ["", "every minute", "* * * *", "61 * * * *", "*/0 * * * *", "0 0 L * *", "9-3 * * * *", "* " * 9]
)
def test_what_is_no_cron_expression_is_unknown(expression: str) -> None:
    assert cron_seconds(expression) is None


def test_a_huge_expression_takes_no_time() -> None:
    assert cron_seconds(",".join(["0-59"] * 1_000_000) + " * * * *") is None


def test_units_are_told_in_one_or_many() -> None:
    assert interval_seconds("minutes", 5) == interval_seconds("Minute", 5) == 300
    assert interval_seconds("fortnight", 1) is None
    assert interval_seconds("hours", 0) is None


def test_several_schedules_together_run_more_often_than_each() -> None:
    assert together([60.0, 60.0]) == pytest.approx(30)
    assert together([60.0, None]) is None
    assert together([]) is None
