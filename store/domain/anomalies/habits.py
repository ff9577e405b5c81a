"""What is usual: at which hours, how much a day, and who acts on production; learned act by act, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from store.domain.anomalies.found import FIRST_TIME, HOUR, VOLUME, Act, Found
from store.domain.policy.in_force import PLACE

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Anomalies

LEAST_DAYS: Final = 10
"""Fewer days with acts than this are no habit either, however much was done on them."""
ON_PRODUCTION: Final = (
    "deployment.started", "rollback.started", "rehearsal.started", "approval.granted", "glass.broken",
)  # fmt: skip
"""The acts that a first-time actor is looked at for."""
_Days = dict[date, list[int]]
"""Local day → acts in each hour of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Usual:
    """What was done before a day, within the window: added up once, because a day has many acts."""

    day: date
    by_hour: tuple[int, ...]
    total: int
    days: int

    def around(self, hour: int) -> int:
        """Return the acts within an hour of this one: 9:02 is as usual as 8:58."""
        return sum(self.by_hour[(hour + step) % 24] for step in (-1, 0, 1))


class Habits:
    """Everybody's and every project's acts by local day and hour, as far back as the window goes."""

    def __init__(self) -> None:
        self._days: dict[str, _Days] = {}
        self._usual: dict[str, _Usual] = {}
        self._on_production: dict[str, dict[str, list[date]]] = {}
        self._said: set[tuple[str, str, date]] = set()

    def judge(self, act: Act, rules: Anomalies) -> Iterator[Found]:
        """Yield what is unusual about `act`, compared with everything before its day."""
        local = act.at.astimezone(ZoneInfo(rules.time_zone))
        subjects = _subjects(act)
        yield from self._first(self._hour(act, local, subject, rules) for subject in subjects)
        yield from self._first(self._volume(act, local, subject, rules) for subject in subjects)
        yield from self._first_time(act, local, rules)

    def learn(self, act: Act, rules: Anomalies) -> None:
        """Let `act` be part of what is usual, and forget what is older than the window."""
        local = act.at.astimezone(ZoneInfo(rules.time_zone))
        day, oldest = local.date(), local.date() - timedelta(days=rules.window_days)
        for subject in _subjects(act):
            days = self._days.setdefault(subject, {})
            if day not in days:
                for gone in [one for one in days if one < oldest]:
                    del days[gone]
                days[day] = [0] * 24
                self._said = {one for one in self._said if one[2] >= oldest}
            days[day][local.hour] += 1
            if subject in self._usual and self._usual[subject].day != day:
                del self._usual[subject]
        if _is_on_production(act, rules):
            seen = self._on_production.setdefault(act.environment or "", {})
            seen[act.actor] = [*(one for one in seen.get(act.actor, ()) if one >= oldest), day]

    @staticmethod
    def _first(found: Iterator[Found | None]) -> Iterator[Found]:
        """Yield what is unusual for the person; what is for the project only where it is not."""
        one = next((each for each in found if each is not None), None)
        if one is not None:
            yield one

    def _before(self, subject: str, day: date, rules: Anomalies) -> _Usual | None:
        """Return what is usual before this day; None while there is too little of it."""
        known = self._usual.get(subject)
        if known is None or known.day != day:
            oldest = day - timedelta(days=rules.window_days)
            past = [hours for one, hours in self._days.get(subject, {}).items() if oldest <= one < day]
            by_hour = tuple(map(sum, zip(*past, strict=True))) or (0,) * 24
            known = _Usual(day=day, by_hour=by_hour, total=sum(by_hour), days=len(past))
            self._usual[subject] = known
        return known if known.days >= LEAST_DAYS and known.total >= rules.least_acts else None

    def _hour(self, act: Act, local: datetime, subject: str, rules: Anomalies) -> Found | None:
        usual = self._before(subject, local.date(), rules)
        if usual is None or (HOUR, subject, local.date()) in self._said:
            return None
        near = usual.around(local.hour)
        if near * 100 >= rules.hour_percent * usual.total:
            return None
        self._said.add((HOUR, subject, local.date()))
        return _found(
            act,
            HOUR,
            f"{subject} at {local:%H:%M} ({rules.time_zone}): {near} of {usual.total} acts on {usual.days} days were"
            " within an hour of that",
            (("hour", local.hour), ("acts_near_it", near), ("acts", usual.total), ("days", usual.days),
             ("least_percent", rules.hour_percent)),
        )  # fmt: skip

    def _volume(self, act: Act, local: datetime, subject: str, rules: Anomalies) -> Found | None:
        day = local.date()
        usual = self._before(subject, day, rules)
        if usual is None or (VOLUME, subject, day) in self._said:
            return None
        today = sum(self._days[subject].get(day, ())) + 1
        if today <= rules.least_acts or today * usual.days <= rules.volume_factor * usual.total:
            return None
        self._said.add((VOLUME, subject, day))
        each = round(usual.total / usual.days)
        return _found(
            act,
            VOLUME,
            f"{subject}: {today} acts on {day}, usual are {each} a day ({usual.total} on {usual.days} days)",
            (("acts_today", today), ("usual_a_day", each), ("acts", usual.total), ("days", usual.days),
             ("factor", rules.volume_factor)),
        )  # fmt: skip

    def _first_time(self, act: Act, local: datetime, rules: Anomalies) -> Iterator[Found]:
        if not _is_on_production(act, rules):
            return
        oldest = local.date() - timedelta(days=rules.window_days)
        seen = self._on_production.get(act.environment or "", {})
        counts = {actor: sum(day >= oldest for day in days) for actor, days in seen.items()}
        total = sum(counts.values())
        if counts.get(act.actor) or total < rules.least_acts:
            return
        actors = sum(1 for count in counts.values() if count)
        yield _found(
            act,
            FIRST_TIME,
            f"{act.actor} acts on {act.environment} for the first time in {rules.window_days} days:"
            f" {total} acts there were by {actors} others",
            (("acts_of_others", total), ("others", actors), ("window_days", rules.window_days)),
        )


def _subjects(act: Act) -> list[str]:
    project = act.project if act.project not in {None, PLACE} else None
    return [act.actor, *([f"project {project}"] if project else [])]


def _is_on_production(act: Act, rules: Anomalies) -> bool:
    place = act.environment
    return act.kind in ON_PRODUCTION and place is not None and any(fnmatchcase(place, g) for g in rules.first_time)


def _found(act: Act, rule: str, summary: str, measures: tuple[tuple[str, int], ...]) -> Found:
    return Found(
        rule=rule,
        about=act.seq,
        summary=summary,
        measures=measures,
        principal=act.actor,
        project=act.project,
        environment=act.environment,
    )
