"""Whose yes counts for a request, and what is still missing: separation of duties, roles, owners, freshness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp
from store.domain.change import Approval, Change, Tick
from store.domain.enrolment import listed
from store.domain.gates.wanted import binds_approval, wanted
from store.domain.policy.in_force import PLACE, InForce
from store.domain.roles import Principal, Principals, able, holds, require, why_not
from store.domain.templates import left, template_of
from store.domain.waiting import may_approve, require_approver
from store.errors import BadInput, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import ApprovalRule, Policy

SEPARATION: Final = "separation of duties"
UNTICKED: Final = "not ticked on the checklist: "
"""So begins the reason for every item of a checklist that is to be ticked first."""


def check_approver(change: Change, *, actor: str, people: Principals, rules: InForce, at: str) -> None:
    """Raise Refusal with every reason why `actor` may not approve this request now."""
    reasons: list[str] = []
    unblock: list[str] = []
    barred = barred_from_approving(change, actor, rules, at)
    if barred:
        reasons.append(barred)
    try:
        require_approver(change, actor, people=people, policy=rules.policy, at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
    if any(one.actor == actor for one in counted(change, people=people, policy=rules.policy, at=at)):
        reasons.append(f"{actor} has approved {change.id} already: one person is one approval")
    if reasons:
        others = who_could_approve(change, people=people, rules=rules, at=at)
        unblock.append(f"{others} could do it" if others else "somebody else with the role approver decides")
    if change.state not in {"in review", "approved"}:
        reasons.append(f"{change.id} is {change.state}: only a submitted request can be approved")
    gates = gates_against(change, rules.policy)
    for gate in gates:
        reasons.append(f"the gate {gate} failed: {change.gates[gate].reason}")
        unblock.append(change.gates[gate].unblock or f"make {gate} pass")
    if gates:
        unblock.append(f"then, or where that is done already: quarterdeck gate run {change.id}")
    unticked, how = _unticked(change, people, rules)
    reasons += unticked
    unblock += how
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def gates_against(change: Change, policy: Policy) -> list[str]:
    """Return the gates that `policy` asks for, failed, are not waived, and that an approver has to wait for."""
    place = {"project": change.project, "environment": change.environment}
    asked = change.gates if change.environment == PLACE else wanted(policy, **place)
    return sorted(
        gate for gate, run in change.gates.items() if gate in asked and run.stands_in_the_way and binds_approval(gate)
    )


def barred_from_approving(change: Change, actor: str, rules: InForce, at: str) -> str | None:
    """Return which duty of `actor` stands against their approval of this request, None when none does."""
    duties = rules.policy.separation
    opened, edited = actor == change.requester, actor in change.editors[1:]
    if opened and (not duties.requester_approves or change.environment == PLACE):
        return f"{SEPARATION}: {actor} requested {change.id} and cannot approve it"
    if edited and (not duties.editor_approves or change.environment == PLACE):
        return f"{SEPARATION}: {actor} edited {change.id} and cannot approve it"
    if actor in change.vouched and not duties.requester_approves:
        return f"{SEPARATION}: {actor} handed in {change.id}, which a dropped file opened, and cannot approve it"
    until = rules.cools_until(actor, at)
    if until is not None:
        return (
            f"{SEPARATION}: {actor} wrote the policy in force ({rules.request}, entry {rules.seq}) and cannot"
            f" approve under it before {until}"
        )
    return None


def counted(
    change: Change, *, people: Principals, policy: Policy, at: str, lapses: bool = True
) -> tuple[Approval, ...]:
    """Return the approvals that count at the instant `at`: none void, expired, stale, barred, or of who may no more.

    A role that ended, was revoked or is suspended since takes the approval along; with the role it comes back.
    Without `lapses` they are counted as before that was asked: only a suspended giver takes theirs along.
    """
    rule = policy.rule(change.level, change.environment)
    standing = InForce(policy=policy)  # who wrote the policy was asked when the approval was given, and is in `doubts`
    return tuple(
        one
        for one in change.good_approvals
        if at < one.not_after
        and _is_fresh(one, rule, at)
        and barred_from_approving(change, one.actor, standing, at) is None
        and _stands(change, one, people, policy, at, lapses=lapses)
    )


def _stands(
    change: Change, approval: Approval, people: Principals, policy: Policy, at: str, *, lapses: bool = True
) -> bool:
    """Say whether its giver could give it at the instant `at`, by whatever role; without `lapses`: is not suspended.

    Whether they could when they gave it is asked of the approval itself (`vouching`).
    """
    if lapses:
        return may_approve(change, approval.actor, people=people, policy=policy, at=at)
    return people.by_handle.get(approval.actor, Principal(handle=approval.actor)).suspended(at) is None


def _lapsed(change: Change, people: Principals, policy: Policy, at: str) -> list[str]:
    """Return in words which approvals do not count because their givers could not give them any more, and why."""
    place = {"project": change.project, "environment": change.environment}
    return [
        f"the approval of {one.actor} (entry {one.seq}) does not count now:"
        f" {why_not(people.by_handle.get(one.actor, Principal(handle=one.actor)), 'approve', **place, at=at)}"
        for one in change.good_approvals
        if not _stands(change, one, people, policy, at)
    ]


def approvals_missing(
    change: Change, *, people: Principals, policy: Policy, at: str, also: str | None = None, lapses: bool = True
) -> list[str]:
    """Return in words which approvals are still missing for this digest; empty when the rule is met.

    `also` counts one more person, as if they had approved. `lapses`: as for `counted`.
    """
    rule = policy.rule(change.level, change.environment)
    good = [one.actor for one in counted(change, people=people, policy=policy, at=at, lapses=lapses)]
    if also is not None and also not in good:
        good.append(also)
    missing = []
    if len(good) < rule.people:
        missing.append(f"{len(good)} of {rule.people} approvals for risk {change.level}")
    if rule.security and not _holders(change, people, good, "security-approver", at):
        missing.append("no approval by a security-approver")
    if rule.roles and not _different(rule.roles, [_holders(change, people, good, role, at) for role in rule.roles]):
        missing.append(f"no approvals by different holders of {', '.join(rule.roles)}")
    missing += owners_missing(change, good)
    return [*missing, *_lapsed(change, people, policy, at), *change.gone] if missing else []


def owners_missing(change: Change, approvers: Iterable[str]) -> list[str]:
    """Return in words which owners of what is touched are not among the approvers and have to be."""
    wanted = change.risk.owners if change.risk is not None else ()
    present = set(approvers)
    return [f"no approval by {' or '.join(one.owners)}: {one.because}" for one in wanted if not present & {*one.owners}]


def check_deployable(
    change: Change,
    *,
    actor: str,
    people: Principals,
    rules: InForce,
    at: str,
    frozen: str | None,
    quarantined: str | None,
    glass: bool = False,
) -> None:
    """Raise Refusal with every reason why this request cannot be deployed by `actor` now.

    With `glass` broken for it, what stands against it for want of approvals does not count (`unapproved` says what).
    """
    reasons, unblock = ([], []) if glass else unapproved(change, actor=actor, people=people, rules=rules, at=at)
    if change.state not in {"in review", "approved", "deploying"}:
        reasons.append(f"{change.id} is {change.state}: only an approved request can be deployed")
    if frozen is not None:
        reasons.append(f"{change.environment} is frozen: {frozen}")
        unblock.append(f"quarterdeck freeze {change.environment} --lift --reason …")
    if quarantined is not None:
        reasons.append(f"the release {change.target.release[:12]} is in quarantine: {quarantined}")
        unblock.append("an admin lifts the quarantine with a reason: quarterdeck quarantine lift")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def unapproved(
    change: Change, *, actor: str, people: Principals, rules: InForce, at: str
) -> tuple[list[str], list[str]]:
    """Return what stands against a deployment by `actor` that broken glass lets pass, and what would unblock it."""
    reasons: list[str] = []
    unblock: list[str] = []
    try:
        require(people, actor, "deploy", project=change.project, environment=change.environment, at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
    barred = _barred_from_deploying(change, actor, rules.policy)
    if barred:
        reasons.append(barred)
    if reasons:
        others = able(people, "deploy", project=change.project, environment=change.environment, at=at)
        free = [one for one in others if _barred_from_deploying(change, one, rules.policy) is None]
        unblock.append(f"{listed(free)} could do it" if free else "an admin makes somebody else operator")
    if change.state in {"in review", "approved", "deploying"}:
        missing = approvals_missing(change, people=people, policy=rules.policy, at=at)
        reasons += [f"not approved: {what}" for what in missing]
        if missing:
            unblock.append(approve_it(change, people=people, rules=rules, at=at))
    return reasons, unblock


def approve_it(change: Change, *, people: Principals, rules: InForce, at: str) -> str:
    """Return the command that brings a missing approval, and who could run it now."""
    others = who_could_approve(change, people=people, rules=rules, at=at)
    return f"quarterdeck approve {change.id}, by {others or 'somebody who neither opened nor edited it'}"


def free_to_approve(change: Change, *, people: Principals, rules: InForce, at: str) -> list[str]:
    """Return who may approve, is barred by no duty, and has not approved yet, sorted."""
    done = {one.actor for one in counted(change, people=people, policy=rules.policy, at=at)}
    return [
        one
        for one in sorted(people.by_handle)
        if one not in done
        and may_approve(change, one, people=people, policy=rules.policy, at=at)
        and barred_from_approving(change, one, rules, at) is None
    ]


def who_could_approve(change: Change, *, people: Principals, rules: InForce, at: str) -> str:
    """Return in words who is free to approve; empty when nobody is left."""
    return listed(free_to_approve(change, people=people, rules=rules, at=at))


def good_ticks(change: Change, people: Principals, rules: InForce) -> tuple[Tick, ...]:
    """Return the ticks of the checklist that count: by somebody who could approve the request when they made it."""
    return tuple(
        one
        for one in change.ticks
        if barred_from_approving(change, one.actor, rules, one.at) is None
        and may_approve(change, one.actor, people=people, policy=rules.policy, at=one.at)
    )


def _unticked(change: Change, people: Principals, rules: InForce) -> tuple[list[str], list[str]]:
    """Return which items of the checklist stand against an approval, and what would unblock that."""
    try:
        template = template_of(change.content, change.environment, rules.policy)
    except BadInput as gone:
        return [str(gone)], [f"quarterdeck request edit {change.id} --from-template …"]
    if template is None or not template.ticked_first:
        return [], []
    items = left(template, [one.item for one in good_ticks(change, people, rules)])
    reasons = [f"{UNTICKED}{item}" for item in items]
    return reasons, [f"quarterdeck request tick {change.id} NUMBER, for each that holds"] if items else []


def _barred_from_deploying(change: Change, actor: str, policy: Policy) -> str | None:
    duties = policy.separation
    if not duties.requester_deploys and actor in {*change.editors, *change.vouched}:
        return f"{SEPARATION}: {actor} requested or edited {change.id} and cannot deploy it"
    if not duties.approver_deploys and any(one.actor == actor for one in change.good_approvals):
        return f"{SEPARATION}: {actor} approved {change.id} and cannot deploy it"
    return None


def _is_fresh(approval: Approval, rule: ApprovalRule, at: str) -> bool:
    if not rule.fresh_hours:
        return True
    try:
        return parse_timestamp(at) < parse_timestamp(approval.at) + timedelta(hours=rule.fresh_hours)
    except (ValueError, OverflowError):
        return False


def _holders(change: Change, people: Principals, names: Iterable[str], role: str, at: str) -> list[str]:
    place = {"project": change.project, "environment": change.environment}
    known = people.by_handle
    return [name for name in names if name in known and holds(known[name], role, **place, at=at)]


def _different(roles: Sequence[str], holders: Sequence[Sequence[str]]) -> bool:
    """Say whether each role can be given to a different one of its holders (a matching, by augmenting paths)."""
    given: dict[str, int] = {}

    def give(role: int, tried: set[str]) -> bool:
        for name in holders[role]:
            if name not in tried:
                tried.add(name)
                if name not in given or give(given[name], tried):
                    given[name] = role
                    return True
        return False

    return all(give(role, set()) for role in range(len(roles)))
