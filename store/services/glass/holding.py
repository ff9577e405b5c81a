"""Which broken glass may be acted under, and what stands on every screen while it does."""

from __future__ import annotations

from datetime import timedelta

from store.clock import parse_timestamp, timestamp
from store.domain import glass as rules
from store.domain import roles
from store.domain.glass import Glass
from store.domain.signatures import problem_of, valid_lines
from store.services.context import Context, Source, recorded


def every(source: Source) -> dict[str, Glass]:
    """Return every glass that was ever broken, by id. A restore ends what stood before it."""
    return rules.fold(recorded(source.entries(kinds=rules.KINDS)))


def held(context: Context, source: Source, handle: str, project: str, environment: str) -> str | None:
    """Return the broken glass under which `handle` may act here now, None when there is none that counts.

    Whoever can write the file can append an entry, but not sign it: the signature, the role and the policy in
    force at that entry are looked at again.
    """
    for one in every(source).values():
        here = one.environment == environment and one.project in {None, project}
        if one.by == handle and here and one.stands(context.now) and _counts(context, source, one, project):
            return one.id
    return None


def _counts(context: Context, source: Source, one: Glass, project: str) -> bool:
    entry = next(iter(source.entries(after=one.seq - 1, until=one.seq)))
    people = roles.fold(recorded(source.entries(kinds=roles.KINDS, until=one.seq)))
    policy = context.policies.at(one.seq).policy
    if problem_of(entry, valid_lines(people.by_handle.get(one.by), one.seq)) is not None:
        return False
    try:
        begun, longest = parse_timestamp(one.at), timedelta(hours=policy.break_glass.hours)
        if not parse_timestamp(one.until) <= begun + longest or parse_timestamp(context.now) < begun:
            return False
    except (ValueError, OverflowError):
        return False
    now = roles.fold(recorded(source.entries(kinds=roles.KINDS)))
    place = {"project": project, "environment": one.environment, "at": context.now}
    return policy.break_glass.allowed and all(
        one.by in rules.holders(who, policy.break_glass.roles, **place) for who in (people, now)
    )


def banner(context: Context) -> str | None:
    """Return what every screen says while glass is broken, None when none is."""
    at = context.now
    standing = [one for one in every(context.ledger).values() if one.stands(at)]
    if not standing:
        return None
    one = standing[-1]
    more = f" +{len(standing) - 1}" if len(standing) > 1 else ""
    return f"GLASS BROKEN {one.environment} by {one.by} to {one.until[11:16]}Z{more}"


def after(at: str, hours: int) -> str:
    """Return the instant so many hours later."""
    return timestamp(parse_timestamp(at) + timedelta(hours=hours))
