"""What may be recorded about test data."""

from __future__ import annotations

from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.change import Change
from store.domain.roles import Principals, require
from store.domain.secrets import redact
from store.errors import BadInput, Refusal

CREATED: Final = "created"
HANDLINGS: Final = (CREATED, "transformed", "scrubbed")
_LONGEST: Final = 2000
_MOST: Final = 2**53 - 1


def record(
    change: Change,
    *,
    handling: str,
    what: str,
    where: str,
    records: int,
    masking: str,
    done_at: str,
    actor: str,
    people: Principals,
    at: str,
) -> ev.DataRecorded:
    """Return what is recorded of test data for this request.

    Raises:
        BadInput: something is not said, or cannot be; data that was not made up needs its masking.
        Refusal: the actor may not, or nothing is tested for this request any more.
    """
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state in {"withdrawn", "refused"}:
        raise Refusal([f"{change.id} is {change.state}: nothing is tested for it any more"])
    if handling not in HANDLINGS:
        raise BadInput(f"{handling!a} is none of {', '.join(HANDLINGS)}")
    if not 0 <= records <= _MOST:
        raise BadInput(f"{records} is no number of records")
    if handling != CREATED and not masking.strip():
        raise BadInput(f"data that was {handling} comes from somewhere: say how it was masked, --masking TEXT")
    return ev.DataRecorded(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        handling=handling,
        what=_said(what, "--what"),
        where=_said(where, "--where"),
        records=records,
        masking=redact(_short(masking, "--masking")),
        done_at=_instant(done_at, at),
    )


def words(event: ev.DataRecorded) -> str:
    """Return a record in one sentence without a full stop."""
    masked = f"; masking: {event.masking}" if event.masking else ""
    return f"{event.records} records {event.handling}: {event.what}, in {event.where}, {event.done_at}{masked}"


def _said(text: str, option: str) -> str:
    if not text.strip():
        raise BadInput(f"{option} is needed")
    return redact(_short(text, option))


def _short(text: str, option: str) -> str:
    if len(text) > _LONGEST:
        raise BadInput(f"{option} holds more than {_LONGEST} characters")
    return text


def _instant(text: str, at: str) -> str:
    try:
        when = parse_timestamp(text)
        late = when > parse_timestamp(at)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!a} is no time: write RFC 3339, e.g. 2026-11-23T14:00:00Z") from None
    if late:
        raise BadInput(f"{text} has not come yet: what was done with data is in the past")
    return timestamp(when)
