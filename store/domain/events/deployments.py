"""Events about releases reaching environments, drifting, and going back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event
from store.domain.events.requests import ReleaseRef

_PLACE = ("deployment", "request", "project", "environment")


@dataclass(frozen=True, kw_only=True)
class DeploymentStarted(Event):
    """An approved request is being pushed, against the revision that was compared."""

    KIND: ClassVar[str] = "deployment.started"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    SIGNED: ClassVar[bool] = True
    deployment: str
    request: str
    project: str
    environment: str
    target: ReleaseRef
    digest: str
    expected: str
    """The live revision this push replaces; a different one is a conflict."""
    previous: str | None = None
    """The release desired here before."""
    glass: str | None = None
    """The broken glass it was done under."""
    past: tuple[str, ...] | None = None
    """What only the broken glass let pass."""
    specification: str | None = None
    """Digest of the environment's specification as it was then."""


@dataclass(frozen=True, kw_only=True)
class RollbackStarted(Event):
    """A deployment of an earlier release, on purpose; the release left behind goes into quarantine."""

    KIND: ClassVar[str] = "rollback.started"
    ON: ClassVar[tuple[str, ...]] = ("deployment", "project", "environment")
    SIGNED: ClassVar[bool] = True
    deployment: str
    project: str
    environment: str
    target: ReleaseRef
    expected: str
    reason: str
    previous: str | None = None
    component: str | None = None
    """Set when only this component goes back."""
    takes_along: tuple[str, ...] = ()
    """Requests whose changes are undone with it."""
    components: tuple[str, ...] | None = None
    """Set when only these components go back, and they are more than one."""
    glass: str | None = None
    """The broken glass it was done under."""
    moved: str | None = None
    """In words, that it went elsewhere than what stood there was pushed to: the target was changed in between."""


@dataclass(frozen=True, kw_only=True)
class RevertStarted(Event):
    """What is desired is pushed again by quarterdeck itself, because the environment's settings say so."""

    KIND: ClassVar[str] = "revert.started"
    ON: ClassVar[tuple[str, ...]] = ("deployment", "project", "environment")
    deployment: str
    project: str
    environment: str
    target: ReleaseRef
    expected: str
    cause: str
    """`drift`: somebody changed what is live; `verification`: a deployment failed and left something behind."""
    reason: str
    attempt: int
    """How often this was tried since a person last acted here, this time included."""


@dataclass(frozen=True, kw_only=True)
class EnforcementHalted(Event):
    """Reverting did not hold: nothing is reverted here by itself any more until a person acts."""

    KIND: ClassVar[str] = "enforcement.halted"
    ON: ClassVar[tuple[str, ...]] = ("project", "environment")
    project: str
    environment: str
    attempts: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeploymentVerified(Event):
    """What was pushed was read back and is what was meant: desired state changes here and nowhere else."""

    KIND: ClassVar[str] = "deployment.verified"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    deployment: str
    project: str
    environment: str
    target: ReleaseRef
    revision: str
    request: str | None = None
    ids: Mapping[str, str] | None = None
    """Component id → the id the platform gave it, where that is another one."""
    credentials_missing: tuple[str, ...] | None = None
    """The parts that use credentials and have none there, in words; None where nobody could tell."""
    rehearsal: str | None = None
    """The rehearsal it was half of: what was live before is live again in a moment."""


@dataclass(frozen=True, kw_only=True)
class DeploymentFailed(Event):
    """A push or its read-back failed; the record says what is known to stand there now."""

    KIND: ClassVar[str] = "deployment.failed"
    ON: ClassVar[tuple[str, ...]] = _PLACE
    deployment: str
    project: str
    environment: str
    stage: str
    """`push`, `read-back` or `interrupted`."""
    reason: str
    request: str | None = None
    changed: tuple[str, ...] | None = None
    """Ids of the components that are as they were meant to be now; None where nothing is known to have changed."""
    unsure: tuple[str, ...] | None = None
    """Ids of the components that are neither as they were nor as they were meant to be, or could not be read."""
    untouched: tuple[str, ...] | None = None
    """Ids of the components that are as they were before and should be another way."""
    ids: Mapping[str, str] | None = None
    """As in `deployment.verified`."""


@dataclass(frozen=True, kw_only=True)
class DeploymentUndone(Event):
    """What a first deployment that failed had brought is gone, and what stood there before is back: read back so.

    Nothing was desired there before, and nothing is after it: the desired state is what it was, none.
    """

    KIND: ClassVar[str] = "deployment.undone"
    ON: ClassVar[tuple[str, ...]] = ("deployment", "project", "environment")
    deployment: str
    """The rollback that did it."""
    project: str
    environment: str
    undoes: str
    """The deployment that failed."""
    revision: str
    removed: tuple[str, ...] = ()
    """Ids of the components that were taken away, at most 500."""
    restored: tuple[str, ...] = ()
    """Ids of the components that are as they were before it, at most 500."""
    ids: Mapping[str, str] | None = None
    """As in `deployment.verified`."""


@dataclass(frozen=True, kw_only=True)
class ReleaseQuarantined(Event):
    """This release cannot be deployed or promoted until somebody lifts the quarantine with a reason."""

    KIND: ClassVar[str] = "release.quarantined"
    ON: ClassVar[tuple[str, ...]] = ("deployment", "project", "environment")
    deployment: str
    project: str
    environment: str
    release: str
    reason: str
    concerns: tuple[str, ...] | None = None
    """Who asked for what was left behind, edited or approved it: they are told."""


@dataclass(frozen=True, kw_only=True)
class QuarantineLifted(Event):
    KIND: ClassVar[str] = "release.quarantine-lifted"
    ON: ClassVar[tuple[str, ...]] = ("project",)
    SIGNED: ClassVar[bool] = True
    project: str
    release: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DriftOpened(Event):
    """A component was seen live and differs from the desired state."""

    KIND: ClassVar[str] = "drift.opened"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component")
    drift: str
    project: str
    environment: str
    component: str
    name: str
    component_kind: str
    summary: str
    export: str
    """Name of the export it was seen in."""
    observed_artifact: str
    desired: str | None = None
    """Component digest that should be live; None when nothing should."""
    observed: str | None = None
    """Component digest that is live; None when it is gone."""
    release: str | None = None
    previous: str | None = None
    """Component digest of the release before the desired one, for the three-way view."""
    source: str = "export"
    """Where it was seen: `export`, `live`, or `delivered` (the folder that releases are laid down in)."""


@dataclass(frozen=True, kw_only=True)
class DriftChanged(Event):
    """An open drift moved on: the live component changed again."""

    KIND: ClassVar[str] = "drift.changed"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component")
    drift: str
    project: str
    environment: str
    component: str
    summary: str
    export: str
    """Name of the export it was seen in."""
    observed_artifact: str
    desired: str | None = None
    observed: str | None = None
    source: str = "export"


@dataclass(frozen=True, kw_only=True)
class DriftAcknowledged(Event):
    KIND: ClassVar[str] = "drift.acknowledged"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component")
    SIGNED: ClassVar[bool] = True
    drift: str
    project: str
    environment: str
    component: str
    note: str


@dataclass(frozen=True, kw_only=True)
class DriftReopened(Event):
    """Whoever had acknowledged it took that back: it waits for an answer again."""

    KIND: ClassVar[str] = "drift.reopened"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component")
    SIGNED: ClassVar[bool] = True
    drift: str
    project: str
    environment: str
    component: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DriftAdopted(Event):
    """A request now asks to make the drifted state the desired one; it needs the same approvals."""

    KIND: ClassVar[str] = "drift.adopted"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component", "request")
    SIGNED: ClassVar[bool] = True
    drift: str
    project: str
    environment: str
    component: str
    request: str


@dataclass(frozen=True, kw_only=True)
class DriftResolved(Event):
    KIND: ClassVar[str] = "drift.resolved"
    ON: ClassVar[tuple[str, ...]] = ("drift", "project", "environment", "component")
    drift: str
    project: str
    environment: str
    component: str
    how: str
