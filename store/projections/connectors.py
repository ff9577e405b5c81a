"""Which lists of connectors stood where and when, and who reviewed the inventory of them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class SightingRow:
    """One list of connectors under one name of a project in an environment."""

    environment: str
    project: str
    name: str
    source: str
    """`ingested`, `observed`, or `installed` (the modules of the whole installation)."""
    connectors: str | None
    """Digest of the archived list; None in entries from before lists were archived."""
    artifact: str
    """The newest export that had it."""
    manifest: str
    first_seq: int
    first_time: str
    last_seq: int
    last_time: str
    current: bool
    """It is what stands there now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRow:
    """One review of the inventory."""

    seq: int
    time: str
    actor: str
    inventory: str
    """Digest of the archived inventory."""
    connectors: int
    note: str


TABLES = (
    "CREATE TABLE sighting(environment TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,"
    " content TEXT NOT NULL, connectors TEXT, artifact TEXT NOT NULL, manifest TEXT NOT NULL,"
    " first_seq INTEGER NOT NULL, first_time TEXT NOT NULL, last_seq INTEGER NOT NULL, last_time TEXT NOT NULL,"
    " PRIMARY KEY(environment, project, name, source, content)) STRICT, WITHOUT ROWID",
    "CREATE TABLE connector_review(seq INTEGER PRIMARY KEY, time TEXT NOT NULL, actor TEXT NOT NULL,"
    " inventory TEXT NOT NULL, connectors INTEGER NOT NULL, note TEXT NOT NULL) STRICT",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.ArtifactIngested() as event:
            _seen(connection, record, event, "ingested")
        case ev.ConfigurationObserved() as event:
            _seen(connection, record, event, "observed")
        case ev.ModulesObserved() as event:
            _installed(connection, record, event)
        case ev.ConnectorsReviewed() as event:
            insert(
                connection,
                "connector_review",
                {
                    "seq": record.seq,
                    "time": record.time,
                    "actor": record.actor,
                    "inventory": event.inventory,
                    "connectors": event.connectors,
                    "note": event.note,
                },
            )
        case _:
            pass


def _seen(
    connection: sqlite3.Connection,
    record: ev.Recorded,
    event: ev.ArtifactIngested | ev.ConfigurationObserved,
    source: str,
) -> None:
    what = (event.connectors or event.artifact, event.connectors, event.artifact, event.manifest)
    _stood(connection, record, (event.environment, event.project, event.name, source), what)


def _installed(connection: sqlite3.Connection, record: ev.Recorded, event: ev.ModulesObserved) -> None:
    """Note what an installation has as a whole: no component uses it, so there is no manifest to look into."""
    what = (event.connectors, event.connectors, event.connectors, "")
    _stood(connection, record, (event.environment, event.project, "", "installed"), what)


def _stood(
    connection: sqlite3.Connection,
    record: ev.Recorded,
    where: tuple[str, str, str, str],
    what: tuple[str, str | None, str, str],
) -> None:
    connection.execute(
        "INSERT INTO sighting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?10)"
        " ON CONFLICT DO UPDATE SET artifact = ?7, manifest = ?8, last_seq = ?9, last_time = ?10",
        (*where, *what, record.seq, record.time),
    )


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset({"artifact.ingested", "configuration.observed", "modules.observed", "connectors.reviewed"}),
    apply=_apply,
)


def sightings(connection: sqlite3.Connection) -> tuple[SightingRow, ...]:
    """Return every list of connectors that ever stood anywhere, oldest first."""
    return rows(
        connection,
        SightingRow,
        "SELECT environment, project, name, source, connectors, artifact, manifest, first_seq, first_time, last_seq,"
        " last_time, last_seq = max(last_seq) OVER (PARTITION BY environment, project, name, source) AS current"
        " FROM sighting ORDER BY first_seq",
    )


def last_review(connection: sqlite3.Connection) -> ReviewRow | None:
    """Return the newest review, None before the first."""
    found = rows(connection, ReviewRow, "SELECT * FROM connector_review ORDER BY seq DESC LIMIT 1")
    return found[0] if found else None
