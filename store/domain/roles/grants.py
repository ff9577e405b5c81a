"""Grants as people write them: a role, the scope it is for, and until when."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.errors import BadInput

ROLES: Final = ("requester", "approver", "security-approver", "operator", "responder", "auditor", "admin")


def checked_grant(grant: ev.Grant) -> ev.Grant:
    """Return `grant` as entries keep it, its end in UTC.

    Raises:
        BadInput: no such role, a scope that covers nothing, or an end that is no time.
    """
    if grant.role not in ROLES:
        raise BadInput(f"{grant.role!r} is no role: choose from {', '.join(ROLES)}")
    if not grant.project or not grant.environment:
        raise BadInput(f"{grant.role}: a scope names a project and an environment, or * for all")
    try:
        expires = timestamp(parse_timestamp(grant.expires)) if grant.expires is not None else None
    except (ValueError, OverflowError):
        raise BadInput(f"{grant.expires!r} is no time (RFC 3339)") from None
    return replace(grant, expires=expires)


def parse_grant(text: str) -> ev.Grant:
    """Return the grant written as `role[@project/environment]`, e.g. `approver@orders/prod`.

    Raises:
        BadInput: the role does not exist or the scope is malformed.
    """
    role, _, scope = text.partition("@")
    if role not in ROLES:
        raise BadInput(f"{role!r} is no role: choose from {', '.join(ROLES)}")
    project, slash, environment = scope.partition("/")
    if scope and (not slash or not project or not environment):
        raise BadInput(f"{text!r}: a scope is written project/environment, e.g. {role}@orders/prod")
    return ev.Grant(role=role, project=project or "*", environment=environment or "*")
