"""Events about duties that stay until somebody meets them: broken glass, findings, reminders, reviews, escalation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class GlassBroken(Event):
    """Until then this responder may deploy or roll back here past the approvals; somebody else reviews it."""

    KIND: ClassVar[str] = "glass.broken"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    justification: str
    until: str
    review_due: str
    policy: str
    """Digest of the policy that allowed it."""
    project: str | None = None
    """None: every project for which they are a responder."""


@dataclass(frozen=True, kw_only=True)
class GlassEnded(Event):
    """Somebody ended it before its time; what only runs out ends without an entry, and with its incident."""

    KIND: ClassVar[str] = "glass.ended"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    reason: str
    project: str | None = None


@dataclass(frozen=True, kw_only=True)
class GlassReviewed(Event):
    """Somebody else looked at why the glass was broken, and at everything that was done past the approvals."""

    KIND: ClassVar[str] = "glass.reviewed"
    ON: ClassVar[tuple[str, ...]] = ("glass", "incident", "project", "environment")
    SIGNED: ClassVar[bool] = True
    glass: str
    incident: str
    environment: str
    note: str
    deployments: tuple[str, ...] = ()
    """What was done under it, as the reviewer saw it."""
    project: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingOpened(Event):
    """A person found something that has to be put right, by a date."""

    KIND: ClassVar[str] = "finding.opened"
    ON: ClassVar[tuple[str, ...]] = ("finding", "project", "environment")
    SIGNED: ClassVar[bool] = True
    finding: str
    title: str
    severity: str
    due: str
    text: str = ""
    assignee: str | None = None
    about: str | None = None
    """The id or entry number it is about."""
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingRaised(Event):
    """A finding of quarterdeck's own: a duty was not met in time."""

    KIND: ClassVar[str] = "finding.raised"
    ON: ClassVar[tuple[str, ...]] = ("finding", "project", "environment")
    finding: str
    title: str
    severity: str
    due: str
    cause: str
    """The duty that was missed; with `missed` it is raised once."""
    missed: str
    """When that duty was due."""
    about: str | None = None
    barred: str | None = None
    """Who cannot close it, because it is about what they did."""
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingAssigned(Event):
    KIND: ClassVar[str] = "finding.assigned"
    ON: ClassVar[tuple[str, ...]] = ("finding", "principal", "project", "environment")
    SIGNED: ClassVar[bool] = True
    finding: str
    principal: str
    note: str = ""
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingClosed(Event):
    KIND: ClassVar[str] = "finding.closed"
    ON: ClassVar[tuple[str, ...]] = ("finding", "project", "environment")
    SIGNED: ClassVar[bool] = True
    finding: str
    how: str
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class DutyReminded(Event):
    """A duty is due soon, or is overdue: said once for each due date."""

    KIND: ClassVar[str] = "duty.reminded"
    ON: ClassVar[tuple[str, ...]] = ("project", "environment")
    duty: str
    summary: str
    due: str
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyReviewed(Event):
    """Somebody looked at the policy in force and left it as it is."""

    KIND: ClassVar[str] = "policy.reviewed"
    SIGNED: ClassVar[bool] = True
    policy: str
    note: str


@dataclass(frozen=True, kw_only=True)
class RequestEscalated(Event):
    """Nobody decided on a request in time: the next role is asked too."""

    KIND: ClassVar[str] = "request.escalated"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    request: str
    project: str
    environment: str
    digest: str
    deadline: str
    """The deadline that passed."""
    step: int
    """How many deadlines have passed since it was submitted."""
    roles: tuple[str, ...]
    """The roles that are asked now; empty where policy names none."""
    people: tuple[str, ...]
    """Who holds them here."""
    summary: str


@dataclass(frozen=True, kw_only=True)
class AnomalyNoticed(Event):
    """Something out of the ordinary, with the numbers that made it so. It blocks nothing."""

    KIND: ClassVar[str] = "anomaly.noticed"
    ON: ClassVar[tuple[str, ...]] = ("principal", "request", "incident", "project", "environment")
    rule: str
    entry: int
    """The entry that is unusual."""
    summary: str
    numbers: tuple[str, ...]
    """What was compared, as `name=value`."""
    severity: str = "warning"
    principal: str | None = None
    request: str | None = None
    incident: str | None = None
    project: str | None = None
    environment: str | None = None
