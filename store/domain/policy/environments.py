"""What policy says of one environment: its place in the line, its approvals, its gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict

from store.domain.policy.approvals import ApprovalRule
from store.domain.policy.gates import Gates
from store.domain.policy.kinds import Count, Name, Points, Risk, one_of


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRules:
    """The rules of one environment, or of all whose names a glob covers."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    order: Count = 0
    """Its place on the way of a release, the first the smallest."""
    baseline: Name | None = None
    """The environment that releases come from, and that this one is compared with."""
    enforce: Annotated[str, one_of("report", "revert")] = "report"
    """What happens to an unauthorised change: it is reported, or reported and reverted."""
    rollback_failed: bool = False
    """A push that failed or could not be verified is rolled back by itself."""
    risk_points: Points = 0
    """What a change weighs by aiming here."""
    approvals: Mapping[Risk, ApprovalRule] = field(default_factory=dict)
    """Instead of the general rule at this level of risk."""
    gates: Gates = field(default_factory=Gates)
