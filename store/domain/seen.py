"""What a request does, gathered once: what the risk engine, gates and conditions look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.change import Change
from store.domain.component import Json
from store.domain.diff.model import Change as How
from store.domain.diff.model import ComponentChange, Diff
from store.domain.impact import Code, Impact
from store.domain.policy.levels import WEEKDAYS

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What there is to see of a request when its risk is weighed."""

    change: Change
    policy: Policy
    diff: Diff
    impact: Impact
    at: str
    first: bool = False
    """Nothing of the project was in the environment before."""
    names_before: Mapping[str, str] = field(default_factory=dict)
    """Component id → what it was called before, so that a new name hides nothing from its owners."""
    approvers: tuple[str, ...] = ()
    """Handles of those whose approvals count."""

    @property
    def touched(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(name, every id and name it goes or went by) of each component whose behaviour differs."""
        return tuple((one.name, self._called(one)) for one in self.diff.components if one.change is not How.NOISE)

    def _called(self, one: ComponentChange) -> tuple[str, ...]:
        ids = [one.id] if one.old_id is None else [one.id, one.old_id]
        before = [self.names_before[part] for part in ids if part in self.names_before]
        return tuple(dict.fromkeys([*ids, one.name, *before]))


def values(seen: Seen, assessed: ev.RiskAssessed | None = None) -> Mapping[str, Json]:
    """Return what a condition may speak of (`expressions.VARIABLES`); without `assessed` there is no `risk` yet."""
    change, at = seen.change, parse_timestamp(seen.at)
    shown: dict[str, Json] = {
        "request": {
            "id": change.id,
            "project": change.project,
            "environment": change.environment,
            "title": change.content.title,
            "template": change.content.template,
            "requester": change.requester,
            "declared": change.content.risk,
        },
        "change": {
            "components": [*(name for name, _ in seen.touched)],
            "kinds": [*sorted({one.kind for one in seen.diff.components if one.change is not How.NOISE})],
            "added": seen.diff.count(How.ADDED),
            "removed": seen.diff.count(How.REMOVED),
            "changed": seen.diff.count(How.CHANGED) + seen.diff.count(How.RENAMED),
            "code": any(one.code for one in seen.diff.components),
            "hosts": _added(seen, "host"),
            "modules": _added(seen, "module"),
        },
        "release": {
            "digest": change.target.release,
            "files": change.target.files,
            "components": change.target.components,
        },
        "now": {
            "year": at.year,
            "month": at.month,
            "day": at.day,
            "hour": at.hour,
            "minute": at.minute,
            "weekday": WEEKDAYS[at.weekday()],
        },
        "approvers": list(seen.approvers),
    }
    if assessed is not None:
        facts: list[Json] = [one.fact for one in assessed.facts]
        shown["risk"] = {"level": assessed.level, "points": assessed.points, "facts": facts}
    return shown


def _added(seen: Seen, kind: str) -> list[Json]:
    links = (one.connector for one in seen.impact.of(Code.CONNECTOR_ADDED))
    return [link.name for link in links if link is not None and link.kind == kind]
