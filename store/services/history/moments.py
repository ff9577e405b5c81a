"""One instant of the past: what should have stood everywhere, what had just changed, and what differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.domain.component import Component
from store.domain.diff import Diff
from store.domain.release import EMPTY, Release
from store.integrity.entry import Entry
from store.projections.deployments import DeploymentRow, release_of
from store.projections.shape import Connection
from store.services.context import Context
from store.services.diffing import between_releases
from store.services.history import history, replay
from store.services.history.history import Instant
from store.services.history.replay import Standing
from store.services.releases import Contents, load

JUST_BEFORE_MINUTES = 30
_MOST_ENTRIES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceChange:
    """How the desired state of one project in one environment differs between two instants."""

    environment: str
    project: str
    old: str | None
    """The deployment that set it at the older instant; None: nothing was there."""
    new: str | None
    diff: Diff
    before: Mapping[str, Component] = field(repr=False)
    """Components at the older instant, by id."""
    after: Mapping[str, Component] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What there is to know about one instant."""

    at: Instant
    standings: tuple[Standing, ...]
    absent: tuple[tuple[str, str], ...]
    """(environment, project) that hold something now and held nothing then."""
    just_before: tuple[Entry, ...]
    """What was recorded in the half hour before, newest first; the newest 200 of it."""
    changes: tuple[PlaceChange, ...]
    """How the desired state changed in that half hour."""
    previous: Entry | None
    """The newest entry older than that half hour; None when there is none."""


def moment(context: Context, at: Instant) -> Moment:
    """Return what there is to know about `at`; the half hour goes by the entries' own claimed times."""
    start = history.resolve(context, f"{at.time}@-{JUST_BEFORE_MINUTES}m")
    start = Instant(seq=min(start.seq, at.seq), time=start.time)
    now = history.state_at(context, None, history.now(context)).deployments
    standings = replay.standings(context, at, now=now)
    there = {(one.environment, one.project) for one in standings}
    recent = context.ledger.entries(after=start.seq, until=at.seq, newest_first=True, limit=_MOST_ENTRIES)
    return Moment(
        at=at,
        standings=standings,
        absent=tuple(place for row in now if (place := (row.environment, row.project)) not in there),
        just_before=tuple(recent),
        changes=between(context, start, at),
        previous=context.ledger.entry(start.seq) if start.seq else None,
    )


def between(context: Context, old: Instant, new: Instant) -> tuple[PlaceChange, ...]:
    """Return how the desired state differs from `old` to `new`, for every environment and project where it does."""
    before, after = _rows(context, old), _rows(context, new)
    with context.ledger.reading() as connection:
        return tuple(
            _change(connection, place, before.get(place), after.get(place))
            for place in sorted({*before, *after})
            if release_of(before.get(place)) != release_of(after.get(place))
        )


def _rows(context: Context, at: Instant) -> dict[tuple[str, str], DeploymentRow]:
    return {(row.environment, row.project): row for row in history.state_at(context, None, at).deployments}


def _change(
    connection: Connection, place: tuple[str, str], old: DeploymentRow | None, new: DeploymentRow | None
) -> PlaceChange:
    left = load(connection, old.manifest) if old else EMPTY
    right = load(connection, new.manifest) if new else EMPTY
    contents = Contents(connection)
    return PlaceChange(
        environment=place[0],
        project=place[1],
        old=old.id if old else None,
        new=new.id if new else None,
        diff=between_releases(connection, left, right),
        before=_components(contents, left),
        after=_components(contents, right),
    )


def _components(contents: Contents, release: Release) -> dict[str, Component]:
    return {part.id: part for part in contents.of_release(release)[0]}
