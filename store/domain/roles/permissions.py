"""What a role may do, and where: the one table of acts, and the question whether somebody may."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from store.clock import parse_timestamp
from store.domain.roles.principals import Principal, Principals
from store.errors import Refusal

PERMISSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "open a request": ("requester", "operator", "approver", "admin"),
    "approve": ("approver", "security-approver"),
    "refuse": ("approver", "security-approver"),
    "deploy": ("operator",),
    "roll back": ("operator", "responder"),
    "handle drift": ("operator", "responder"),
    "open an incident": ("responder", "operator", "admin"),
    "freeze": ("operator", "responder", "admin"),
    "adopt a policy": ("admin",),
    "lift a quarantine": ("admin",),
    "unseal a secret": ("security-approver", "admin"),
    "shred a secret": ("admin",),
    "manage principals": ("admin",),
    "manage environments": ("admin",),
    "acknowledge a restore": ("admin",),
    "correct the clock": ("admin",),
    "rotate the log's key": ("admin",),
    "review connectors": ("approver", "security-approver", "auditor", "admin"),
    "review the policy": ("approver", "security-approver", "auditor", "admin"),
    "open a finding": ("auditor", "admin"),
    "assign a finding": ("auditor", "admin"),
    "close a finding": ("auditor", "admin"),
    "add a report": ("requester", "operator", "approver", "security-approver", "admin"),
    "run gates": ("requester", "approver", "security-approver", "operator", "responder", "auditor", "admin"),
    "acknowledge an anomaly": ("approver", "security-approver", "operator", "responder", "auditor", "admin"),
    "annotate": ("requester", "approver", "security-approver", "operator", "responder", "auditor", "admin"),
    "comment on a request": ("requester", "approver", "security-approver", "operator", "responder", "auditor", "admin"),
}


def require(people: Principals, handle: str, act: str, *, project: str = "*", environment: str = "*", at: str) -> None:
    """Let `handle` do `act` in this scope at the instant `at`, or raise Refusal naming who could instead."""
    principal = people.get(handle)
    if _allowed(principal, act, project, environment, at):
        return
    place = f" on {project}/{environment}" if (project, environment) != ("*", "*") else ""
    roles = " or ".join(PERMISSIONS[act])
    others = able(people, act, project=project, environment=environment, at=at)
    raise Refusal(
        [f"{handle} may not {act}{place}: {why_not(principal, act, project, environment, at)}"],
        would_unblock=[f"{', '.join(others)} could do it" if others else f"an admin grants {handle} {roles}"],
    )


def why_not(principal: Principal, act: str, project: str, environment: str, at: str) -> str:
    """Return the rule that keeps `principal` from `act` here: no such role, or one that ended or is suspended."""
    whole = principal.suspended(at)
    if whole is not None:
        return f"{principal.handle} is suspended until {whole.until} (entry {whole.seq}): {whole.reason}"
    for grant in principal.grants:
        if grant.role not in PERMISSIONS[act] or not (
            _covers(grant.project, project) and _covers(grant.environment, environment)
        ):
            continue
        held = principal.suspended(at, grant)
        if held is not None:
            return f"the role {grant.role} is suspended until {held.until} (entry {held.seq}): {held.reason}"
        if grant.expires is not None and not is_before(at, grant.expires):
            return f"the role {grant.role} ended at {grant.expires}"
    return f"it needs the role {' or '.join(PERMISSIONS[act])}"


def able(people: Principals, act: str, *, project: str = "*", environment: str = "*", at: str) -> list[str]:
    """Return the handles of all who may do `act` in this scope, sorted."""
    return sorted(p.handle for p in people.by_handle.values() if _allowed(p, act, project, environment, at))


def may(people: Principals, handle: str, act: str, *, project: str = "*", environment: str = "*", at: str) -> bool:
    """Say whether `require` would let it pass."""
    principal = people.by_handle.get(handle)
    return principal is not None and _allowed(principal, act, project, environment, at)


def holds(principal: Principal, role: str, *, project: str, environment: str, at: str) -> bool:
    """Say whether `principal` holds `role` for this project and environment at the instant `at`."""
    return any(
        grant.role == role
        and _covers(grant.project, project)
        and _covers(grant.environment, environment)
        and (grant.expires is None or is_before(at, grant.expires))
        and principal.suspended(at, grant) is None
        for grant in principal.grants
    )


def _allowed(principal: Principal, act: str, project: str, environment: str, at: str) -> bool:
    return any(holds(principal, role, project=project, environment=environment, at=at) for role in PERMISSIONS[act])


def _covers(pattern: str, name: str) -> bool:
    """Say whether a scope's glob covers `name`; everywhere (`*`) is covered by nothing narrower than itself."""
    return pattern == "*" or (name != "*" and fnmatchcase(name, pattern))


def is_before(at: str, end: str) -> bool:
    """Say whether `at` is before `end`, however the two are written; never, when one cannot be read."""
    try:
        return parse_timestamp(at) < parse_timestamp(end)
    except (ValueError, OverflowError):
        return False
