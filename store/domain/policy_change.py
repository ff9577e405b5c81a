"""The rules by which the rules change: as any request, under the policy in force, and never into a dead end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.domain import events as ev
from store.domain.approving import approvals_missing, approve_it
from store.domain.change import Change, higher
from store.domain.policy.in_force import PLACE, InForce
from store.domain.roles import Principals, able, holds, require
from store.errors import BadInput, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.model import Policy

GATE: Final = "policy-sound"
_MOST_WORDS: Final = 12


def assessed(request: str, digest: str, declared: str, old: Policy, loosens: tuple[str, ...]) -> ev.RiskAssessed:
    """Return the risk of a change of the policy: medium, and high when anything becomes easier than before."""
    levels = old.risk.thresholds
    computed = "high" if loosens else "medium"
    facts = [ev.RiskPoint(fact="policy-changed", points=levels.medium, because="the rules themselves change")]
    if loosens:
        more = f" and {len(loosens) - _MOST_WORDS} more" if len(loosens) > _MOST_WORDS else ""
        words = "; ".join(loosens[:_MOST_WORDS]) + more
        facts.append(ev.RiskPoint(fact="policy-loosened", points=levels.high - levels.medium, because=words[:2000]))
    return ev.RiskAssessed(
        request=request,
        project=PLACE,
        environment=PLACE,
        digest=digest,
        level=higher(declared, computed),
        computed=computed,
        declared=declared,
        points=sum(fact.points for fact in facts),
        facts=tuple(facts),
        owners=(),
        policy=old.digest,
        phase="submit",
    )


def dead_end(old: Policy, new: Policy, people: Principals, at: str) -> str | None:
    """Return why nobody could change the policy again after `new`, though they could before; None when they can."""
    for risk in ("medium", "high"):
        if _reachable(old, risk, people, at) and not _reachable(new, risk, people, at):
            rule = new.rule(risk, PLACE)
            return (
                f"under it a policy change of {risk} risk needs {rule.people} approvals"
                f"{' with a security-approver' if rule.security else ''}, and the people enrolled now could not"
                " give them: the policy could never be changed again"
            )
    return None


def check_adoptable(
    change: Change, proposed: ev.PolicyProposed, *, actor: str, people: Principals, rules: InForce, at: str
) -> None:
    """Raise Refusal with every reason why `actor` cannot bring the proposed policy into force now."""
    if change.environment != PLACE:
        raise BadInput(f"{change.id} changes {change.environment}, not the policy: quarterdeck deploy {change.id}")
    reasons: list[str] = []
    unblock: list[str] = []
    try:
        require(people, actor, "adopt a policy", at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
        unblock += refusal.would_unblock
    if change.state not in {"in review", "approved"}:
        reasons.append(f"{change.id} is {change.state}: only an approved policy can be adopted")
    else:
        missing = approvals_missing(change, people=people, policy=rules.policy, at=at)
        reasons += [f"not approved: {what}" for what in missing]
        if missing:
            unblock.append(approve_it(change, people=people, rules=rules, at=at))
    reasons += [f"the gate {name} failed: {run.reason}" for name, run in change.gates.items() if not run.passed]
    if proposed.previous != rules.policy.digest:
        reasons.append(
            f"another policy came into force since {change.id} was proposed (entry {rules.seq}): its approvers"
            " compared it with the one before"
        )
        unblock.append("withdraw it and propose it again: quarterdeck policy propose")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def _reachable(policy: Policy, risk: str, people: Principals, at: str) -> bool:
    """Say whether somebody could propose and enough others approve a change of the policy."""
    rule = policy.rule(risk, PLACE)
    place = {"project": PLACE, "environment": PLACE, "at": at}
    approvers = able(people, "approve", **place)
    for proposer in able(people, "open a request", **place):
        others = [one for one in approvers if one != proposer]
        security = any(holds(people.by_handle[one], "security-approver", **place) for one in others)
        roles = all(any(holds(people.by_handle[one], role, **place) for one in others) for role in rule.roles)
        if len(others) >= rule.people and (security or not rule.security) and roles:
            return True
    return False
