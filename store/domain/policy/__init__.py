"""The rules that people write: what a change needs before it may go where it wants to go."""

from __future__ import annotations

from store.domain.policy.approvals import ApprovalRule, Separation
from store.domain.policy.conditions import Condition
from store.domain.policy.environments import EnvironmentRules
from store.domain.policy.exceptions import BreakGlass, FindingRules, WaiverRules
from store.domain.policy.gates import Gates
from store.domain.policy.kinds import RISKS, SEVERITIES
from store.domain.policy.model import Policy, default_policy
from store.domain.policy.risk_rules import RiskRules
from store.domain.policy.templates import Playbook, Template
from store.domain.policy.watching import Anomalies, NotificationRule

__all__ = [
    "RISKS",
    "SEVERITIES",
    "Anomalies",
    "ApprovalRule",
    "BreakGlass",
    "Condition",
    "EnvironmentRules",
    "FindingRules",
    "Gates",
    "NotificationRule",
    "Playbook",
    "Policy",
    "RiskRules",
    "Separation",
    "Template",
    "WaiverRules",
    "default_policy",
]
