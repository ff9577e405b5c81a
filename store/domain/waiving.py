"""Exceptions: a gate that need not pass, somewhere, for a while, by somebody's word. They end by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.approving import SEPARATION
from store.domain.change import Change, before_restore
from store.domain.enrolment import listed
from store.domain.roles import Principal, Principals, holds
from store.errors import BadInput, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

NEVER: Final = frozenset({"artifact-intact", "approvals"})
"""Waived by no policy: bytes that are not what they were are nothing, and past the approvals goes breaking glass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """An exception as of its last entry."""

    id: str
    gate: str
    project: str
    environment: str
    request: str | None
    digest: str | None
    """The request digest it was granted for; None where it is for no single request."""
    justification: str
    accepted: str
    by: str
    at: str
    expires: str
    seq: int
    ended: str | None = None
    """Why somebody ended it; None when nobody did."""

    def state(self, at: str) -> str:
        """Return `stands`, `expired` or `ended`."""
        if self.ended is not None:
            return "ended"
        return "stands" if parse_timestamp(at) < parse_timestamp(self.expires) else "expired"

    def covers(self, gate: str, change: Change) -> bool:
        """Say whether it is about this gate of this request, as the request stands."""
        if gate != self.gate:
            return False
        if self.request is not None:
            return (self.request, self.digest) == (change.id, change.digest)
        return self.project in {"*", change.project} and self.environment in {"*", change.environment}

    @property
    def words(self) -> str:
        """Who waived it, until when and why, in one line."""
        return f"waived by {self.id} ({self.by}, until {self.expires}): {self.justification}"


def fold(recorded: Iterable[ev.Recorded]) -> Mapping[str, Waiver]:
    """Return every exception by id, after these entries, oldest first. An id that was granted is not granted again."""
    found: dict[str, Waiver] = {}
    for record in recorded:
        match record.event:
            case ev.ExceptionGranted() as event if event.exception not in found:
                found[event.exception] = Waiver(
                    id=event.exception,
                    gate=event.gate,
                    project=event.scope_project,
                    environment=event.scope_environment,
                    request=event.request,
                    digest=event.digest,
                    justification=event.justification,
                    accepted=event.accepted,
                    by=record.actor,
                    at=record.time,
                    expires=event.expires,
                    seq=record.seq,
                )
            case ev.ExceptionEnded(exception=waiver, reason=reason) if waiver in found:
                found[waiver] = replace(found[waiver], ended=reason)
            case _:
                pass
    return found


def outlived(waivers: Mapping[str, Waiver], restored: int) -> Mapping[str, Waiver]:
    """Return exceptions of which the restore at entry `restored` ended those before it; 0: there is none."""
    return {
        one.id: replace(one, ended=f"granted {before_restore(restored)}: grant it again")
        if one.seq < restored and one.ended is None
        else one
        for one in waivers.values()
    }


def check_grant(
    event: ev.ExceptionGranted, *, actor: str, people: Principals, policy: Policy, change: Change | None, at: str
) -> ev.ExceptionGranted:
    """Let `actor` grant this exception, or raise Refusal with every reason.

    `change` is the request that it is for alone; None where it has a wider scope.

    Raises:
        BadInput: it has no justification, accepts no risk, or does not end after it begins.
    """
    for name, text in (("--justification", event.justification), ("--accepts", event.accepted)):
        if not text.strip():
            raise BadInput(f"an exception needs {name} TEXT")
    if parse_timestamp(event.expires) <= parse_timestamp(at):
        raise BadInput(f"an exception that ended at {event.expires} is none: name a later time")
    place = {"project": event.scope_project, "environment": event.scope_environment}
    never, too_long = [*_against_gate(event.gate, policy)], [*_against_length(at, event.expires, policy)]
    theirs = [*_against_granter(actor, change, people=people, policy=policy, place=place, at=at)]
    unblock = [f"make {event.gate} pass: policy lets nobody waive it"] if never else []
    if theirs and not never:
        unblock.append(_who_grants(change, people=people, policy=policy, place=place, at=at))
    if too_long and not never:
        unblock.append(f"let it end within {policy.waivers.max_days} days, and grant another when it has ended")
    if never or theirs or too_long:
        raise Refusal([*never, *too_long, *theirs], would_unblock=unblock)
    return event


def check_end(waiver: Waiver, *, actor: str, people: Principals, policy: Policy, at: str) -> None:
    """Let whoever granted it, or could grant it, end an exception that stands, or raise Refusal."""
    if waiver.state(at) != "stands":
        raise Refusal([f"{waiver.id} has {waiver.state(at)} already"])
    place = {"project": waiver.project, "environment": waiver.environment}
    if actor != waiver.by and not _may(people.get(actor), policy, place, at):
        raise Refusal(
            [f"{actor} may not end {waiver.id}"],
            would_unblock=[f"{waiver.by} or a {' or '.join(policy.waivers.roles)} could do it"],
        )


def against(waiver: Waiver, change: Change, *, people: Principals, policy: Policy, at: str) -> Iterator[str]:
    """Yield why an exception that covers a gate of this request does not count now; nothing where it counts.

    That it was signed by somebody who could grant it then is asked where entries are read.
    """
    if waiver.state(at) != "stands":
        yield f"{waiver.id} has {waiver.state(at)}"
    yield from _against_gate(waiver.gate, policy)
    own = _is_own(waiver.by, change, policy)
    if own:
        yield own
    granter = people.by_handle.get(waiver.by)
    if granter is None or granter.suspended(at) is not None:
        yield f"{waiver.by}, who granted {waiver.id}, is suspended"


def was_allowed(waiver: Waiver, granter: Principal | None, policy: Policy) -> bool:
    """Say whether `granter` could grant it when they did, by the policy then in force."""
    place = {"project": waiver.project, "environment": waiver.environment}
    return (
        granter is not None
        and _may(granter, policy, place, waiver.at)
        and not list(_against_length(waiver.at, waiver.expires, policy))
    )


def _against_gate(gate: str, policy: Policy) -> Iterator[str]:
    never = gate in NEVER or any(fnmatchcase(gate, glob) for glob in policy.waivers.never)
    if never:
        yield f"the gate {gate} is never waived"


def _against_length(at: str, expires: str, policy: Policy) -> Iterator[str]:
    days = policy.waivers.max_days
    if parse_timestamp(expires) > parse_timestamp(at) + timedelta(days=days):
        yield f"an exception stands for {days} days at most"


def _against_granter(
    actor: str, change: Change | None, *, people: Principals, policy: Policy, place: Mapping[str, str], at: str
) -> Iterator[str]:
    own = _is_own(actor, change, policy) if change is not None else None
    if own:
        yield own
    if not _may(people.get(actor), policy, place, at):
        scope = f"{place['project']}/{place['environment']}"
        yield f"{actor} may not grant exceptions on {scope}: it needs the role {' or '.join(policy.waivers.roles)}"


def _who_grants(change: Change | None, *, people: Principals, policy: Policy, place: Mapping[str, str], at: str) -> str:
    able = [
        one.handle
        for one in people.by_handle.values()
        if _may(one, policy, place, at) and (change is None or not _is_own(one.handle, change, policy))
    ]
    if able:
        return f"{listed(sorted(able))} could do it"
    return f"an admin grants somebody else {' or '.join(policy.waivers.roles)}"


def _is_own(actor: str, change: Change, policy: Policy) -> str | None:
    if actor in {*change.editors, *change.vouched} and not policy.separation.waiver_own_request:
        return f"{SEPARATION}: {actor} requested or edited {change.id} and cannot waive a gate of it"
    return None


def _may(one: Principal, policy: Policy, place: Mapping[str, str], at: str) -> bool:
    where = {"project": place["project"], "environment": place["environment"]}
    return any(holds(one, role, **where, at=at) for role in policy.waivers.roles)
