"""Who may be enrolled under which name, and what may be taken from whom without locking everybody out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.lookalikes import alike
from store.domain.roles import RESERVED, Principal, Principals, checked_handle, fold
from store.errors import BadInput, Disguised, Refusal


def checked_new_handle(people: Principals, text: str) -> str:
    """Return `text` as a handle that somebody could be given.

    Raises:
        BadInput: it is none.
        Disguised: it is none, and is made to be read as somebody's: another case, another script.
    """
    try:
        return checked_handle(text)
    except BadInput as wrong:
        twin = alike(text, (*people.by_handle, *RESERVED))
        if twin is not None:
            raise Disguised(f"{wrong}; it is made to read like {twin}") from None
        raise


def check_handle_is_free(people: Principals, handle: str) -> None:
    """Refuse a handle that is taken, or reads like another's (`b0` for `bo`, `d.ana` for `dana`).

    Raises:
        BadInput: it is taken.
        Refusal: it could be taken for somebody else's.
    """
    if handle in people.by_handle:
        raise BadInput(f"{handle} is a principal already")
    twin = alike(handle, people.by_handle)
    if twin is not None:
        raise Refusal(
            [f"{handle} reads like {twin}: two people need handles that nobody confuses"],
            would_unblock=["choose another handle"],
        )


def check_nobody_is_locked_out(people: Principals, event: ev.Event, *, actor: str, at: str) -> None:
    """Refuse to take from the last admin what only they have: a role, a key, or their standing.

    Raises:
        Refusal: after `event` nobody could manage principals any more.
    """
    after = fold([ev.Recorded(seq=_NEXT, time=at, actor=actor, event=event)], people)
    if any(_governs(one, at) for one in after.by_handle.values()):
        return
    if not any(_governs(one, at) for one in people.by_handle.values()):
        return  # nobody does now either: this event is not what locks them out
    raise Refusal(
        ["after this nobody could manage principals any more: everybody would be locked out"],
        would_unblock=["make somebody else admin for everything, without an end and with a key, first"],
    )


def checked_end(text: str, at: str) -> str:
    """Return when something ends, in UTC: after `at`, and within a year.

    Raises:
        BadInput: it is no time, or another one.
    """
    try:
        end, now = parse_timestamp(text), parse_timestamp(at)
        if now < end <= now + _LONGEST:
            return timestamp(end)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!a} is no time (RFC 3339)") from None
    raise BadInput(f"{text!a} is not within the next {_LONGEST.days} days")


_LONGEST: Final = timedelta(days=366)
_NEXT: Final = 2**53 - 1
"""A place after every entry there is: what ends there is over."""


def _governs(one: Principal, at: str) -> bool:
    """Say whether somebody is admin of everything, for good, and has a key to prove it."""
    return (
        any(key.until is None for key in one.keys)
        and one.suspended(at) is None
        and any(_is_whole(grant) and one.suspended(at, grant) is None for grant in one.grants)
    )


def _is_whole(grant: ev.Grant) -> bool:
    return (grant.role, grant.project, grant.environment, grant.expires) == ("admin", "*", "*", None)


def listed(handles: Sequence[str], most: int = 6) -> str:
    """Return handles for a sentence, the first few by name."""
    more = f" and {len(handles) - most} more" if len(handles) > most else ""
    return ", ".join(handles[:most]) + more
