"""Drifts: what was seen live and differs from what should be."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftRow:
    """One drift of one component."""

    id: str
    project: str
    environment: str
    component: str
    name: str
    kind: str
    status: str
    """open, acknowledged, adopted or resolved."""
    summary: str
    desired: str | None
    observed: str | None
    previous: str | None
    observed_artifact: str
    release: str | None
    opened_seq: int
    opened_at: str
    updated_seq: int
    updated_at: str
    note: str | None


TABLES = (
    "CREATE TABLE drift(id TEXT PRIMARY KEY, project TEXT NOT NULL, environment TEXT NOT NULL,"
    " component TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, summary TEXT NOT NULL,"
    " desired TEXT, observed TEXT, previous TEXT, observed_artifact TEXT NOT NULL, release TEXT,"
    " opened_seq INTEGER NOT NULL, opened_at TEXT NOT NULL, updated_seq INTEGER NOT NULL, updated_at TEXT NOT NULL,"
    " note TEXT) STRICT",
    "CREATE INDEX drift_place ON drift(status, environment, project)",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    now = (record.seq, record.time)
    match record.event:
        case ev.DriftOpened() as event:
            _opened(connection, record, event)
        case ev.DriftChanged() as event:
            connection.execute(
                "UPDATE drift SET status = 'open', summary = ?, desired = ?, observed = ?, observed_artifact = ?,"
                " updated_seq = ?, updated_at = ? WHERE id = ?",
                (event.summary, event.desired, event.observed, event.observed_artifact, *now, event.drift),
            )
        case ev.DriftAcknowledged(drift=drift, note=note):
            _status(connection, drift, "acknowledged", note, now)
        case ev.DriftReopened(drift=drift, reason=reason):
            _status(connection, drift, "open", reason, now)
        case ev.DriftAdopted(drift=drift, request=request):
            _status(connection, drift, "adopted", request, now)
        case ev.DriftResolved(drift=drift, how=how):
            _status(connection, drift, "resolved", how, now)
        case _:
            pass


def _opened(connection: sqlite3.Connection, record: ev.Recorded, event: ev.DriftOpened) -> None:
    insert(
        connection,
        "drift",
        {
            "id": event.drift,
            "project": event.project,
            "environment": event.environment,
            "component": event.component,
            "name": event.name,
            "kind": event.component_kind,
            "status": "open",
            "summary": event.summary,
            "desired": event.desired,
            "observed": event.observed,
            "previous": event.previous,
            "observed_artifact": event.observed_artifact,
            "release": event.release,
            "opened_seq": record.seq,
            "opened_at": record.time,
            "updated_seq": record.seq,
            "updated_at": record.time,
        },
    )


def _status(connection: sqlite3.Connection, drift: str, status: str, note: str, now: tuple[int, str]) -> None:
    connection.execute(
        "UPDATE drift SET status = ?, note = ?, updated_seq = ?, updated_at = ? WHERE id = ?",
        (status, note, *now, drift),
    )


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset(
        {"drift.opened", "drift.changed", "drift.acknowledged", "drift.adopted", "drift.resolved", "drift.reopened"}
    ),
    apply=each(_apply),
)
UNRESOLVED = ("open", "acknowledged", "adopted")
EVERY = (*UNRESOLVED, "resolved")


def listing(
    connection: sqlite3.Connection,
    *,
    environment: str | None = None,
    project: str | None = None,
    statuses: tuple[str, ...] = UNRESOLVED,
    limit: int = 5000,
) -> tuple[DriftRow, ...]:
    """Return drifts in any of `statuses`: open ones first, then the newest."""
    marks = ", ".join("?" * len(statuses))
    return rows(
        connection,
        DriftRow,
        f"SELECT * FROM drift WHERE status IN ({marks}) AND (? IS NULL OR environment = ?)"
        " AND (? IS NULL OR project = ?) ORDER BY status <> 'open', opened_seq DESC LIMIT ?",
        (*statuses, environment, environment, project, project, limit),
    )


def one(connection: sqlite3.Connection, drift: str) -> DriftRow | None:
    """Return one drift, None when there is none of that id."""
    found = rows(connection, DriftRow, "SELECT * FROM drift WHERE id = ?", (drift,))
    return found[0] if found else None


def standing_at(connection: sqlite3.Connection, at: int) -> dict[tuple[str, str], int]:
    """Return how many drifts stood in each (environment, project) as of entry `at`: a resolved one stays so."""
    found = connection.execute(
        "SELECT environment, project, count(*) FROM drift WHERE opened_seq <= ?1"
        " AND (status <> 'resolved' OR updated_seq > ?1) GROUP BY environment, project",
        (at,),
    )
    return {(environment, project): count for environment, project, count in found}
