"""Two places at once: one person, two keys, within minutes. The ledger records keys and no hosts, so keys it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from store.domain.anomalies.found import TWO_PLACES, Act, Found

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Anomalies


class Keys:
    """When each person last used each key."""

    def __init__(self) -> None:
        self._used: dict[str, dict[str, datetime]] = {}
        self._said: set[tuple[str, frozenset[str], date]] = set()

    def judge(self, act: Act, rules: Anomalies) -> Iterator[Found]:
        """Yield a finding where `act` is signed with another key than one of the same person moments ago."""
        for key, last in self._used.get(act.actor, {}).items():
            apart = abs((act.at - last).total_seconds())
            pair = (act.actor, frozenset({key, act.key}), act.at.date())
            if not act.key or key == act.key or apart > rules.two_places_minutes * 60 or pair in self._said:
                continue
            self._said = {one for one in self._said if one[2] == act.at.date()} | {pair}
            yield Found(
                rule=TWO_PLACES,
                about=act.seq,
                summary=f"{act.actor} acted with {act.key[:19]}… {int(apart)} s after acting with {key[:19]}…",
                measures=(("seconds_apart", int(apart)), ("minutes_least", rules.two_places_minutes)),
                principal=act.actor,
                project=act.project,
                environment=act.environment,
            )

    def learn(self, act: Act, rules: Anomalies) -> None:
        """Remember the key, and forget those that were used too long ago to matter."""
        if act.key:
            used = self._used.setdefault(act.actor, {})
            limit = rules.two_places_minutes * 60
            for key in [one for one, last in used.items() if (act.at - last).total_seconds() > limit]:
                del used[key]
            used[act.key] = act.at
