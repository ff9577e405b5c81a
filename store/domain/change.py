"""The change request: its life, folded from its own entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Final

from store.domain import events as ev
from store.domain.policy.levels import RISKS
from store.errors import NotFound
from store.integrity.canonical import canonical_bytes

OPEN_STATES: Final = ("draft", "in review", "approved")
SUBMITTED: Final = ("in review", "approved")
"""The states in which approvals are given, and may be lacking: one that had them all lacks one again when it lapses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One person's yes, and the request digest it was given for."""

    actor: str
    digest: str
    seq: int
    not_after: str
    note: str
    at: str
    """When it was given, as its entry claims."""
    seen: int = 0
    """How many entries its giver had seen."""
    gone: str = ""
    """Why it counts no more: it was given for another place, or before a restore; empty where it counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """One item of the checklist that somebody looked at."""

    item: str
    actor: str
    note: str
    seq: int
    at: str
    """When, as its entry claims."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """One role that the request went on to because its deadline had passed."""

    step: int
    role: str
    seq: int
    at: str


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
    risk: ev.RiskAssessed | None = None
    """The newest assessment of the present digest."""
    ticks: tuple[Tick, ...] = ()
    """What was ticked off its checklist for the present digest."""
    opened_at: str = ""
    dropped: bool = False
    """A file beside an export opened it, in the name of whoever's key was watching: nobody knows whose file it was."""
    vouched: tuple[str, ...] = ()
    """Who handed it in where it was dropped: the people who asked for it, whoever's key opened it."""
    submitted_at: str | None = None
    """When it was handed in as it stands: from then on its deadline runs."""
    escalations: tuple[Escalation, ...] = ()

    @property
    def good_approvals(self) -> tuple[Approval, ...]:
        """The approvals for exactly this digest and where it would go now, since any restore: each person's newest."""
        given = (a for a in self.approvals if a.digest == self.digest and not a.gone)
        return tuple({a.actor: a for a in given}.values())

    @property
    def gone(self) -> tuple[str, ...]:
        """Why approvals given for this digest do not count any more: the target moved, or a restore came between."""
        renewed = {a.actor for a in self.good_approvals}
        gone = {a.actor: a.gone for a in self.approvals if a.digest == self.digest and a.gone}
        return tuple(why for actor, why in gone.items() if actor not in renewed)

    @property
    def level(self) -> str:
        """The level of risk that counts: the higher of what was declared and what was computed."""
        return higher(self.content.risk, self.risk.level) if self.risk is not None else self.content.risk


def higher(one: str, other: str) -> str:
    """Return the higher of two levels of risk; what is no level counts as the highest."""
    return max((one, other), key=lambda level: RISKS.index(level) if level in RISKS else len(RISKS))


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


def outlived(change: Change, restored: int) -> Change:
    """Return a request that waits without the approvals from before the restore at entry `restored`; 0: there is none.

    Whose giver had not seen that entry is from before it, even where it was signed elsewhere and brought later.
    """
    if change.state not in {*SUBMITTED, "deploying"} or not restored:
        return change
    why = "the approval of {} (entry {}) was given {}: approve again"
    found = [
        replace(one, gone=why.format(one.actor, one.seq, before_restore(restored)))
        if min(one.seen, one.seq) < restored
        else one
        for one in change.approvals
    ]
    return replace(change, approvals=tuple(found))


def before_restore(restored: int) -> str:
    """Return in words why what was granted before the restore at this entry does not count after it."""
    return f"before the restore at entry {restored}: the lost entries may have taken it back"


def _step(change: Change | None, record: ev.Recorded) -> Change | None:
    event = record.event
    if isinstance(event, ev.RequestOpened):
        return _opened(record, event)
    if change is None:
        return None
    match event:
        case ev.RequestEdited():
            return _edited(change, record, event)
        case ev.RequestSubmitted():
            since = max(change.opened_at, record.time)  # handed in before it was opened: a clock was put back
            vouched = (*change.vouched, record.actor) if change.dropped else ()
            return replace(change, state="in review", submitted_at=since, escalations=(), vouched=vouched)
        case ev.RequestEscalated() if event.digest == change.digest and record.actor == ev.SYSTEM:
            return _escalated(change, record, event)
        case ev.RequestWithdrawn():
            return replace(change, state="withdrawn")
        case ev.GateEvaluated() if event.digest == change.digest:  # a result for other contents is none for these
            return replace(change, gates={**change.gates, event.gate: event})
        case ev.RiskAssessed() if event.digest == change.digest:
            return replace(change, risk=event)
        case ev.ChecklistTicked() if event.digest == change.digest:
            one = Tick(item=event.item, actor=record.actor, note=event.note, seq=record.seq, at=record.time)
            return replace(change, ticks=(*change.ticks, one))
        case ev.ApprovalGranted() | ev.ApprovalRefused():
            return _decided(change, record, event)
        case _:
            return _moved(change, event)


def _opened(record: ev.Recorded, event: ev.RequestOpened) -> Change:
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
        dropped=event.file is not None,
        opened_at=record.time,
    )


def _edited(change: Change, record: ev.Recorded, event: ev.RequestEdited) -> Change:
    return replace(
        change,
        content=event.content,
        target=event.target,
        digest=event.digest,
        base=event.base,
        state="draft",
        gates={},
        risk=None,
        ticks=(),
        submitted_at=None,
        escalations=(),
        approvals=(),  # void for good: editing back to what was approved does not bring them back
        editors=(*change.editors, record.actor),
    )


def _escalated(change: Change, record: ev.Recorded, event: ev.RequestEscalated) -> Change:
    """Keep one step more, in order, while the request waits; a step that came twice is none."""
    if change.state not in SUBMITTED or event.step != len(change.escalations) + 1:
        return change
    one = Escalation(step=event.step, role=event.to_role, seq=record.seq, at=record.time)
    return replace(change, escalations=(*change.escalations, one))


def _decided(change: Change, record: ev.Recorded, event: ev.ApprovalGranted | ev.ApprovalRefused) -> Change:
    match event:
        case ev.ApprovalGranted():
            approval = Approval(
                actor=record.actor,
                digest=event.digest,
                seq=record.seq,
                not_after=event.not_after,
                note=event.note,
                at=record.time,
                seen=event.seen_size,
            )
            state = "approved" if event.complete else change.state
            return replace(change, approvals=(*change.approvals, approval), state=state)
        case ev.ApprovalRefused():
            return replace(change, state="refused")


def _moved(change: Change, event: ev.Event) -> Change:
    match event:
        case ev.DeploymentStarted():
            return replace(change, state="deploying", deployment=event.deployment)
        case ev.DeploymentVerified():
            return replace(change, state="live")
        case ev.PolicyAdopted() if _may_bring(change, event):
            return replace(change, state="live")
        case ev.DeploymentFailed():
            return replace(change, state="approved")
        case _:
            return change


def _may_bring(change: Change, event: ev.PolicyAdopted) -> bool:
    """Say whether an adoption can be of this request: it waits, as it stands, and somebody approved it.

    Whether it counts, `services.policy.adopting` judges; what is not even this was appended past every rule.
    """
    same = (event.digest, event.policy) == (change.digest, change.target.release)
    return same and change.state in SUBMITTED and bool(change.good_approvals)
