"""An incident in depth: its timeline, what was deployed and drifted around it, what stood live when it began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from store.domain import events as ev
from store.domain import glass as glass_rules
from store.domain.glass import Glass
from store.domain.playbooks import Run
from store.errors import NotFound
from store.integrity.entry import Entry
from store.projections import deployments, environments, incidents
from store.projections.incidents import IncidentRow
from store.services import rights
from store.services.context import Context, recorded
from store.services.glass import holding
from store.services.identity.people import principals
from store.services.incidents import playbooks
from store.services.subjects import entries_about

ACTS: Final = ("open an incident", "annotate")
GLASS: Final = "break glass"
REVIEW: Final = "review broken glass"
_AROUND: Final = (
    "deployment.started", "deployment.verified", "deployment.failed", "deployment.undone", "rollback.started",
    "drift.opened", "drift.changed", "drift.resolved", "drift.acknowledged", "enforcement.halted",
    "revert.started", "environment.frozen", "environment.unfrozen",
)  # fmt: skip
_BEFORE: Final = 6
_DURING: Final = 120


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """What was desired somewhere when the incident began, and whether it still is."""

    environment: str
    project: str
    release: str
    now: str | None
    """The release that is desired there now."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One entry of an incident's timeline."""

    entry: Entry
    own: bool
    """It is the incident's own entry; otherwise it happened around it."""


@dataclass(frozen=True, kw_only=True)
class IncidentView:
    """One incident and everything around it."""

    row: IncidentRow
    closed: ev.IncidentClosed | None
    timeline: tuple[Happening, ...]
    pinned: tuple[Pinned, ...]
    at_seq: int
    """The ledger position pinned as its start."""
    runs: tuple[Run, ...]
    glass: tuple[Glass, ...]
    places: tuple[str, ...]
    """The environments in which glass could be broken for it."""
    blocked: Mapping[str, tuple[str, ...]]
    """Act → why the caller may not do it, then `→` what would unblock it; empty when they may."""

    @property
    def to_review(self) -> Glass | None:
        """The first broken glass whose review is still owed."""
        return _owed(self.glass)


@dataclass(frozen=True, kw_only=True)
class Incidents:
    """Every incident, open ones first, and one of them in depth."""

    rows: tuple[IncidentRow, ...]
    glass: Mapping[str, Glass]
    """Every glass that was ever broken: `BG-…` leads to its incident."""
    chosen: IncidentView | None
    blocked: tuple[str, ...]
    """Why the caller may not open an incident about everything; empty when they may."""


def listed(context: Context, handle: str | None, wanted: str | None) -> Incidents:
    """Return every incident, with `wanted` (else the first) in depth."""
    with context.ledger.reading() as connection:
        rows = incidents.listing(connection)
    name = wanted if any(row.id == wanted for row in rows) else next((row.id for row in rows), None)
    people = principals(context.ledger)
    return Incidents(
        rows=rows,
        glass=holding.every(context.ledger),
        chosen=view(context, handle, name) if name is not None else None,
        blocked=rights.against(context, people, handle, "open an incident", project="*", environment="*"),
    )


def view(context: Context, handle: str | None, name: str) -> IncidentView:
    """Return one incident in depth. Raises NotFound."""
    with context.ledger.reading() as connection:
        row = incidents.one(connection, name)
        desired = {(one.environment, one.project): one.release for one in deployments.desired(connection)}
        places = tuple(one.name for one in environments.listing(connection))
    if row is None:
        raise NotFound(f"there is no incident {name[:40]!a}")
    own = tuple(entries_about(context.ledger, name))
    events = [one.event for one in recorded(own)]
    opened = next((event for event in events if isinstance(event, ev.IncidentOpened)), None)
    state = opened.state if opened is not None else ()
    every = tuple(one for one in holding.every(context.ledger).values() if one.incident == name)
    return IncidentView(
        row=row,
        closed=next((event for event in events if isinstance(event, ev.IncidentClosed)), None),
        timeline=_timeline(context, row, own),
        pinned=tuple(
            Pinned(
                environment=one.environment,
                project=one.project,
                release=one.release,
                now=desired.get((one.environment, one.project)),
            )
            for one in state
        ),
        at_seq=opened.at_seq if opened is not None else row.opened_seq,
        runs=tuple(run for run in playbooks.runs(context.ledger).values() if run.incident == name),
        glass=every,
        places=tuple(place for place in places if row.environment in {None, place}),
        blocked=_blocked(context, handle, row, every, places),
    )


def _timeline(context: Context, row: IncidentRow, own: tuple[Entry, ...]) -> tuple[Happening, ...]:
    """Return the incident's own entries among what was deployed and drifted at its place around it, oldest first."""
    place = {name: value for name in ("project", "environment") if (value := getattr(row, name)) is not None}
    entries = context.ledger.entries
    before = entries(kinds=_AROUND, on=place or None, until=row.opened_seq, newest_first=True, limit=_BEFORE)
    during = entries(kinds=_AROUND, on=place or None, after=row.opened_seq, until=row.closed_seq, limit=_DURING)
    mine = {entry.seq for entry in own}
    around = [Happening(entry=entry, own=False) for entry in (*before, *during) if entry.seq not in mine]
    both = [*around, *(Happening(entry=entry, own=True) for entry in own)]
    return tuple(sorted(both, key=lambda one: one.entry.seq))


def _blocked(
    context: Context, handle: str | None, row: IncidentRow, glass: tuple[Glass, ...], places: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    people = principals(context.ledger)
    here = {"project": row.project or "*", "environment": row.environment or "*"}
    found = {act: rights.against(context, people, handle, act, **here) for act in ACTS}
    if row.state != "open":
        shut = (f"{row.id} is closed",)
        return dict.fromkeys((*ACTS, GLASS), shut) | {REVIEW: against_review(context, handle, _owed(glass))}
    found[GLASS] = _against_breaking(context, handle, row, places)
    found[REVIEW] = against_review(context, handle, _owed(glass))
    return found


def _against_breaking(
    context: Context, handle: str | None, row: IncidentRow, places: tuple[str, ...]
) -> tuple[str, ...]:
    """Return why no glass can be broken for it anywhere; empty where it can in one environment at least."""
    if handle is None:
        return rights.NO_KEY
    against: tuple[str, ...] = ("there is no environment yet",)
    for place in places if row.environment is None else (row.environment,):
        against = rights.refused(
            partial(
                glass_rules.check_breaker,
                holding.every(context.ledger).values(),
                actor=handle,
                project=row.project or "*",
                environment=place,
                people=principals(context.ledger),
                policy=context.policy,
                at=context.now,
            )
        )
        if not against:
            break
    return against


def _owed(glass: tuple[Glass, ...]) -> Glass | None:
    return next((one for one in glass if one.reviewed_by is None), None)


def against_review(context: Context, handle: str | None, one: Glass | None) -> tuple[str, ...]:
    """Return why the caller may not review a broken glass, then `→` what would unblock it; empty when they may."""
    if one is None:
        return ("no broken glass waits for a review here",)
    if handle is None:
        return rights.NO_KEY
    people, policy = principals(context.ledger), context.policy
    return rights.refused(
        lambda: glass_rules.check_reviewer(one, actor=handle, people=people, policy=policy, at=context.now, note="-")
    )
