"""The past: entries by query, instants by name, and the state of every environment at any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp, timestamp
from store.errors import BadInput, NotFound
from store.integrity.entry import Entry
from store.ledger.rows import Search
from store.services.context import Context
from store.services.subjects import entries_about, field_of, is_id, selection

if TYPE_CHECKING:
    from store.domain.release import Release
    from store.projections.deployments import DeploymentRow

_OFFSET = re.compile(r"(?P<anchor>.+?)(?:@?(?P<sign>[+-])(?P<count>\d{1,9})(?P<unit>[smhd]))?$")
_MOST_DIGITS = 16
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Instant:
    """A point in the ledger: after entry `seq` (0: before everything)."""

    seq: int
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What should have been live in an environment (or everywhere) at an instant."""

    at: Instant
    deployments: tuple[DeploymentRow, ...]
    """The verified deployment that set each project's desired state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A selection of entries; empty fields select everything. Times are RFC 3339, `until` included."""

    kinds: tuple[str, ...] = ()
    actor: str | None = None
    environment: str | None = None
    project: str | None = None
    since: str | None = None
    until: str | None = None
    search: str | None = None
    subject: str | None = None


def state_at(context: Context, environment: str | None, at: Instant) -> State:
    """Return the desired state at an instant, of one environment or all."""
    from store.projections import deployments  # finding entries needs no read model

    with context.ledger.reading() as connection:
        found = deployments.desired(connection, at=at.seq, environment=environment)
    return State(at=at, deployments=found)


def release_of(context: Context, row: DeploymentRow) -> Release:
    """Return the release a deployment set."""
    from store.services.releases import load  # reads exports, which finding entries does not

    with context.ledger.reading() as connection:
        return load(connection, row.manifest)


def now(context: Context) -> Instant:
    """Return the instant after the newest entry."""
    size = context.ledger.head().size
    return Instant(seq=size, time=context.ledger.entry(size).statement.time if size else context.now)


def lies_ahead(context: Context, at: Instant) -> bool:
    """Return whether `at` has not come yet: nobody can say what will stand then."""
    return at.seq == context.ledger.head().size and at.time > max(context.now, now(context).time)


_ENDS: Final = ("deployment.verified", "policy.adopted")
"""What ends the story of a request."""


def resolve(context: Context, when: str) -> Instant:
    """Return the instant that `when` names: a time, an entry number, an id, each with an offset such as `-30m`.

    An id (CR-…, DEP-…, DR-…, INC-…, FND-…) means the end of its story: the newest verified deployment of a
    request or deployment, else its first entry; an incident means the position it pinned.

    Raises:
        BadInput: it names nothing.
        NotFound: the id or entry does not exist.
    """
    match = _OFFSET.match(when.strip())
    if not match:
        raise BadInput(f"{when!a} is no time, entry number or id")
    try:
        instant = _anchor(context, match["anchor"])
        if match["sign"] is None:
            return instant
        shift = timedelta(**{_UNITS[match["unit"]]: int(match["count"])})
        base = parse_timestamp(instant.time)
        return _at_time(context, timestamp(base + shift if match["sign"] == "+" else base - shift))
    except OverflowError:
        raise BadInput(f"{when!a} is beyond the calendar") from None


def _anchor(context: Context, text: str) -> Instant:
    if text == "now":
        return now(context)
    if text.isdecimal():
        size = context.ledger.head().size
        if len(text) > _MOST_DIGITS or int(text) > size:
            raise NotFound(f"there is no entry {text[: _MOST_DIGITS + 1]}: the ledger has {size}")
        return _instant(context, int(text))
    if is_id(text):
        return _of_subject(context, field_of(text), text)
    try:
        return _at_time(context, timestamp(parse_timestamp(text)))
    except ValueError:
        raise BadInput(f"{text!a} is no time (RFC 3339), entry number or id") from None


def _of_subject(context: Context, field: str, subject: str) -> Instant:
    first = None
    for entry in entries_about(context.ledger, subject):
        first = first or entry
        if field in {"request", "deployment"} and entry.statement.kind in _ENDS:
            return Instant(seq=entry.seq, time=entry.statement.time)
    if first is None:
        raise NotFound(f"there is no {subject}")
    if field == "incident":
        return Instant(seq=int(str(first.statement.data["at_seq"])), time=first.statement.time)
    return Instant(seq=first.seq, time=first.statement.time)


def _instant(context: Context, seq: int) -> Instant:
    return Instant(seq=seq, time=context.ledger.entry(max(seq, 1)).statement.time)


def _at_time(context: Context, time: str) -> Instant:
    """Return the instant after the last entry in order before the claimed times pass `time` (bisection)."""
    low, high = 0, context.ledger.head().size
    while low < high:
        middle = (low + high + 1) // 2
        if context.ledger.entry(middle).statement.time <= time:
            low = middle
        else:
            high = middle - 1
    return Instant(seq=low, time=time)


def log(context: Context, query: Query, *, limit: int | None = None) -> Iterator[Entry]:
    """Yield matching entries, newest first, at most `limit`."""
    found = _search(query)
    return context.ledger.entries(
        kinds=found.kinds, on=found.on, limit=limit, newest_first=True, sieve=found.sieve
    )  # fmt: skip


def numbers(context: Context, query: Query, *, after: int, until: int) -> Iterator[int]:
    """Yield the numbers of matching entries with `after` < number ≤ `until`, newest first, opening none of them."""
    return context.ledger.numbers(replace(_search(query), after=after, until=until))


def _search(query: Query) -> Search:
    from store.ledger.sieve import Sieve

    on = {k: v for k, v in (("environment", query.environment), ("project", query.project)) if v}
    kinds: Sequence[str] | None = query.kinds or None
    named = None
    if query.subject is not None and is_id(query.subject):
        found = selection(query.subject, kinds)
        kinds, on, named = found.kinds, {**on, **found.on}, found.named
    sieve = Sieve(actor=query.actor, since=query.since, until=query.until, text=query.search, named=named)
    return Search(kinds=kinds, on=on or None, newest_first=True, sieve=sieve if sieve != Sieve() else None)
