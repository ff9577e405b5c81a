"""The past as a timeline: marks to jump to, the state of every environment at any of them, and what changed since."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain.diff import Diff
from store.domain.release import EMPTY
from store.integrity.entry import Entry
from store.projections import drifts
from store.projections.deployments import DeploymentRow, release_of
from store.services.context import Context
from store.services.diffing import between_releases
from store.services.history import history
from store.services.history.history import Instant
from store.services.releases import load

MARKS = (
    "deployment.verified",
    "deployment.failed",
    "deployment.undone",
    "rollback.started",
    "revert.started",
    "rollback.rehearsed",
    "enforcement.halted",
    "drift.opened",
    "drift.resolved",
    "incident.opened",
    "incident.closed",
    "approval.granted",
    "approval.refused",
    "request.opened",
    "environment.frozen",
    "environment.thawed",
    "release.quarantined",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One moment worth jumping to."""

    seq: int
    time: str
    kind: str
    subject: str
    """The id it is about: DEP-…, DR-…, INC-…, CR-… or an environment."""
    environment: str
    project: str
    actor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What one project should have been in one environment at an instant, against now."""

    environment: str
    project: str
    release: str
    since: str
    deployment: str
    same_now: bool
    """It still is so."""
    drifts: int
    """Drifts that stood at the instant."""


def timeline(context: Context, *, limit: int = 2000) -> tuple[Mark, ...]:
    """Return the newest `limit` marks, oldest first."""
    entries = list(context.ledger.entries(kinds=MARKS, limit=limit, newest_first=True))
    return tuple(_mark(entry) for entry in reversed(entries))


def _mark(entry: Entry) -> Mark:
    statement = entry.statement
    on = statement.on
    subject = next((on[key] for key in ("incident", "drift", "deployment", "request", "environment") if key in on), "")
    return Mark(
        seq=entry.seq,
        time=statement.time,
        kind=statement.kind,
        subject=subject,
        environment=on.get("environment", "-"),
        project=on.get("project", "-"),
        actor=statement.actor,
    )


def standings(context: Context, at: Instant, *, now: tuple[DeploymentRow, ...] | None = None) -> tuple[Standing, ...]:
    """Return the state of every environment and project at an instant; `now` spares reading the present one."""
    then = history.state_at(context, None, at).deployments
    if now is None:
        now = history.state_at(context, None, history.now(context)).deployments
    present = {(row.environment, row.project): row.release for row in now}
    with context.ledger.reading() as connection:
        drifted = drifts.standing_at(connection, at.seq)
    return tuple(
        Standing(
            environment=row.environment,
            project=row.project,
            release=row.release,
            since=row.ended_at or row.started_at,
            deployment=row.id,
            same_now=present.get((row.environment, row.project)) == row.release,
            drifts=drifted.get((row.environment, row.project), 0),
        )
        for row in then
    )


def changed(context: Context, old: Instant, new: Instant) -> tuple[tuple[str, str, Diff], ...]:
    """Return (environment, project, diff) for everything whose desired release differs between two instants."""
    before = {(d.environment, d.project): d for d in history.state_at(context, None, old).deployments}
    after = {(d.environment, d.project): d for d in history.state_at(context, None, new).deployments}
    found = []
    with context.ledger.reading() as connection:
        for place in sorted({*before, *after}):
            one, two = before.get(place), after.get(place)
            if release_of(one) != release_of(two):
                left = load(connection, one.manifest) if one else EMPTY
                right = load(connection, two.manifest) if two else EMPTY
                found.append((*place, between_releases(connection, left, right)))
    return tuple(found)
