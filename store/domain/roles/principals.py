"""The people of a ledger: their handles, keys, grants and suspensions, folded from the entries that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.errors import BadInput, Refusal

KINDS: Final = (
    "principal.added", "key.added", "key.revoked", "role.granted", "role.revoked",
    "principal.suspended", "principal.reinstated",
)  # fmt: skip
"""The kinds of entry that say who is who."""
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
