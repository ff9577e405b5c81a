"""How often the timers of n8n start a workflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from store.domain.component import Json
from store.domain.schedules import cron_seconds, interval_seconds, together

_MODES = {"everyMinute": "minute", "everyHour": "hour", "everyDay": "day", "everyWeek": "week", "everyMonth": "month"}


def seconds_between(parameters: Json) -> float | None:
    """Return the mean seconds between two runs of a schedule trigger, a cron or an interval node; None: unknown."""
    if not isinstance(parameters, dict):
        return None
    each = [*_rules(parameters), *_times(parameters)]
    if not each and "unit" in parameters:  # the old interval node
        return _interval(parameters.get("unit"), parameters.get("interval", 1))
    return together(each)


def _rules(parameters: dict[str, Any]) -> Iterator[float | None]:
    """Yield what each rule of a schedule trigger (1.0 and later) says; `{}` is its default: every day."""
    rule = parameters.get("rule")
    intervals = rule.get("interval") if isinstance(rule, dict) else None
    for one in intervals if isinstance(intervals, list) else ():
        if not isinstance(one, dict):
            yield None
            continue
        field = one.get("field", "days")
        if field == "cronExpression":
            yield cron_seconds(str(one.get("expression", "")))
            continue
        seconds = _interval(field, one.get(f"{field}Interval", 1))
        days = one.get("triggerAtDay")
        several = len(days) if field == "weeks" and isinstance(days, list) and days else 1
        yield seconds / several if seconds else None


def _times(parameters: dict[str, Any]) -> Iterator[float | None]:
    """Yield what each time of a cron node says."""
    times = parameters.get("triggerTimes")
    items = times.get("item") if isinstance(times, dict) else None
    for one in items if isinstance(items, list) else ():
        mode = one.get("mode", "everyDay") if isinstance(one, dict) else None
        if mode == "custom":
            yield cron_seconds(str(one.get("cronExpression", "")))
        elif mode == "everyX":
            yield _interval(one.get("unit", "hours"), one.get("value", 2))
        else:
            yield _interval(_MODES.get(str(mode)), 1)


def _interval(unit: object, count: object) -> float | None:
    if not isinstance(unit, str) or isinstance(count, bool) or not isinstance(count, (int, float)):
        return None
    return interval_seconds(unit, count)
