"""Events about what gates look at: reports, specifications of environments, and exceptions from gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class ReportCounts:
    """What a report counts: tests of a JUnit XML, results by level of a SARIF."""

    passed: int
    failed: int = 0
    broken: int = 0
    """Tests that ended in an error; runs of a scanner that did not end well."""
    skipped: int = 0
    errors: int = 0
    warnings: int = 0
    notes: int = 0


@dataclass(frozen=True, kw_only=True)
class ReportAdded(Event):
    """Somebody brought a report about exactly this release; its bytes are in the archive."""

    KIND: ClassVar[str] = "report.added"
    ON: ClassVar[tuple[str, ...]] = ("project", "request")
    SIGNED: ClassVar[bool] = True
    project: str
    release: str
    """The release digest it is bound to."""
    report: str
    """Digest of the report's exact bytes."""
    form: str
    """`junit` or `sarif`."""
    name: str
    """The file's name: a later report of that name replaces this one."""
    counts: ReportCounts
    tools: tuple[str, ...] = ()
    request: str | None = None
    """The request it was brought for; its release is what it is bound to."""


@dataclass(frozen=True, kw_only=True)
class ExceptionGranted(Event):
    """A gate need not pass here, for this long, by this person's word."""

    KIND: ClassVar[str] = "exception.granted"
    ON: ClassVar[tuple[str, ...]] = ("exception", "request")
    SIGNED: ClassVar[bool] = True
    exception: str
    gate: str
    scope_project: str
    """A project's name, or `*`."""
    scope_environment: str
    """An environment's name, or `*`."""
    justification: str
    accepted: str
    """The risk that is accepted with it, in words."""
    expires: str
    policy: str
    """The policy that allowed it."""
    request: str | None = None
    """Set when it is for this request alone."""
    digest: str | None = None
    """The request digest it was granted for: an edit ends it."""


@dataclass(frozen=True, kw_only=True)
class ExceptionEnded(Event):
    """Somebody ended an exception before its time; what only expires ends without an entry."""

    KIND: ClassVar[str] = "exception.ended"
    ON: ClassVar[tuple[str, ...]] = ("exception", "request")
    SIGNED: ClassVar[bool] = True
    exception: str
    reason: str
    request: str | None = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpecified(Event):
    """What an environment is made of, machine-readable; a deployment there names its digest."""

    KIND: ClassVar[str] = "environment.specified"
    ON: ClassVar[tuple[str, ...]] = ("environment",)
    SIGNED: ClassVar[bool] = True
    environment: str
    specification: str
    """Digest of the specification's exact bytes, which the archive holds."""
    name: str
    """The file's name: how it is read goes by its ending."""
