"""Deployments and rollbacks, the desired state now and at any past entry, and releases in quarantine."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentRow:
    """One deployment or rollback."""

    id: str
    cause: str
    """`request`, `rollback`, `rehearsal` (of a rollback, both ways), or `revert` where quarterdeck went back itself."""
    request: str | None
    project: str
    environment: str
    release: str
    manifest: str
    previous: str | None
    state: str
    """started, verified, failed, or undone where a first deployment failed and was taken back."""
    actor: str
    reason: str | None
    component: str | None
    started_seq: int
    started_at: str
    ended_seq: int | None
    ended_at: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineRow:
    """A release that may not be deployed."""

    project: str
    release: str
    environment: str
    deployment: str
    reason: str
    seq: int


TABLES = (
    "CREATE TABLE deployment(id TEXT PRIMARY KEY, cause TEXT NOT NULL, request TEXT, project TEXT NOT NULL,"
    " environment TEXT NOT NULL, release TEXT NOT NULL, manifest TEXT NOT NULL, previous TEXT, state TEXT NOT NULL,"
    " actor TEXT NOT NULL, reason TEXT, component TEXT, started_seq INTEGER NOT NULL, started_at TEXT NOT NULL,"
    " ended_seq INTEGER, ended_at TEXT) STRICT",
    "CREATE INDEX deployment_place ON deployment(environment, project, state, ended_seq)",
    "CREATE TABLE quarantined(project TEXT NOT NULL, release TEXT NOT NULL, environment TEXT NOT NULL,"
    " deployment TEXT NOT NULL, reason TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(project, release))"
    " STRICT, WITHOUT ROWID",
)


def release_of(row: DeploymentRow | None) -> str | None:
    """Return the release that was deployed, None where nothing was."""
    return row.release if row else None


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.DeploymentStarted() as event:
            _start(connection, record, event, {"cause": "request", "request": event.request})
        case ev.RollbackStarted() as event:
            cause = {"cause": "rollback", "reason": event.reason, "component": event.component}
            _start(connection, record, event, cause)
        case ev.RevertStarted() as event:
            _start(connection, record, event, {"cause": "revert", "reason": event.reason})
        case ev.RehearsalStarted() as event:
            _start(connection, record, event, {"cause": "rehearsal", "reason": event.reason})
        case ev.RehearsalReturning() as event:
            _start(connection, record, event, {"cause": "rehearsal", "reason": f"{event.rehearsal} is over"})
        case ev.DeploymentVerified(deployment=deployment):
            _end(connection, record, deployment, "verified", None)
        case ev.DeploymentFailed(deployment=deployment, reason=reason):
            _end(connection, record, deployment, "failed", reason)
        case ev.DeploymentUndone() as event:
            _end(connection, record, event.deployment, "undone", None)
            connection.execute(  # nothing was desired here: no failure before it is anybody's business any more
                "UPDATE deployment SET state = 'undone' WHERE state = 'failed' AND environment = ? AND project = ?",
                (event.environment, event.project),
            )
        case ev.ReleaseQuarantined() as event:
            connection.execute(
                "INSERT OR REPLACE INTO quarantined VALUES (?, ?, ?, ?, ?, ?)",
                (event.project, event.release, event.environment, event.deployment, event.reason, record.seq),
            )
        case ev.QuarantineLifted(project=project, release=release):
            connection.execute("DELETE FROM quarantined WHERE project = ? AND release = ?", (project, release))
        case _:
            pass


def _start(
    connection: sqlite3.Connection,
    record: ev.Recorded,
    event: ev.DeploymentStarted | ev.RollbackStarted | ev.RevertStarted | ev.RehearsalStarted | ev.RehearsalReturning,
    cause: dict[str, str | None],
) -> None:
    place = {"id": event.deployment, "project": event.project, "environment": event.environment}
    match event:
        case ev.RevertStarted():
            previous: str | None = event.target.release
        case ev.RehearsalStarted():
            previous = event.returns.release
        case _:
            previous = event.previous
    which = {"release": event.target.release, "manifest": event.target.manifest, "previous": previous}
    when = {"started_seq": record.seq, "started_at": record.time}
    insert(
        connection,
        "deployment",
        {**place, **which, **when, **cause, "state": "started", "actor": record.actor},
    )


def _end(connection: sqlite3.Connection, record: ev.Recorded, deployment: str, state: str, reason: str | None) -> None:
    connection.execute(
        "UPDATE deployment SET state = ?, reason = coalesce(?, reason), ended_seq = ?, ended_at = ? WHERE id = ?",
        (state, reason, record.seq, record.time, deployment),
    )


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset(
        {
            "deployment.started",
            "rollback.started",
            "revert.started",
            "rehearsal.started",
            "rehearsal.returning",
            "deployment.verified",
            "deployment.failed",
            "deployment.undone",
            "release.quarantined",
            "release.quarantine-lifted",
        }
    ),
    apply=each(_apply),
)
_COLUMNS = (
    "id, cause, request, project, environment, release, manifest, previous, state, actor, reason, component,"
    " started_seq, started_at, ended_seq, ended_at"
)

_NEWEST = ", ".join(f"newest.{name}" for name in _COLUMNS.split(", "))


def listing(
    connection: sqlite3.Connection,
    *,
    project: str | None = None,
    environment: str | None = None,
    limit: int = 500,
) -> tuple[DeploymentRow, ...]:
    """Return deployments and rollbacks, newest first."""
    return rows(
        connection,
        DeploymentRow,
        f"SELECT {_COLUMNS} FROM deployment WHERE (?1 IS NULL OR project = ?1)"
        " AND (?2 IS NULL OR environment = ?2) ORDER BY started_seq DESC LIMIT ?3",
        (project, environment, limit),
    )


def one(connection: sqlite3.Connection, deployment: str) -> DeploymentRow | None:
    """Return one deployment, None when there is none of that id."""
    found = rows(connection, DeploymentRow, f"SELECT {_COLUMNS} FROM deployment WHERE id = ?", (deployment,))
    return found[0] if found else None


def desired(
    connection: sqlite3.Connection, *, at: int | None = None, environment: str | None = None
) -> tuple[DeploymentRow, ...]:
    """Return, per environment and project, the deployment that set the desired state as of entry `at` (now: None)."""
    # From place to place and to its newest by the index, so that the number of deployments does not matter.
    return rows(
        connection,
        DeploymentRow,
        "WITH RECURSIVE place(environment, project) AS ("
        " SELECT * FROM (SELECT environment, project FROM deployment ORDER BY environment, project LIMIT 1)"
        " UNION ALL SELECT later.environment, later.project FROM place JOIN deployment AS later ON later.rowid ="
        " coalesce((SELECT rowid FROM deployment WHERE environment = place.environment AND project > place.project"
        "  ORDER BY project LIMIT 1),"
        " (SELECT rowid FROM deployment WHERE environment > place.environment ORDER BY environment, project LIMIT 1)))"
        f" SELECT {_NEWEST} FROM place JOIN deployment AS newest ON newest.rowid ="
        " (SELECT rowid FROM deployment AS one WHERE one.environment = place.environment"
        "  AND one.project = place.project AND one.state = 'verified' AND one.ended_seq <= ?1"
        "  ORDER BY one.ended_seq DESC LIMIT 1)"
        " WHERE ?2 IS NULL OR place.environment = ?2 ORDER BY place.environment, place.project",
        (at if at is not None else 2**62, environment),
    )


def quarantined(connection: sqlite3.Connection) -> tuple[QuarantineRow, ...]:
    """Return the releases in quarantine, newest first."""
    return rows(connection, QuarantineRow, "SELECT * FROM quarantined ORDER BY seq DESC")
