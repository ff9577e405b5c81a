"""How one policy differs from another: key by key, and what becomes easier than it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from store.domain.policy.approvals import ApprovalRule
from store.domain.policy.encoding import key_of, whole
from store.domain.policy.gates import Gates
from store.domain.policy.levels import RISKS
from store.domain.policy.model import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """One key that two policies hold different values under; None where one does not have it."""

    key: str
    old: str | None
    new: str | None


def changes(old: Policy, new: Policy) -> tuple[Changed, ...]:
    """Return every key under which the two differ, sorted."""
    left, right = dict(_flat("", whole(old))), dict(_flat("", whole(new)))
    keys = sorted(key for key in {*left, *right} if left.get(key) != right.get(key))
    return tuple(Changed(key=key, old=left.get(key), new=right.get(key)) for key in keys)


def listed(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return (key, value) of everything a policy says, every default written out, sorted."""
    return tuple(sorted(_flat("", whole(policy))))


def loosened(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return in words what `new` asks less of than `old`; a policy that loosens is a change of high risk."""
    return tuple(dict.fromkeys([*_approvals(old, new), *_gates(old, new), *_limits(old, new), *_sets(old, new)]))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list):
        yield path, "[" + ", ".join(_said(item) for item in value) + "]"
    else:
        yield path, _said(value)


def _said(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{key} = {_said(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(_said(item) for item in value) + "]"
        case _:
            return str(value)


def _places(old: Policy, new: Policy) -> list[str]:
    """Return every environment either policy speaks of, and one that neither names."""
    return [*sorted({*old.environments, *new.environments}), "any other environment"]


def _approvals(old: Policy, new: Policy) -> Iterator[str]:
    for place in _places(old, new):
        for risk in RISKS:
            where = f"approvals for {risk} risk in {place}"
            yield from _rule(old.rule(risk, place), new.rule(risk, place), where)


def _rule(old: ApprovalRule, new: ApprovalRule, where: str) -> Iterator[str]:
    if new.people < old.people:
        yield f"{where}: {new.people} instead of {old.people}"
    for name in ("security", "owners", "touch", "pin"):
        if getattr(old, name) and not getattr(new, name):
            yield f"{where}: {name} is no longer asked for"
    if set(old.roles) - set(new.roles):
        yield f"{where}: no longer by {', '.join(sorted(set(old.roles) - set(new.roles)))}"
    if old.fresh_hours and not 0 < new.fresh_hours <= old.fresh_hours:
        yield f"{where}: may be older"


def _gates(old: Policy, new: Policy) -> Iterator[str]:
    for place in _places(old, new):
        before, after = old.environment(place), new.environment(place)
        for one in fields(Gates):
            name, had, has = key_of(Gates, one.name), getattr(before.gates, one.name), getattr(after.gates, one.name)
            if had is not None and has is None:
                yield f"the gate {name} no longer runs in {place}"
            elif had is not None and had != has:
                yield f"the gate {name} in {place} has other parameters"
        if before.enforce == "revert" and after.enforce != "revert":
            yield f"unauthorised changes in {place} are no longer reverted"
        if after.risk_points < before.risk_points:
            yield f"{place} weighs less"


def _limits(old: Policy, new: Policy) -> Iterator[str]:
    for name in ("requester_approves", "editor_approves", "requester_deploys", "approver_deploys",
                 "breaker_reviews", "waiver_own_request", "assignee_closes", "opener_closes"):  # fmt: skip
        if getattr(new.separation, name) and not getattr(old.separation, name):
            yield f"separation of duties: {name.replace('_', ' ')}"
    longer: list[tuple[str, int, int]] = [
        ("approvals are good for longer", old.approval_days, new.approval_days),
        ("who writes the policy waits less", -old.separation.policy_editor_hours, -new.separation.policy_editor_hours),
        ("waivers last longer", old.waivers.max_days, new.waivers.max_days),
        ("breaking glass lasts longer", old.break_glass.hours, new.break_glass.hours),
        ("breaking glass is reviewed later", old.break_glass.review_due_hours, new.break_glass.review_due_hours),
        ("breaking glass is allowed", int(old.break_glass.allowed), int(new.break_glass.allowed)),
        ("more components than before are not many", old.risk.many, new.risk.many),
        ("the policy is reviewed less often", *_seldom(old.review_every_days, new.review_every_days)),
        (
            "connectors are reviewed less often",
            *_seldom(old.connector_review_every_days, new.connector_review_every_days),
        ),
        ("approvals need no touched key", -int(old.approval_touch), -int(new.approval_touch)),
        ("approvals need no PIN", -int(old.approval_pin), -int(new.approval_pin)),
    ]
    for severity, days in old.findings.due_days.items():
        later = new.findings.due_days.get(severity, days)
        longer.append((f"findings of severity {severity} may stand longer", days, later))
    was, now = (RISKS.index(policy.risk.first_release_at_most) for policy in (old, new))
    longer.append(("a first release computes to less at most", -was, -now))
    for level in ("medium", "high", "critical"):
        was, now = (getattr(policy.risk.thresholds, level) for policy in (old, new))
        longer.append((f"more points than before are needed for {level} risk", was, now))
    for one in fields(old.risk.points):
        was, now = (getattr(policy.risk.points, one.name) for policy in (old, new))
        longer.append((f"the fact {one.name.replace('_', '-')} weighs less", -was, -now))
    yield from (words for words, was, now in longer if now > was)


def _seldom(was: int, now: int) -> tuple[int, int]:
    """Return two numbers of days in the order of how seldom they are; 0 days mean never."""
    return was or 10**6, now or 10**6


def _sets(old: Policy, new: Policy) -> Iterator[str]:
    """Yield what is missing from, or was added to, a set that guards."""
    lost: list[tuple[str, set[str]]] = [
        ("no longer to be stated", {*old.mandatory} - {*new.mandatory}),
        ("no longer critical", {*old.risk.critical} - {*new.risk.critical}),
        ("conditions changed or gone", _differing(old.conditions, new.conditions)),
        ("risk conditions changed or gone", _differing(old.risk.conditions, new.risk.conditions)),
        ("owners changed or gone", _differing(old.owners, new.owners)),
        ("templates changed or gone", _differing(old.templates, new.templates)),
        ("may be waived now", {*old.waivers.never} - {*new.waivers.never}),
        ("may waive now", {*new.waivers.roles} - {*old.waivers.roles}),
        ("may break glass now", {*new.break_glass.roles} - {*old.break_glass.roles}),
        ("glass may be broken in", {*new.break_glass.environments} - {*old.break_glass.environments}),
        ("may review broken glass now", {*new.break_glass.reviewers} - {*old.break_glass.reviewers}),
    ]
    yield from (f"{words}: {', '.join(sorted(names))}" for words, names in lost if names)


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    return {name for name, value in old.items() if new.get(name) != value}
