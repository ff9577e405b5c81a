"""Who must say yes, how many, how fresh, by which device, and what happens when nobody does in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from store.domain.policy.kinds import Hours, People, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRule:
    """How many different people must approve, and what must be true of them and their word."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    people: People
    security: bool = False
    """One of them is a security approver."""
    roles: tuple[Role, ...] = ()
    """For each of these roles a different one of them holds it (a role named twice asks for two people)."""
    owners: bool = False
    """An owner of each touched component that has owners is among them (critical components ask that anyway)."""
    fresh_hours: Hours = 0
    """An approval older than this no longer counts at deployment; 0: `approval_days` alone decides."""
    touch: bool = False
    """Only an approval by a FIDO key that was touched counts (besides `approval_touch`)."""
    pin: bool = False
    """Only an approval by a FIDO key that asked for its PIN or a fingerprint counts."""
    deadline_hours: Hours = 0
    """After this the request is overdue and goes on to `escalate_to`; 0: no deadline."""
    escalate_to: tuple[Role, ...] = ()
    """The roles that are told next, one more each time the deadline passes again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Separation:
    """Which duties no one person may hold at once. That one person is one approval is no switch."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    requester_approves: bool = False
    """Whoever opened a request may approve it."""
    editor_approves: bool = False
    """Whoever edited a request may approve it."""
    requester_deploys: bool = True
    """Whoever opened a request may deploy it."""
    approver_deploys: bool = True
    """Whoever approved a request may deploy it."""
    policy_editor_hours: Hours = 24
    """For so long after a policy came into force, who wrote it cannot approve under it."""
    breaker_reviews: bool = False
    """Whoever broke glass may close its review."""
    waiver_own_request: bool = False
    """Whoever opened or edited a request may grant a waiver for it."""
    assignee_closes: bool = False
    """Whoever a finding was ever assigned to may close it."""
    opener_closes: bool = True
    """Whoever opened a finding may close it."""
