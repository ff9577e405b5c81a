"""How risky a change is: a table of facts, each with its points and its reason, over what the change really does.

The level is the higher of what the points say and what the requester (or the template) declared. Nothing here
reads anything: what is seen is handed over, and the same sight gives the same level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from store.domain import events as ev
from store.domain.change import Change, higher
from store.domain.diff.model import Change as How
from store.domain.impact import Code
from store.domain.policy.expressions import compiled
from store.domain.seen import Seen, values
from store.domain.windows import is_open, next_open
from store.errors import Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

_MOST_NAMED: Final = 3
MOST_FACTS: Final = 24
"""Facts that an entry keeps: it stays below 64 KiB whatever the names in them."""
_MOST_WORDS: Final = 300
_MOST_OWNERS: Final = 20


Fact = Callable[[Seen], str | None]
"""Says why the fact holds, in words; None when it does not."""


def _code(seen: Seen) -> str | None:
    fields = [code.field for one in seen.diff.components if one.change is not How.REMOVED for code in one.code]
    return _named("code changes in", fields)


def _of(*codes: Code, kinds: Iterable[str] = ()) -> Fact:
    """Return the fact that the impact holds one of these codes (about a connector of one of these kinds)."""
    wanted = frozenset(kinds)

    def fact(seen: Seen) -> str | None:
        found = [
            one.words
            for one in seen.impact.of(*codes)
            if not wanted or (one.connector is not None and one.connector.kind in wanted)
        ]
        return _listed(found)

    return fact


def _credential(seen: Seen) -> str | None:
    changed = _of(Code.CREDENTIAL_CHANGED)(seen)
    added = _of(Code.CONNECTOR_ADDED, kinds=("credential",))(seen)
    return _listed([words for words in (changed, added) if words is not None])


def _many(seen: Seen) -> str | None:
    count, many = len(seen.touched), seen.policy.risk.many
    return f"{count} components are touched, more than {many}" if count > many else None


def _removed(seen: Seen) -> str | None:
    return _named("gone:", [one.name for one in seen.diff.components if one.change is How.REMOVED])


def _critical(seen: Seen) -> str | None:
    project = seen.change.project
    names = [name for name, called in seen.touched if seen.policy.is_critical(project, *called)]
    return _named("on the critical list:", names)


def _outside(seen: Seen) -> str | None:
    window = seen.policy.environment(seen.change.environment).gates.change_window
    if window is None or is_open(window, seen.at):
        return None
    opens = next_open(window, seen.at)
    return f"outside the change window, which opens {opens}" if opens else "outside every change window"


def _first(seen: Seen) -> str | None:
    return f"nothing of {seen.change.project} was in {seen.change.environment} before" if seen.first else None


FACTS: Final[Mapping[str, Fact]] = {
    "code_changed": _code,
    "host_added": _of(Code.CONNECTOR_ADDED, kinds=("host", "connection")),
    "credential_changed": _credential,
    "shell_or_file": _of(Code.SHELL_ADDED, Code.SHELL_CHANGED, Code.FILE_ADDED, Code.FILE_CHANGED),
    "authentication_lost": _of(Code.AUTHENTICATION_LOST),
    "endpoint_open": _of(Code.ENDPOINT_OPENED),
    "tls_off": _of(Code.TLS_OFF),
    "schedule_more_often": _of(Code.SCHEDULE_FASTER),
    "module_added": _of(Code.CONNECTOR_ADDED, kinds=("module",)),
    "module_changed": _of(Code.CONNECTOR_VERSION, Code.CONNECTOR_LICENCE),
    "permission_added": _of(Code.CONNECTOR_USED, Code.NOTICE_ADDED),
    "many_components": _many,
    "component_removed": _removed,
    "critical_component": _critical,
    "outside_window": _outside,
    "secrets_present": _of(Code.SECRET_ADDED, Code.SECRET_CHANGED),
    "first_release": _first,
}
"""The field of `FactPoints` that weighs it → the fact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """What was found, before it becomes an entry."""

    level: str
    computed: str
    declared: str
    points: int
    facts: tuple[ev.RiskPoint, ...]
    """Every fact that holds, the heaviest first."""
    owners: tuple[ev.OwnersWanted, ...] = field(default=())


def assess(seen: Seen) -> Assessment:
    """Return how risky the change is, with every point explained.

    Raises:
        Refusal: it touches components of so many different owners that no entry could name them.
    """
    facts = sorted([*_environment(seen), *_built_in(seen), *_conditions(seen)], key=lambda one: -one.points)
    points = sum(one.points for one in facts)
    computed, declared = _computed(points, seen), _declared(seen)
    level = higher(computed, declared)
    return Assessment(
        level=level,
        computed=computed,
        declared=declared,
        points=points,
        facts=tuple(facts),
        owners=_owners(seen, level),
    )


def _computed(points: int, seen: Seen) -> str:
    level, most = level_of(points, seen.policy), seen.policy.risk.first_release_at_most
    return most if seen.first and higher(level, most) == level else level


def level_of(points: int, policy: Policy) -> str:
    """Return the level that so many points make."""
    levels = policy.risk.thresholds
    for name, least in (("critical", levels.critical), ("high", levels.high), ("medium", levels.medium)):
        if points >= least:
            return name
    return "low"


def recorded(seen: Seen, assessment: Assessment, *, phase: str) -> ev.RiskAssessed:
    """Return the event that keeps an assessment."""
    change = seen.change
    return ev.RiskAssessed(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        level=assessment.level,
        computed=assessment.computed,
        declared=assessment.declared,
        points=assessment.points,
        facts=assessment.facts[:MOST_FACTS],
        owners=assessment.owners,
        policy=seen.policy.digest,
        phase=phase,
    )


def unreadable(change: Change, policy: Policy, reason: str, *, phase: str) -> ev.RiskAssessed:
    """Return the assessment of what cannot be looked at: as risky as can be, because nobody knows."""
    points = policy.risk.thresholds.critical
    return ev.RiskAssessed(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        level="critical",
        computed="critical",
        declared=change.content.risk,
        points=points,
        facts=(ev.RiskPoint(fact="unreadable", points=points, because=reason[:_MOST_WORDS]),),
        owners=(),
        policy=policy.digest,
        phase=phase,
    )


def _declared(seen: Seen) -> str:
    template = seen.policy.templates.get(seen.change.content.template)
    declared = seen.change.content.risk
    return higher(declared, template.risk) if template is not None else declared


def _environment(seen: Seen) -> Iterable[ev.RiskPoint]:
    points = seen.policy.environment(seen.change.environment).risk_points
    if points:
        yield ev.RiskPoint(fact="environment", points=points, because=f"it goes to {seen.change.environment}")


def _built_in(seen: Seen) -> Iterable[ev.RiskPoint]:
    for name, fact in FACTS.items():
        points = getattr(seen.policy.risk.points, name)
        because = fact(seen) if points else None
        if because is not None:
            yield ev.RiskPoint(fact=name.replace("_", "-"), points=points, because=because)


def _conditions(seen: Seen) -> Iterable[ev.RiskPoint]:
    for name, condition in seen.policy.risk.conditions.items():
        because = condition.because
        try:
            holds = compiled(condition.when)(values(seen))
        except Refusal as broken:
            holds, because = True, f"{condition.because} ({broken})"[:400]
        if holds:
            yield ev.RiskPoint(fact=name, points=condition.points, because=because)


def _owners(seen: Seen, level: str) -> tuple[ev.OwnersWanted, ...]:
    """Return one line for each set of owners of whom one must approve: of critical components, or of all."""
    project, policy = seen.change.project, seen.policy
    every = policy.rule(level, seen.change.environment).owners
    sets: dict[tuple[str, ...], list[str]] = {}
    for name, called in seen.touched:
        owners = tuple(sorted(policy.owners_of(project, *called)))
        if owners and (every or policy.is_critical(project, *called)):
            sets.setdefault(owners, []).append(name)
    if len(sets) > _MOST_OWNERS:
        raise Refusal(
            [f"the change touches components of {len(sets)} different sets of owners; {_MOST_OWNERS} are the most"],
            would_unblock=["split it into smaller changes"],
        )
    return tuple(
        ev.OwnersWanted(owners=owners, because=(_named("they answer for", names) or "")[:100])
        for owners, names in sets.items()
    )


def _named(words: str, names: Iterable[str]) -> str | None:
    listed = _listed(names, ", ")
    return f"{words} {listed}" if listed else None


def _listed(found: Iterable[str], between: str = "; ") -> str | None:
    """Return the first few, and how many more; None where there are none."""
    each = list(dict.fromkeys(one[:200] for one in found))
    if not each:
        return None
    more = f" and {len(each) - _MOST_NAMED} more" if len(each) > _MOST_NAMED else ""
    return (between.join(each[:_MOST_NAMED]) + more)[:_MOST_WORDS]
