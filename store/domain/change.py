"""The change request: its life folded from its own entries, and the rules of each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Final

from store.domain import events as ev
from store.domain.policy import RISKS, Policy
from store.domain.roles import Principals, holds, require
from store.errors import BadInput, NotFound, Refusal
from store.integrity.canonical import canonical_bytes

OPEN_STATES: Final = ("draft", "in review", "approved")
SEPARATION = "separation of duties"


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One person's yes, and the request digest it was given for."""

    actor: str
    digest: str
    seq: int
    not_after: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change request as of its last entry."""

    id: str
    project: str
    environment: str
    requester: str
    editors: tuple[str, ...]
    content: ev.RequestContent
    target: ev.ReleaseRef
    digest: str
    state: str
    approvals: tuple[Approval, ...] = ()
    gates: Mapping[str, ev.GateEvaluated] = field(default_factory=dict)
    deployment: str | None = None
    base: str | None = None

    @property
    def good_approvals(self) -> tuple[Approval, ...]:
        """The approvals given for exactly this digest, one per person, none by who opened or edited it."""
        people = {a.actor: a for a in self.approvals if a.digest == self.digest and a.actor not in self.editors}
        return tuple(people.values())


def request_digest(
    request: str, project: str, environment: str, content: ev.RequestContent, target: ev.ReleaseRef
) -> str:
    """Return the request digest: SHA-256 over everything an approver decides on."""
    plain = {
        "request": request,
        "project": project,
        "environment": environment,
        "content": asdict(content),
        "release": target.release,
        "manifest": target.manifest,
    }
    return sha256(canonical_bytes(plain)).hexdigest()


def replay(request: str, recorded: Iterable[ev.Recorded]) -> Change:
    """Return the change request after its entries, oldest first.

    Raises:
        NotFound: there is no such request.
    """
    change: Change | None = None
    for record in recorded:
        change = _step(change, record)
    if change is None:
        raise NotFound(f"there is no request {request}")
    return change


def _step(change: Change | None, record: ev.Recorded) -> Change | None:
    event = record.event
    if isinstance(event, ev.RequestOpened):
        return Change(
            id=event.request,
            project=event.project,
            environment=event.environment,
            requester=record.actor,
            editors=(record.actor,),
            content=event.content,
            target=event.target,
            digest=event.digest,
            state="draft",
            base=event.base,
        )
    if change is None:
        return None
    match event:
        case ev.RequestEdited():
            return replace(
                change,
                content=event.content,
                target=event.target,
                digest=event.digest,
                base=event.base,
                state="draft",
                gates={},
                approvals=(),  # void for good: editing back to what was approved does not bring them back
                editors=(*change.editors, record.actor),
            )
        case ev.RequestSubmitted():
            return replace(change, state="in review")
        case ev.RequestWithdrawn():
            return replace(change, state="withdrawn")
        case ev.GateEvaluated():
            return replace(change, gates={**change.gates, event.gate: event})
        case ev.ApprovalGranted():
            approval = Approval(
                actor=record.actor,
                digest=event.digest,
                seq=record.seq,
                not_after=event.not_after,
                note=event.note,
            )
            state = "approved" if event.complete else change.state
            return replace(change, approvals=(*change.approvals, approval), state=state)
        case ev.ApprovalRefused():
            return replace(change, state="refused")
        case ev.DeploymentStarted():
            return replace(change, state="deploying", deployment=event.deployment)
        case ev.DeploymentVerified():
            return replace(change, state="live")
        case ev.DeploymentFailed():
            return replace(change, state="approved")
        case _:
            return change


def open_request(
    event: ev.RequestOpened, *, actor: str, people: Principals, policy: Policy, at: str
) -> ev.RequestOpened:
    """Let `actor` open this request, or raise Refusal; BadInput when what is stated is not enough."""
    require(people, actor, "open a request", project=event.project, environment=event.environment, at=at)
    _check_content(event.content, policy)
    return event


def edit(
    change: Change, event: ev.RequestEdited, *, actor: str, people: Principals, policy: Policy, at: str
) -> ev.RequestEdited:
    """Let `actor` change the request while nothing is being deployed; earlier approvals become void."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state not in OPEN_STATES:
        raise Refusal([f"{change.id} is {change.state}: only a draft or a request in review can be edited"])
    _check_content(event.content, policy)
    return event


def submit(change: Change, *, actor: str, people: Principals, at: str) -> ev.RequestSubmitted:
    """Hand the draft to its approvers."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state != "draft":
        raise Refusal([f"{change.id} is {change.state}: only a draft can be submitted"])
    return ev.RequestSubmitted(
        request=change.id, project=change.project, environment=change.environment, digest=change.digest
    )


def withdraw(change: Change, *, actor: str, reason: str, people: Principals, at: str) -> ev.RequestWithdrawn:
    """Take the request back before it is deployed."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state not in OPEN_STATES:
        raise Refusal([f"{change.id} is {change.state}: it can no longer be withdrawn"])
    return ev.RequestWithdrawn(request=change.id, project=change.project, environment=change.environment, reason=reason)


def check_approver(change: Change, *, actor: str, people: Principals, at: str) -> None:
    """Raise Refusal with every reason why `actor` may not approve this request now."""
    reasons: list[str] = []
    unblock: list[str] = []
    if actor in change.editors:
        reasons.append(
            f"{SEPARATION}: {actor} {'requested' if actor == change.requester else 'edited'} {change.id}"
            " and cannot approve it"
        )
        unblock.append("somebody else with the role approver decides")
    try:
        require(people, actor, "approve", project=change.project, environment=change.environment, at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
        unblock += refusal.would_unblock
    if any(a.actor == actor and at < a.not_after for a in change.good_approvals):
        reasons.append(f"{actor} has approved {change.id} already: one person is one approval")
    if change.state not in {"in review", "approved"}:
        reasons.append(f"{change.id} is {change.state}: only a submitted request can be approved")
    failed = sorted(gate for gate, run in change.gates.items() if not run.passed)
    for gate in failed:
        reasons.append(f"the gate {gate} failed: {change.gates[gate].reason}")
        unblock.append(change.gates[gate].unblock or f"make {gate} pass and submit again")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def approvals_missing(
    change: Change, *, people: Principals, policy: Policy, at: str, also: str | None = None
) -> list[str]:
    """Return in words which approvals are still missing for this digest; empty when the rule is met.

    `also` counts one more person, as if they had approved.
    """
    rule = policy.rule(change.content.risk)
    good = [a.actor for a in change.good_approvals if at < a.not_after]
    if also is not None and also not in good:
        good.append(also)
    missing = []
    if len(good) < rule.people:
        missing.append(f"{len(good)} of {rule.people} approvals for risk {change.content.risk}")
    if rule.security and not any(
        name in people.by_handle
        and holds(
            people.by_handle[name],
            "security-approver",
            project=change.project,
            environment=change.environment,
            at=at,
        )
        for name in good
    ):
        missing.append("no approval by a security-approver")
    return missing


def refuse(change: Change, *, actor: str, reason: str, nonce: str, people: Principals, at: str) -> ev.ApprovalRefused:
    """Say no to the request, with the reason."""
    require(people, actor, "refuse", project=change.project, environment=change.environment, at=at)
    if change.state not in {"in review", "approved"}:
        raise Refusal([f"{change.id} is {change.state}: only a submitted request can be refused"])
    if not reason.strip():
        raise BadInput("a refusal needs a reason: --reason TEXT")
    return ev.ApprovalRefused(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        reason=reason,
        nonce=nonce,
    )


def check_deployable(
    change: Change,
    *,
    actor: str,
    people: Principals,
    policy: Policy,
    at: str,
    frozen: str | None,
    quarantined: str | None,
) -> None:
    """Raise Refusal with every reason why this request cannot be deployed by `actor` now."""
    reasons: list[str] = []
    unblock: list[str] = []
    try:
        require(people, actor, "deploy", project=change.project, environment=change.environment, at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
        unblock += refusal.would_unblock
    if change.state not in {"in review", "approved", "deploying"}:
        reasons.append(f"{change.id} is {change.state}: only an approved request can be deployed")
    else:
        missing = approvals_missing(change, people=people, policy=policy, at=at)
        reasons += [f"not approved: {what}" for what in missing]
        if missing:
            unblock.append(f"quarterdeck approve {change.id}, by somebody who neither opened nor edited it")
    if frozen is not None:
        reasons.append(f"{change.environment} is frozen: {frozen}")
        unblock.append(f"quarterdeck freeze {change.environment} --lift --reason …")
    if quarantined is not None:
        reasons.append(f"the release {change.target.release[:12]} is in quarantine: {quarantined}")
        unblock.append("an admin lifts the quarantine with a reason: quarterdeck quarantine lift")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def _check_content(content: ev.RequestContent, policy: Policy) -> None:
    if content.risk not in RISKS:
        raise BadInput(f"{content.risk!r} is no risk level: choose from {', '.join(RISKS)}")
    missing = [name for name in policy.mandatory if not getattr(content, name).strip()]
    if missing:
        options = ", ".join("--" + name.replace("_", "-") for name in missing)
        raise BadInput(f"the request does not state what it must: {options}")
