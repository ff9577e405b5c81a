"""How often the timers of n8n start a workflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from store.domain.build import searchable
from store.domain.component import Json
from store.domain.schedules import cron_seconds, interval_seconds, together
from store.domain.secrets import redact

_MODES = {"everyMinute": "minute", "everyHour": "hour", "everyDay": "day", "everyWeek": "week", "everyMonth": "month"}


def seconds_between(parameters: Json) -> float | None:
    """Return the mean seconds between two runs of a schedule trigger, a cron or an interval node; None: unknown."""
    if not isinstance(parameters, dict):
        return None
    each = [*_rules(parameters), *_times(parameters)]
    if not each and "unit" in parameters:  # the old interval node
        return _interval(parameters.get("unit"), parameters.get("interval", 1))
    return together(each)


def when(parameters: Json) -> str:
    """Return in words when a timer runs; what is not understood stands there as it is, shortened."""
    given: dict[str, Any] = parameters if isinstance(parameters, dict) else {}
    rule, times = given.get("rule"), given.get("triggerTimes")
    intervals = rule.get("interval") if isinstance(rule, dict) else None
    items = times.get("item") if isinstance(times, dict) else None
    told = [_in_words(one) for part in (intervals, items) for one in (part if isinstance(part, list) else ())]
    if not told and "unit" in given:
        told = [_count(given.get("unit"), given.get("interval", 1))]
    if told and all(told):
        return redact(f"runs {' and '.join(dict.fromkeys(told))}")[:200]
    plain = searchable(rule or times).decode() if rule or times else "it came with"
    return f"runs on the schedule {redact(plain)[:120]}"


def _in_words(one: Json) -> str:
    """Return one rule of a schedule trigger, or one time of a cron node, in words; empty: not understood."""
    if not isinstance(one, dict):
        return ""
    cron = one.get("expression") or one.get("cronExpression")
    if isinstance(cron, str) and cron:
        return f"on the schedule {cron}"
    mode = one.get("mode")
    if mode == "everyX":
        every = _count(one.get("unit", "hours"), one.get("value", 2))
    elif mode is not None or "hour" in one:
        every = _count(_MODES.get(str(mode or "everyDay")), 1)
    else:
        field = one.get("field", "days")
        every = _count(field, one.get(f"{field}Interval", 1))
    hour, minute = one.get("triggerAtHour", one.get("hour")), one.get("triggerAtMinute", one.get("minute", 0))
    is_time = type(hour) is int and type(minute) is int
    return f"{every} at {hour:02}:{minute:02}" if every and is_time else every


def _count(unit: object, count: object) -> str:
    if not isinstance(unit, str) or type(count) not in {int, float}:
        return ""
    single = unit.removesuffix("s")
    return f"every {single}" if count == 1 else f"every {count} {single}s"


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
