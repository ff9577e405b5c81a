"""The policy: everything the workspace demands of a change, in one frozen value with one digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from store.domain.policy.approvals import ApprovalRule, Separation
from store.domain.policy.built_in import built_in_playbooks, built_in_templates
from store.domain.policy.conditions import Condition
from store.domain.policy.encoding import encoded
from store.domain.policy.environments import EnvironmentRules
from store.domain.policy.exceptions import BreakGlass, FindingRules, WaiverRules
from store.domain.policy.kinds import Days, Glob, Handle, Name, Risk
from store.domain.policy.risk_rules import RiskRules
from store.domain.policy.templates import Playbook, Stated, Template
from store.domain.policy.watching import Anomalies, NotificationRule
from store.integrity.canonical import canonical_bytes


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the workspace demands of a change. The built-in one is safe for a small team.

    A default here is for ever: the digest leaves out what is as the default has it, so that ledgers which were
    opened before a section existed keep their policy's digest.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    approvals: Mapping[Risk, ApprovalRule] = field(
        default_factory=lambda: {
            "low": ApprovalRule(people=1),
            "medium": ApprovalRule(people=1),
            "high": ApprovalRule(people=2),
            "critical": ApprovalRule(people=2, security=True),
        }
    )
    approval_days: Annotated[int, Field(ge=1, le=365)] = 14
    """An approval older than this is no longer good for a deployment."""
    mandatory: tuple[Stated, ...] = ("title", "why", "success", "rollback_plan")
    approval_touch: bool = False
    """An approval counts only by a FIDO key that was touched."""
    approval_pin: bool = False
    """An approval counts only by a FIDO key that asked for its PIN or a fingerprint."""
    separation: Separation = field(default_factory=Separation)
    risk: RiskRules = field(default_factory=RiskRules)
    owners: Mapping[Glob, tuple[Handle, ...]] = field(default_factory=dict)
    """Globs over `project/component` (its id or its name) → who answers for it."""
    environments: Mapping[Glob, EnvironmentRules] = field(default_factory=dict)
    """Names or globs of environments → their rules."""
    conditions: Mapping[Name, Condition] = field(default_factory=dict)
    templates: Mapping[Name, Template] = field(default_factory=built_in_templates)
    playbooks: Mapping[Name, Playbook] = field(default_factory=built_in_playbooks)
    waivers: WaiverRules = field(default_factory=WaiverRules)
    break_glass: BreakGlass = field(default_factory=BreakGlass)
    findings: FindingRules = field(default_factory=FindingRules)
    review_every_days: Days = 0
    """The policy itself is looked at again this often; 0: nobody is reminded."""
    connector_review_every_days: Days = 0
    """The inventory of connectors is looked at again this often; 0: nobody is reminded."""
    anomalies: Anomalies = field(default_factory=Anomalies)
    notifications: Mapping[Name, NotificationRule] = field(default_factory=dict)

    def environment(self, name: str) -> EnvironmentRules:
        """Return the rules of an environment: under its very name, else under the longest glob that covers it."""
        if name in self.environments:
            return self.environments[name]
        covering = [glob for glob in self.environments if fnmatchcase(name, glob)]
        if not covering:
            return EnvironmentRules()
        return self.environments[max(covering, key=lambda glob: (len(glob), glob))]

    def breaks_in(self, environment: str) -> bool:
        """Say whether glass may be broken in an environment at all."""
        return any(fnmatchcase(environment, glob) for glob in self.break_glass.environments)

    def rule(self, risk: str, environment: str | None = None) -> ApprovalRule:
        """Return the approval rule for a risk level in an environment; an unknown level gets the strictest."""
        level = risk if risk in self.approvals else "critical"
        special = self.environment(environment).approvals if environment is not None else {}
        return special.get(level, self.approvals[level])

    def owners_of(self, project: str, *names: str) -> frozenset[str]:
        """Return who answers for the component of `project` that goes by these names (its id, its name)."""
        paths = [f"{project}/{name}" for name in names]
        return frozenset(
            handle
            for glob, handles in self.owners.items()
            if any(fnmatchcase(path, glob) for path in paths)
            for handle in handles
        )

    def is_critical(self, project: str, *names: str) -> bool:
        """Say whether the component of `project` that goes by these names is on the critical list."""
        return any(fnmatchcase(f"{project}/{name}", glob) for name in names for glob in self.risk.critical)

    @cached_property
    def canonical(self) -> bytes:
        """The policy's canonical bytes: what is archived when it is adopted."""
        always = ("approvals", "approval_days", "mandatory")
        return canonical_bytes(encoded(self, always=always))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the policy's canonical bytes: what approvals, entry 1 and adoptions name."""
        return sha256(self.canonical).hexdigest()


def default_policy() -> Policy:
    """Return the built-in policy."""
    return Policy()
