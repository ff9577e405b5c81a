"""The rules that choose how many people must say yes, and for how long their word is good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Final

from store.domain.component import Json
from store.integrity.canonical import canonical_bytes

RISKS: Final = ("low", "medium", "high", "critical")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRule:
    """How many different people must approve, and whether one of them must be a security approver."""

    people: int
    security: bool = False


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the workspace demands of a change. The built-in one is safe for a small team."""

    approvals: Mapping[str, ApprovalRule] = field(
        default_factory=lambda: {
            "low": ApprovalRule(people=1),
            "medium": ApprovalRule(people=1),
            "high": ApprovalRule(people=2),
            "critical": ApprovalRule(people=2, security=True),
        }
    )
    approval_days: int = 14
    """An approval older than this is no longer good for a deployment."""
    mandatory: tuple[str, ...] = ("title", "why", "success", "rollback_plan")
    approval_touch: bool = False
    """An approval counts only by a FIDO key that was touched."""
    approval_pin: bool = False
    """An approval counts only by a FIDO key that asked for its PIN or a fingerprint."""

    def rule(self, risk: str) -> ApprovalRule:
        """Return the approval rule for a risk level; an unknown level gets the strictest."""
        return self.approvals.get(risk, self.approvals["critical"])

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's canonical bytes: what approvals and entry 1 name."""
        plain: dict[str, Json] = {
            "approvals": {level: asdict(rule) for level, rule in self.approvals.items()},
            "approval_days": self.approval_days,
            "mandatory": list(self.mandatory),
        }
        # Named only where demanded: a ledger opened before these existed keeps its policy's digest.
        plain |= {name: True for name in ("approval_touch", "approval_pin") if getattr(self, name)}
        return sha256(canonical_bytes(plain)).hexdigest()


def default_policy() -> Policy:
    """Return the built-in policy."""
    return Policy()
