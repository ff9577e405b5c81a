"""Events in the life of a change request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class RequestContent:
    """What a requester states. Empty means not stated."""

    title: str
    why: str
    what: str = ""
    success: str = ""
    risk: str = "medium"
    impact: str = ""
    rollback_plan: str = ""
    dependencies: str = ""
    constraints: str = ""
    tests: str = ""
    template: str = ""


@dataclass(frozen=True, kw_only=True)
class ReleaseRef:
    """The release a request or deployment is about."""

    release: str
    """Digest over the sorted (component id, component digest) pairs."""
    manifest: str
    """Digest of the release manifest in the archive: its files and components."""
    files: int
    components: int


@dataclass(frozen=True, kw_only=True)
class RequestFile:
    """The dropped `*.request.toml` that a request was opened from."""

    name: str
    digest: str
    """SHA-256 of its text, secrets taken out."""


@dataclass(frozen=True, kw_only=True)
class RequestOpened(Event):
    KIND: ClassVar[str] = "request.opened"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    content: RequestContent
    target: ReleaseRef
    digest: str
    """The request digest: what every approval names."""
    base: str | None = None
    """The release that was desired in the environment when the request was opened."""
    from_request: str | None = None
    """The request this one promotes."""
    adopts: str | None = None
    """The drift this request adopts after the fact."""
    file: RequestFile | None = None


@dataclass(frozen=True, kw_only=True)
class RequestEdited(Event):
    """The request's content or release changed; approvals for the older digest are void."""

    KIND: ClassVar[str] = "request.edited"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    content: RequestContent
    target: ReleaseRef
    digest: str
    base: str | None = None


@dataclass(frozen=True, kw_only=True)
class RequestSubmitted(Event):
    KIND: ClassVar[str] = "request.submitted"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class RequestWithdrawn(Event):
    KIND: ClassVar[str] = "request.withdrawn"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class GateEvaluated(Event):
    """One gate looked at one request digest and said pass or fail, with the reason."""

    KIND: ClassVar[str] = "gate.evaluated"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    request: str
    project: str
    environment: str
    gate: str
    passed: bool
    reason: str
    digest: str
    phase: str
    """`submit`, `deploy` (gates run again right before a deployment) or `asked`."""
    unblock: str = ""
    inputs: str = ""
    """Digest over everything it looked at; empty in entries from before that was kept."""
    waived: str = ""
    """The exception by which it need not pass; `passed` is what the gate itself said."""
    policy: str = ""
    """Digest of the policy that asked for it."""

    @property
    def stands_in_the_way(self) -> bool:
        """It did not pass and nobody waived it."""
        return not self.passed and not self.waived


@dataclass(frozen=True, kw_only=True)
class ApprovalGranted(Event):
    """A person said yes to exactly this request, here, having seen this head."""

    KIND: ClassVar[str] = "approval.granted"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    complete: bool
    """With this one, the approval rule is met."""
    digest: str
    release: str
    manifest: str
    artifacts: tuple[str, ...]
    """Artifact digests; left empty above 400, where `manifest` alone binds them."""
    policy: str
    seen_size: int
    seen_root: str
    not_after: str
    nonce: str
    decision: str = "approve"
    note: str = ""
    via: str = ""
    """Which way the signature came: `key file`, `agent` or `imported`; empty in entries from before it was kept."""
    risk: str = ""
    """The level of risk that was approved; empty in entries from before it was computed."""


@dataclass(frozen=True, kw_only=True)
class ApprovalRefused(Event):
    KIND: ClassVar[str] = "approval.refused"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    digest: str
    reason: str
    nonce: str


@dataclass(frozen=True, kw_only=True)
class ChecklistTicked(Event):
    """An approver looked at one item of the template's checklist, for exactly this request digest."""

    KIND: ClassVar[str] = "checklist.ticked"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    digest: str
    template: str
    item: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestEscalated(Event):
    """Nobody decided in time: holders of the next role may approve it too. It takes as many approvals as before."""

    KIND: ClassVar[str] = "request.escalated"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    request: str
    project: str
    environment: str
    digest: str
    step: int
    """1 for the first time the deadline passed, and so on."""
    from_roles: tuple[str, ...]
    from_people: tuple[str, ...]
    """Who could have decided; up to 50 of them."""
    to_role: str
    to_people: tuple[str, ...]
    """Who can from now on, besides those; up to 50 of them."""
    deadline: str
    """What passed."""
    hours: int
    """The policy's deadline, in hours from one step to the next."""
    missing: tuple[str, ...]
    """The approvals that were missing, in words."""
    policy: str
    reason: str
