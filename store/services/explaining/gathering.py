"""Which entries are about a request or deployment, and what came of it until something else took its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from store.domain import events as ev
from store.errors import NotFound
from store.integrity.entry import Entry
from store.projections import deployments, requests
from store.projections.deployments import DeploymentRow
from store.projections.requests import RequestRow
from store.services.context import Context

MOST: Final = 2000
"""Entries that one page looks at in any one place: a place that is drifting all day must not make it endless."""
_AFTER: Final = (
    "drift.opened", "drift.changed", "drift.acknowledged", "drift.adopted", "drift.resolved",
    "rollback.started", "revert.started", "enforcement.halted", "release.quarantined",
    "rehearsal.started", "rollback.rehearsed",
    "finding.opened", "finding.raised", "finding.assigned", "finding.noted", "finding.closed", "finding.overdue",
    "anomaly.noticed", "anomaly.acknowledged",
)  # fmt: skip
_GLASS: Final = ("glass.broken", "glass.ended", "glass.reviewed")
_ABROAD: Final = ("incident.opened", "incident.noted", "incident.closed", *_GLASS)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a page is about: a request with its deployments, or a deployment that no request asked for."""

    id: str
    request: RequestRow | None
    deployments: tuple[DeploymentRow, ...]
    """Oldest first."""


def subject_of(context: Context, subject: str) -> Subject:
    """Return what `CR-…` or `DEP-…` names.

    Raises:
        NotFound: there is no such thing.
    """
    with context.ledger.reading() as connection:
        deployment = deployments.one(connection, subject)
        request = requests.one(connection, (deployment.request or "") if deployment is not None else subject)
        if request is None and deployment is None:
            raise NotFound(f"there is no request or deployment {subject!a}: explain CR-0001 or DEP-0001")
        mine: tuple[DeploymentRow, ...] = (deployment,) if deployment is not None else ()
        if request is not None:
            place = {"project": request.project, "environment": request.environment}
            here = deployments.listing(connection, **place, limit=100_000)
            mine = tuple(row for row in reversed(here) if row.request == request.id)
    return Subject(id=subject, request=request, deployments=mine)


def entries_of(context: Context, subject: Subject) -> list[Entry]:
    """Return what names the request or a deployment of it, glass broken for it, and what came of it; oldest first."""
    ledger = context.ledger
    found: dict[int, Entry] = {}
    if subject.request is not None:
        found |= _by_seq(ledger.entries(on={"request": subject.request.id}))
    for row in subject.deployments:
        found |= _by_seq(ledger.entries(on={"deployment": row.id}))
    found |= _by_seq(_glass(context, found.values()))
    found |= _by_seq(_after(context, subject))
    return [found[seq] for seq in sorted(found)]


def _glass(context: Context, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield who broke the glass that these entries were done under, what for, and who reviewed it."""
    broken = {entry.statement.data.get("glass") for entry in entries} - {None}
    if broken:
        every = context.ledger.entries(kinds=_GLASS, limit=MOST)
        yield from (entry for entry in every if entry.statement.on.get("glass") in broken)


def _after(context: Context, subject: Subject) -> Iterator[Entry]:
    """Yield what happened in the same place while the release was there, and how it was replaced."""
    verified = [row for row in subject.deployments if row.state == "verified" and row.ended_seq is not None]
    if not verified:
        return
    first, last = verified[0], verified[-1]
    until = _replaced_at(context, last)
    place = {"project": last.project, "environment": last.environment}
    since = first.ended_seq or first.started_seq
    yield from context.ledger.entries(kinds=_AFTER, on=place, after=since, until=until, limit=MOST)
    lifted = context.ledger.entries(
        kinds=["release.quarantined", "release.quarantine-lifted"],
        on={"project": last.project},
        after=since,
        limit=MOST,
    )
    yield from (entry for entry in lifted if entry.statement.data.get("release") == last.release)
    yield from _abroad(context, place, since, until)


def _abroad(context: Context, place: dict[str, str], since: int, until: int | None) -> Iterator[Entry]:
    """Yield incidents that touch the place (or everything) and opened meanwhile, with all that was said of them."""
    mine: set[str] = set()
    for entry in context.ledger.entries(kinds=_ABROAD, after=since, limit=MOST):
        on = entry.statement.on
        incident = on.get("incident", "")
        meanwhile = until is None or entry.seq <= until
        touches = all(on.get(name) in {None, value} for name, value in place.items())
        if entry.statement.kind == "incident.opened" and meanwhile and touches:
            mine.add(incident)
        if incident in mine:
            yield entry


def _replaced_at(context: Context, last: DeploymentRow) -> int | None:
    """Return the entry that says what was verified there next; None while nothing was."""
    with context.ledger.reading() as connection:
        here = deployments.listing(connection, project=last.project, environment=last.environment, limit=100_000)
    later = [
        row.ended_seq
        for row in here
        if row.state == "verified"
        and row.cause != "rehearsal"  # it came back
        and row.release != last.release
        and (row.ended_seq or 0) > (last.ended_seq or 0)
    ]
    ends = [seq for seq in later if seq is not None]
    return min(ends) if ends else None


def _by_seq(entries: Iterable[Entry]) -> dict[int, Entry]:
    return {entry.seq: entry for entry in islice(entries, MOST)}


def decoded(entry: Entry) -> ev.Event:
    """Return the event that an entry records."""
    statement = entry.statement
    return ev.decode(statement.kind, statement.on, statement.data)
