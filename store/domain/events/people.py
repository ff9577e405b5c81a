"""Events about the ledger itself and the people who act in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role within a scope: project glob × environment glob, until `expires` (RFC 3339) if set."""

    role: str
    project: str = "*"
    environment: str = "*"
    expires: str | None = None


@dataclass(frozen=True, kw_only=True)
class LedgerOpened(Event):
    """Entry 1: which ledger this is and what it starts from."""

    KIND: ClassVar[str] = "ledger.opened"
    incarnation: str
    log_key: str
    policy: str
    format: int
    lapses: bool = False
    """From its first adoption of a policy on, approvals are asked whether they lapsed; False in ledgers from before."""


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """A head that somebody kept and that is no longer this ledger's past or future."""

    size: int
    root: str
    """Base64."""


@dataclass(frozen=True, kw_only=True)
class LedgerRestored(Event):
    """A person accepted that kept heads contradict the file: it goes on from here, under a new incarnation."""

    KIND: ClassVar[str] = "ledger.restored"
    SIGNED: ClassVar[bool] = True
    incarnation: str
    reason: str
    size: int
    """How many entries were there."""
    root: str
    """The root over them, base64."""
    given_up: tuple[GivenUp, ...]
    """The contradicting heads, the smallest first."""
    lapses: bool = False
    """Adoptions after it are judged without the approvals from before it; False in entries from before that rule."""


@dataclass(frozen=True, kw_only=True)
class PrincipalAdded(Event):
    """A person (or robot) was enrolled with a key and roles."""

    KIND: ClassVar[str] = "principal.added"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    keys: tuple[str, ...]
    """Public keys in OpenSSH's one-line form, without comments."""
    grants: tuple[Grant, ...]


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    KIND: ClassVar[str] = "role.granted"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    grant: Grant


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(Event):
    KIND: ClassVar[str] = "role.revoked"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    grant: Grant
    reason: str


@dataclass(frozen=True, kw_only=True)
class KeyAdded(Event):
    KIND: ClassVar[str] = "key.added"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    key: str


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(Event):
    KIND: ClassVar[str] = "key.revoked"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PrincipalSuspended(Event):
    """Until then this principal may do nothing, or not what this one grant allows; their keys stay enrolled."""

    KIND: ClassVar[str] = "principal.suspended"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    until: str
    reason: str
    grant: Grant | None = None
    """None: every grant."""


@dataclass(frozen=True, kw_only=True)
class PrincipalReinstated(Event):
    """What was suspended of this principal counts again."""

    KIND: ClassVar[str] = "principal.reinstated"
    ON: ClassVar[tuple[str, ...]] = ("principal",)
    SIGNED: ClassVar[bool] = True
    principal: str
    reason: str
    grant: Grant | None = None
    """None: whatever was suspended."""


@dataclass(frozen=True, kw_only=True)
class ClockCorrected(Event):
    """Entries before this one claim times that had not come: a clock was ahead. What they claim holds nobody up."""

    KIND: ClassVar[str] = "clock.corrected"
    SIGNED: ClassVar[bool] = True
    ahead: int
    """The entry whose time was the latest."""
    claimed: str
    """That time."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class LogKeyRotated(Event):
    """Checkpoints over more entries than this one's number are signed by another key of the log.

    The checkpoint over exactly this entry is signed by both, so that whoever trusts one can go on to the other.
    """

    KIND: ClassVar[str] = "log.key-rotated"
    SIGNED: ClassVar[bool] = True
    log_key: str
    """The key from then on, as a note verifier key (`vkey`)."""
    previous: str
    """The key until then."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class SecondLogKeySet(Event):
    """From this entry on, a checkpoint counts only with a second key's signature as well (ML-DSA-44).

    Where one second key takes over from another, the checkpoint over exactly this entry is signed by both.
    """

    KIND: ClassVar[str] = "log.second-key-set"
    SIGNED: ClassVar[bool] = True
    second_key: str
    """The key from then on, as a note verifier key (`vkey`); empty for none any more."""
    previous: str
    """The key until then; empty for none."""
    reason: str
