"""Who may do what, where: roles, scopes and the people who hold them. What no rule allows is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.errors import BadInput, Refusal

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
KINDS: Final = (
    "principal.added", "key.added", "key.revoked", "role.granted", "role.revoked",
    "principal.suspended", "principal.reinstated",
)  # fmt: skip
"""The kinds of entry that say who is who."""
ROLES: Final = ("requester", "approver", "security-approver", "operator", "responder", "auditor", "admin")
RESERVED: Final = frozenset({"system", "quarterdeck"})
_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPeriod:
    """One enrolled key and the entries between which it counts (sequence numbers; `until` excluded)."""

    line: str
    since: int
    until: int | None = None

    def valid_at(self, seq: int) -> bool:
        """Say whether a signature in entry `seq` may come from this key."""
        return self.since <= seq and (self.until is None or seq < self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspension:
    """For how long a principal, or one grant of theirs, counts for nothing, and why."""

    until: str
    reason: str
    seq: int
    grant: ev.Grant | None = None
    """None: every grant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A person or robot, known by a pseudonymous handle."""

    handle: str
    keys: tuple[KeyPeriod, ...] = ()
    grants: tuple[ev.Grant, ...] = ()
    suspensions: tuple[Suspension, ...] = ()

    def suspended(self, at: str, grant: ev.Grant | None = None) -> Suspension | None:
        """Return what suspends the principal (or also this grant of theirs) at the instant `at`, None for nothing."""
        found = (one for one in self.suspensions if one.grant in {None, grant} and not _is_past(at, one.until))
        return next(found, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Principals:
    """Everybody, as of the last folded entry."""

    by_handle: Mapping[str, Principal] = field(default_factory=dict)

    def get(self, handle: str) -> Principal:
        """Return the principal. Raises Refusal for a stranger (default-deny)."""
        found = self.by_handle.get(handle)
        if found is None:
            raise Refusal(
                [f"{handle} is not a principal of this ledger"],
                would_unblock=["an admin adds the principal: quarterdeck principal add"],
            )
        return found

    def owner_of(self, key_line: str) -> Principal | None:
        """Return who holds this key now (type and base64, no comment), or None."""
        for principal in self.by_handle.values():
            if any(key.line == key_line and key.until is None for key in principal.keys):
                return principal
        return None

    def held_by(self, key_line: str) -> Principal | None:
        """Return who holds this key or ever held it, or None: a key that ended belongs to nobody else."""
        for principal in self.by_handle.values():
            if any(key.line == key_line for key in principal.keys):
                return principal
        return None


def vouched(people: Principals, key_line: str, *, fingerprint: str, handle: str | None = None) -> Principal:
    """Return whose key this is now, or raise Refusal: nobody's, revoked, or somebody else's than `handle`'s."""
    owner = people.owner_of(key_line)
    former = people.held_by(key_line) if owner is None else None
    if former is not None:
        ended = max(key.until or 0 for key in former.keys if key.line == key_line) - 1
        raise Refusal(
            [f"the key {fingerprint} of {former.handle} was revoked (entry {ended})"],
            would_unblock=[f"use another key, or an admin enrols one: quarterdeck key add {former.handle}"],
        )
    if owner is None:
        raise Refusal(
            [f"the key {fingerprint} belongs to no principal of this ledger"],
            would_unblock=["an admin enrols it: quarterdeck principal add NAME --public-key FILE"],
        )
    if handle is not None and handle != owner.handle:
        raise Refusal([f"the key {fingerprint} is {owner.handle}'s, not {shown(handle)}'s"])
    return owner


def fold(recorded: Iterable[ev.Recorded], start: Principals | None = None) -> Principals:
    """Return everybody after these entries (kinds `principal.*`, `role.*`, `key.*`)."""
    people = dict(start.by_handle) if start else {}
    for record in recorded:
        step(people, record)
    return Principals(by_handle=people)


def step(people: dict[str, Principal], record: ev.Recorded) -> None:
    """Fold one entry into `people`, in place (verification streams a million of them)."""
    match record.event:
        case ev.PrincipalAdded(principal=handle, keys=keys, grants=grants):
            periods = tuple(KeyPeriod(line=line, since=record.seq) for line in keys)
            people[handle] = Principal(handle=handle, keys=periods, grants=grants)
        case ev.KeyAdded(principal=handle, key=line) if handle in people:
            one = people[handle]
            people[handle] = replace(one, keys=(*one.keys, KeyPeriod(line=line, since=record.seq + 1)))
        case ev.KeyRevoked(principal=handle, key=line) if handle in people:
            one = people[handle]
            ended = tuple(
                replace(k, until=record.seq + 1) if k.line == line and k.until is None else k for k in one.keys
            )
            people[handle] = replace(one, keys=ended)
        case ev.RoleGranted(principal=handle, grant=grant) if handle in people:
            one = people[handle]
            people[handle] = replace(one, grants=(*one.grants, grant))
        case ev.RoleRevoked(principal=handle, grant=grant) if handle in people:
            one = people[handle]
            people[handle] = replace(one, grants=tuple(g for g in one.grants if g != grant))
        case ev.PrincipalSuspended(principal=handle, until=until, reason=reason, grant=grant) if handle in people:
            suspension = Suspension(until=until, reason=reason, seq=record.seq, grant=grant)
            people[handle] = replace(people[handle], suspensions=(*people[handle].suspensions, suspension))
        case ev.PrincipalReinstated(principal=handle, grant=grant) if handle in people:
            one = people[handle]
            left = tuple(s for s in one.suspensions if grant is not None and s.grant != grant)
            people[handle] = replace(one, suspensions=left)
        case _:
            pass


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


def _is_past(at: str, end: str) -> bool:
    """Say whether `end` has come at the instant `at`; never, when one cannot be read: what was meant to hold holds."""
    try:
        return parse_timestamp(at) >= parse_timestamp(end)
    except (ValueError, OverflowError):
        return False


def shown(handle: str) -> str:
    """Return what somebody said is a handle as a sentence can hold it: as it is where it could be one."""
    return handle if _HANDLE.fullmatch(handle) else ascii(handle[:32])


def checked_handle(text: str) -> str:
    """Return `text` as a handle: a pseudonym of lower-case ASCII, because entries can never be erased.

    Raises:
        BadInput: it is something else.
    """
    if not _HANDLE.fullmatch(text):
        raise BadInput(f"{text!r} is no handle: use 1 to 32 of a-z, 0-9, dot, dash, underscore")
    if text in RESERVED:
        raise BadInput(f"{text!r} is no person's handle: what the program saw by itself is recorded under it")
    return text


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
