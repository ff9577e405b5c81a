"""Whose word stands on whose: a yes by somebody whom the very person it was for enrolled, or gave the role or the key.

Whoever manages principals can enrol a second self and let it say yes. No rule can tell that from a colleague, so
nothing is refused here: it is said, with the numbers, and somebody looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.anomalies.found import STANDING, Act, Found
from store.domain.policy.in_force import PLACE

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Anomalies


@dataclass(frozen=True, kw_only=True, slots=True)
class Gift:
    """A key or a role of somebody: from whom, since when."""

    by: str
    at: datetime
    seq: int
    key: str = ""
    """The line of a key; empty for a role."""
    grant: ev.Grant | None = None

    @property
    def is_admin(self) -> bool:
        """Say whether it lets its holder enrol others."""
        return self.grant is not None and self.grant.role == "admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Yes:
    """A word that only somebody else may give: what it was for, and on what it stands."""

    whose: tuple[str, ...]
    """Who opened or edited what it was for, or broke the glass."""
    did: str
    """What was done, as the middle of a sentence: `approved CR-0001 of`."""
    key: str
    """The line of the key that it is signed with."""
    roles: Collection[str]
    """The roles that let somebody do it."""


class Standing:
    """From whom everybody has their keys and roles, entry by entry."""

    def __init__(self) -> None:
        self._gifts: dict[str, tuple[Gift, ...]] = {}
        self._said: set[tuple[str, str, datetime]] = set()

    def learn(self, record: ev.Recorded) -> None:
        """Take in one entry of the kinds that say who is who; one whose time nobody can read is as old as can be."""
        match record.event:
            case ev.PrincipalAdded(principal=handle, keys=keys, grants=grants):
                gifts = [_gift(record, key=key) for key in keys] + [_gift(record, grant=grant) for grant in grants]
                self._gifts[handle] = tuple(gifts)
            case ev.KeyAdded(principal=handle, key=key):
                self._gifts[handle] = (*self._of(handle), _gift(record, key=key))
            case ev.RoleGranted(principal=handle, grant=grant):
                self._gifts[handle] = (*self._of(handle), _gift(record, grant=grant))
            case ev.KeyRevoked(principal=handle, key=key):
                self._gifts[handle] = tuple(one for one in self._of(handle) if one.key != key)
            case ev.RoleRevoked(principal=handle, grant=grant):
                self._gifts[handle] = tuple(one for one in self._of(handle) if one.grant != grant)
            case _:
                pass

    def judge(self, act: Act, yes: Yes, rules: Anomalies) -> Iterator[Found]:
        """Yield a finding where `yes` stands on whom it was for: by what they gave lately, or by nothing else."""
        for owner in sorted({*yes.whose} - {act.actor}):
            keys = [one for one in self._of(act.actor) if one.key and one.key == yes.key]
            roles = [one for one in self._of(act.actor) if one.grant is not None]
            needed = [one for one in roles if one.grant is not None and one.grant.role in yes.roles] or roles
            lately = self._lately(owner, keys, act, rules) or self._lately(owner, needed, act, rules)
            if lately:
                yield _found(act, yes, owner, lately, rules)
            elif roles and {one.by for one in roles} == {owner} and self._is_news(act, owner, rules):
                yield _found(act, yes, owner, roles, rules)

    def _of(self, handle: str) -> tuple[Gift, ...]:
        return self._gifts.get(handle, ())

    def _lately(self, owner: str, gifts: Sequence[Gift], act: Act, rules: Anomalies) -> list[Gift]:
        """Return the shortest chain of gifts, all of them young, from who acts to `owner`, where every gift has one.

        Who has the same from somebody else too, or has had it for long, does not stand on `owner` for it.
        """
        known: dict[str, list[Gift]] = {}

        def chain(gift: Gift) -> list[Gift]:
            if _days(act, gift) > rules.enrolled_days:
                return []
            if gift.by == owner:
                return [gift]
            if gift.by not in known:
                known[gift.by] = []  # in a circle nobody stands on `owner`
                known[gift.by] = shortest([one for one in self._of(gift.by) if one.is_admin and one.by != gift.by])
            return [gift, *known[gift.by]] if known[gift.by] else []

        def shortest(all_of_them: Sequence[Gift]) -> list[Gift]:
            chains = [chain(one) for one in all_of_them]
            return min(chains, key=len) if chains and all(chains) else []

        return shortest(gifts)

    def _is_news(self, act: Act, owner: str, rules: Anomalies) -> bool:
        """Say whether that was not told of these two within the window: in a team of one admin it is so every day."""
        pair = (act.actor, owner)
        self._said = {one for one in self._said if (act.at - one[2]).days <= rules.window_days}
        if any(one[:2] == pair for one in self._said):
            return False
        self._said.add((*pair, act.at))
        return True


def _gift(record: ev.Recorded, *, key: str = "", grant: ev.Grant | None = None) -> Gift:
    try:
        at = parse_timestamp(record.time)
    except (ValueError, OverflowError):
        at = _EVER
    return Gift(by=record.actor, at=at, seq=record.seq, key=key, grant=grant)


_EVER: Final = parse_timestamp("1970-01-01T00:00:00Z")


def _days(act: Act, gift: Gift) -> int:
    return max((act.at - gift.at).days, 0)


def _found(act: Act, yes: Yes, owner: str, gifts: Sequence[Gift], rules: Anomalies) -> Found:
    first, days = gifts[0], _days(act, gifts[0])
    young = days <= rules.enrolled_days
    what = "their key" if first.key else "their roles" if len(gifts) > 1 and not young else "that role"
    hands = len(gifts) - 1 if young else 0
    by = owner if not hands else f"{first.by}, who has theirs{' by other hands' if hands > 1 else ''} from {owner}"
    only = "" if young else ", and from nobody else"
    measures = (("days", days), ("entry", first.seq), ("hands_between", hands), ("days_most", rules.enrolled_days))
    return Found(
        rule=STANDING,
        about=act.seq,
        summary=f"{act.actor} {yes.did} {owner}, and got {what} from {by} {days} days before (entry {first.seq}){only}",
        measures=measures,
        principal=act.actor,
        project=act.project,
        environment=act.environment,
        also=tuple(sorted({owner, *(one.by for one in gifts)} - {act.actor})),
        severity=_severity(act.environment, rules) if young else "info",
    )


def _severity(environment: str | None, rules: Anomalies) -> str:
    """Say how bad a young gift is: worse on production, and where the rules themselves are changed."""
    heavy = environment == PLACE or any(fnmatchcase(environment or "", glob) for glob in rules.first_time)
    return "high" if heavy else ""
