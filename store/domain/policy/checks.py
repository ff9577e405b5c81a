"""What no single field shows: rules of a policy that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from store.domain.events import EVENTS
from store.domain.policy.approvals import ApprovalRule
from store.domain.policy.environments import EnvironmentRules
from store.domain.policy.levels import RISKS
from store.domain.policy.model import Policy
from store.domain.policy.positions import Path
from store.domain.policy.trial import doubts


def contradictions(policy: Policy) -> Iterator[tuple[Path, str]]:
    """Yield (path, what is wrong) for everything in `policy` that cannot be meant."""
    for level in RISKS:
        if level not in policy.approvals:
            yield ("approvals",), f"there is no rule for {level}: a level without a rule is never allowed"
    for level, rule in policy.approvals.items():
        yield from _rule(("approvals", level), rule)
    yield from _thresholds(policy)
    for name, rules in policy.environments.items():
        yield from _environment(policy, name, rules)
    for glob, handles in policy.owners.items():
        if not handles:
            yield ("owners", glob), "name at least one principal"
    if policy.break_glass.allowed and not (policy.break_glass.hours and policy.break_glass.review_due_hours):
        yield ("break_glass",), "hours and review_due_hours must be at least 1 where breaking glass is allowed"
    yield from _notifications(policy)
    yield from _conditions(policy)


def _rule(path: Path, rule: ApprovalRule) -> Iterator[tuple[Path, str]]:
    if len(rule.roles) > rule.people:
        yield (*path, "roles"), f"{len(rule.roles)} different holders of roles cannot be among {rule.people} people"
    if rule.escalate_to and not rule.deadline_hours:
        yield (*path, "escalate_to"), "it needs deadline_hours"


def _notifications(policy: Policy) -> Iterator[tuple[Path, str]]:
    for name, one in policy.notifications.items():
        if not one.channels:
            yield ("notifications", name, "channels"), "name at least one channel"
        for i, glob in enumerate(one.events):
            if not any(fnmatchcase(kind, glob) for kind in EVENTS):
                near = ", ".join(get_close_matches(glob, EVENTS, n=3)) or "approval.*, glass.*, drift.*, …"
                yield ("notifications", name, "events", str(i)), f"no kind of entry is called {glob!a}: try {near}"


def _conditions(policy: Policy) -> Iterator[tuple[Path, str]]:
    for name, one in policy.conditions.items():
        yield from ((("conditions", name, "require"), words) for words in doubts(one.require))
    for name, adds in policy.risk.conditions.items():
        found = doubts(adds.when, without=("risk",))
        yield from ((("risk", "conditions", name, "when"), words) for words in found)


def _thresholds(policy: Policy) -> Iterator[tuple[Path, str]]:
    levels = policy.risk.thresholds
    if not 0 < levels.medium < levels.high < levels.critical:
        yield ("risk", "thresholds"), "medium, high and critical must rise, from 1 on"


def _environment(policy: Policy, name: str, rules: EnvironmentRules) -> Iterator[tuple[Path, str]]:
    path = ("environments", name)
    for level, rule in rules.approvals.items():
        yield from _rule((*path, "approvals", level), rule)
    if rules.baseline is not None and name in _line(policy, name):
        yield (*path, "baseline"), f"{name} would come before itself"
    promoted = rules.gates.promoted_from
    if promoted is not None and promoted.environment is None and rules.baseline is None:
        yield (*path, "gates", "promoted-from"), "name an environment here, or the baseline"
    window = rules.gates.change_window
    if window is None:
        return
    for i, one in enumerate(window.windows):
        if one.start == one.end:
            yield (*path, "gates", "change-window", "windows", str(i)), "it ends when it begins"


def _line(policy: Policy, name: str) -> list[str]:
    """Return the baselines before an environment, the nearest first; it ends where they go round."""
    found: list[str] = []
    one = policy.environment(name).baseline
    while one is not None and one not in found:
        found.append(one)
        one = policy.environment(one).baseline
    return found
