"""Events about the rules themselves, and about how risky a change was found to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event

_ABOUT = ("request", "project", "environment")


@dataclass(frozen=True, kw_only=True)
class PolicyFile:
    """One file of a policy, by its exact bytes in the archive."""

    name: str
    artifact: str


@dataclass(frozen=True, kw_only=True)
class PolicyProposed(Event):
    """What a policy request proposes: read from these files, compared with the policy in force."""

    KIND: ClassVar[str] = "policy.proposed"
    ON: ClassVar[tuple[str, ...]] = _ABOUT
    request: str
    project: str
    environment: str
    policy: str
    """Digest of the whole proposed policy's canonical bytes, which the archive holds under it."""
    previous: str
    """The digest of the policy in force."""
    files: tuple[PolicyFile, ...]
    loosens: tuple[str, ...] = ()
    """What becomes easier than before, in words."""


@dataclass(frozen=True, kw_only=True)
class PolicyAdopted(Event):
    """From the next entry on, this policy is in force."""

    KIND: ClassVar[str] = "policy.adopted"
    ON: ClassVar[tuple[str, ...]] = _ABOUT
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    policy: str
    previous: str
    files: tuple[PolicyFile, ...]
    digest: str
    """The request digest that the approvals name."""
    lapses: bool = False
    """Approvals whose givers could not give them any more did not count; False in entries from before that was asked.

    An adoption without it counts only in a ledger that was opened without it, and only as long as none with it does:
    nobody goes back to the earlier rule.
    """


@dataclass(frozen=True, kw_only=True)
class RiskPoint:
    """One fact that makes a change riskier, with what it weighs."""

    fact: str
    points: int
    because: str


@dataclass(frozen=True, kw_only=True)
class OwnersWanted:
    """One of these people must be among the approvers."""

    owners: tuple[str, ...]
    because: str


@dataclass(frozen=True, kw_only=True)
class RiskAssessed(Event):
    """How risky a request is, by the policy in force: what its approvers are chosen by."""

    KIND: ClassVar[str] = "risk.assessed"
    ON: ClassVar[tuple[str, ...]] = _ABOUT
    request: str
    project: str
    environment: str
    digest: str
    """The request digest that was looked at."""
    level: str
    """The higher of the computed and the declared level."""
    computed: str
    declared: str
    points: int
    facts: tuple[RiskPoint, ...]
    """The heaviest first; at most 40, what is beyond them is in `points`."""
    owners: tuple[OwnersWanted, ...]
    policy: str
    phase: str
    """`submit` or `deploy`: what is live may have changed in between."""


@dataclass(frozen=True, kw_only=True)
class PolicyReviewed(Event):
    """Somebody read the policy in force and stands by it: its next review is counted from here."""

    KIND: ClassVar[str] = "policy.reviewed"
    SIGNED: ClassVar[bool] = True
    policy: str
    """Digest of the policy in force that was read."""
    note: str
    files: tuple[PolicyFile, ...] = ()
    """The files it was adopted from; none for the built-in policy."""
