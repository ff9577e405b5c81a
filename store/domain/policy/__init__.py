"""The rules that people write: what a change needs before it may go where it wants to go.

Imported when one of them is first named: what reads them is slow to start, and most commands only need a level's name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # where types are checked, these say what the table below says
    from store.domain.policy.approvals import ApprovalRule as ApprovalRule
    from store.domain.policy.approvals import Separation as Separation
    from store.domain.policy.conditions import Condition as Condition
    from store.domain.policy.environments import EnvironmentRules as EnvironmentRules
    from store.domain.policy.exceptions import BreakGlass as BreakGlass
    from store.domain.policy.exceptions import FindingRules as FindingRules
    from store.domain.policy.exceptions import WaiverRules as WaiverRules
    from store.domain.policy.gates import Gates as Gates
    from store.domain.policy.levels import RISKS as RISKS
    from store.domain.policy.levels import SEVERITIES as SEVERITIES
    from store.domain.policy.model import Policy as Policy
    from store.domain.policy.model import default_policy as default_policy
    from store.domain.policy.risk_rules import RiskRules as RiskRules
    from store.domain.policy.templates import Playbook as Playbook
    from store.domain.policy.templates import Template as Template
    from store.domain.policy.watching import Anomalies as Anomalies
    from store.domain.policy.watching import NotificationRule as NotificationRule

_NAMES: Final = {
    "approvals": ("ApprovalRule", "Separation"),
    "conditions": ("Condition",),
    "environments": ("EnvironmentRules",),
    "exceptions": ("BreakGlass", "FindingRules", "WaiverRules"),
    "gates": ("Gates",),
    "levels": ("RISKS", "SEVERITIES"),
    "model": ("Policy", "default_policy"),
    "risk_rules": ("RiskRules",),
    "templates": ("Playbook", "Template"),
    "watching": ("Anomalies", "NotificationRule"),
}
"""Module of this package → what of it others name."""
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}


def _named(name: str) -> Any:
    """Return a rule by its name; from now on it is an ordinary name of this package.

    Raises:
        AttributeError: none is called so.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


if not TYPE_CHECKING:
    __getattr__ = _named
