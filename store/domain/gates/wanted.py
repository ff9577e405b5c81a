"""Which gates a policy asks for, and which of them an approver need not wait for."""

from __future__ import annotations

from dataclasses import fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from store.domain.gates.naming import LATER, PREFIX
from store.domain.policy.encoding import key_of

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

ALWAYS: Final = ("artifact-intact", "schema-valid", "secrets-clean", "approvals")
"""They run everywhere, and have no parameters."""


def wanted(policy: Policy, *, project: str, environment: str) -> tuple[str, ...]:
    """Return the names of the gates for entry of this project into this environment."""
    gates = policy.environment(environment).gates
    sections = [key_of(type(gates), field.name) for field in fields(gates) if getattr(gates, field.name) is not None]
    conditions = [
        f"{PREFIX}{name}"
        for name, one in policy.conditions.items()
        if any(fnmatchcase(project, glob) for glob in one.projects)
        and any(fnmatchcase(environment, glob) for glob in one.environments)
    ]
    return (*ALWAYS, *sections, *conditions)


def binds_approval(gate: str) -> bool:
    """Say whether nobody can approve while this gate fails: not where it is about the moment of the deployment."""
    return gate not in LATER and not gate.startswith(PREFIX)
