"""How far the rules bend, for how long, by whose word: waivers, breaking glass, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import ConfigDict

from store.domain.policy.kinds import Days, Glob, Hours, Role, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class WaiverRules:
    """Who may say that a gate need not pass, which, and for how long at most."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    max_days: Days = 30
    roles: tuple[Role, ...] = ("security-approver", "admin")
    never: tuple[Glob, ...] = ("artifact-intact", "approvals")
    """Globs of gates that nobody can waive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakGlass:
    """Deploying past the approvals while an incident is open."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    allowed: bool = True
    hours: Hours = 4
    """It ends by itself after so long."""
    review_due_hours: Hours = 72
    """Somebody else has reviewed it by then, or it is a finding."""
    roles: tuple[Role, ...] = ("responder",)
    reviewers: tuple[Role, ...] = ("approver", "security-approver", "auditor", "admin")
    environments: tuple[Glob, ...] = ("*",)


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingRules:
    """How soon a finding is due, by severity."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    due_days: Mapping[Severity, Days] = field(
        default_factory=lambda: {"info": 90, "warning": 30, "high": 14, "critical": 3}
    )
