"""Every export that arrived, what was refused, and what was observed live."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactRow:
    """One ingested export."""

    seq: int
    time: str
    digest: str
    name: str
    project: str
    environment: str
    platform: str
    confidence: int
    bytes: int
    components: int
    manifest: str
    secrets: int
    notices: int
    imported: str
    """The commit it was imported from; empty for what was exported to this workspace."""
    authored: str
    """When that commit says it was made; empty where it says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedRow:
    """One file that could not be read and stands in quarantine."""

    seq: int
    time: str
    path: str
    reason: str
    kept: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservationRow:
    """The last configuration seen in an environment, per export."""

    environment: str
    project: str
    name: str
    artifact: str
    manifest: str
    platform: str
    source: str
    drifted: int
    seq: int
    time: str


TABLES = (
    "CREATE TABLE artifact(seq INTEGER PRIMARY KEY, time TEXT NOT NULL, digest TEXT NOT NULL, name TEXT NOT NULL,"
    " project TEXT NOT NULL, environment TEXT NOT NULL, platform TEXT NOT NULL, confidence INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, components INTEGER NOT NULL, manifest TEXT NOT NULL, secrets INTEGER NOT NULL,"
    " notices INTEGER NOT NULL, imported TEXT NOT NULL, authored TEXT NOT NULL, gone INTEGER NOT NULL) STRICT",
    "CREATE INDEX artifact_place ON artifact(project, environment, name, seq)",
    "CREATE INDEX artifact_digest ON artifact(digest)",
    "CREATE TABLE refused(seq INTEGER PRIMARY KEY, time TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,"
    " kept TEXT NOT NULL) STRICT",
    "CREATE INDEX refused_kept ON refused(kept)",
    "CREATE TABLE observation(environment TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL,"
    " artifact TEXT NOT NULL, manifest TEXT NOT NULL, platform TEXT NOT NULL, source TEXT NOT NULL,"
    " drifted INTEGER NOT NULL, seq INTEGER NOT NULL, time TEXT NOT NULL,"
    " PRIMARY KEY(environment, project, name)) STRICT, WITHOUT ROWID",
)

_ARRIVED = (
    "INSERT INTO artifact (seq, time, digest, name, project, environment, platform, confidence, bytes, components,"
    " manifest, secrets, notices, imported, authored, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _apply(connection: sqlite3.Connection, records: Sequence[ev.Recorded]) -> None:
    """Follow the records; what arrived together is stored together, before anything of it is withdrawn."""
    arrived: list[tuple[object, ...]] = []
    for record in records:
        match record.event:
            case ev.ArtifactIngested() as event:
                arrived.append(_arrival(record, event))
                if event.imported and event.imported.renamed_from:
                    _store(connection, arrived)
                    _withdraw(connection, event.project, event.environment, event.imported.renamed_from)
            case ev.ImportedDeletion() as event:
                _store(connection, arrived)
                _withdraw(connection, event.project, event.environment, event.name)
            case ev.ArtifactRefused() as event:
                values = {"seq": record.seq, "time": record.time, "path": event.path}
                insert(connection, "refused", {**values, "reason": event.reason, "kept": event.kept})
            case ev.ConfigurationObserved() as event:
                _observed(connection, record, event)
            case _:
                pass
    _store(connection, arrived)


def _arrival(record: ev.Recorded, event: ev.ArtifactIngested) -> tuple[object, ...]:
    """Return the row of what arrived, its columns in the order of `_ARRIVED`."""
    return (
        record.seq,
        record.time,
        event.artifact,
        event.name,
        event.project,
        event.environment,
        event.platform,
        event.confidence,
        event.bytes,
        event.components,
        event.manifest,
        event.secrets,
        len(event.notices) + event.more_notices,
        event.imported.commit if event.imported else "",
        (event.imported.authored or "") if event.imported else "",
        0,
    )


def _store(connection: sqlite3.Connection, arrived: list[tuple[object, ...]]) -> None:
    connection.executemany(_ARRIVED, arrived)
    arrived.clear()


def _observed(connection: sqlite3.Connection, record: ev.Recorded, event: ev.ConfigurationObserved) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO observation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.environment,
            event.project,
            event.name,
            event.artifact,
            event.manifest,
            event.platform,
            event.source,
            event.drifted,
            record.seq,
            record.time,
        ),
    )


def _withdraw(connection: sqlite3.Connection, project: str, environment: str, name: str) -> None:
    """Mark what a history brought under a name as no longer there; what was exported to us stands."""
    connection.execute(
        "UPDATE artifact SET gone = 1 WHERE project = ? AND environment = ? AND name = ? AND imported <> ''",
        (project, environment, name),
    )


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset({"artifact.ingested", "artifact.refused", "artifact.deletion-imported", "configuration.observed"}),
    apply=_apply,
)
_COLUMNS = (
    "seq, time, digest, name, project, environment, platform, confidence, bytes, components, manifest, secrets,"
    " notices, imported, authored"
)
_OWN_FIRST = 1 << 52
"""Added to the number of what was exported to us: it is newer than any history, whenever that was imported."""


def newest(connection: sqlite3.Connection, project: str, environment: str) -> tuple[ArtifactRow, ...]:
    """Return the newest artifact under each name of a project in an environment.

    What was exported to us goes before what was imported, and what a history deleted is not there.
    """
    return rows(
        connection,
        ArtifactRow,
        f"SELECT {_COLUMNS} FROM artifact WHERE seq IN (SELECT max(seq + (imported = '') * {_OWN_FIRST})"
        f" % {_OWN_FIRST} FROM artifact WHERE project = ? AND environment = ? AND gone = 0 GROUP BY name)"
        " ORDER BY name",
        (project, environment),
    )


def latest_named(
    connection: sqlite3.Connection, project: str, environment: str, name: str, *, imported: bool
) -> ArtifactRow | None:
    """Return the newest artifact under one name, None when nothing stood there.

    With `imported` the newest that a history brought, else the newest that was exported to us.
    """
    found = rows(
        connection,
        ArtifactRow,
        f"SELECT {_COLUMNS} FROM artifact WHERE project = ? AND environment = ? AND name = ?"
        " AND (imported <> '') = ? ORDER BY seq DESC LIMIT 1",
        (project, environment, name, imported),
    )
    return found[0] if found else None


def listing(connection: sqlite3.Connection, *, limit: int = 500) -> tuple[ArtifactRow, ...]:
    """Return ingested exports, newest first."""
    return rows(connection, ArtifactRow, f"SELECT {_COLUMNS} FROM artifact ORDER BY seq DESC LIMIT ?", (limit,))


def by_digest(connection: sqlite3.Connection, prefix: str) -> tuple[ArtifactRow, ...]:
    """Return the ingested exports whose digest starts with `prefix` (hex), newest first."""
    return rows(
        connection,
        ArtifactRow,
        f"SELECT {_COLUMNS} FROM artifact WHERE digest >= ? AND digest < ? ORDER BY seq DESC",
        (prefix, prefix + "g"),
    )


def projects_of(connection: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Return every (project, environment) that ever received an export."""
    return tuple(connection.execute("SELECT DISTINCT project, environment FROM artifact ORDER BY 1, 2"))


def refused(connection: sqlite3.Connection, *, limit: int = 100) -> tuple[RefusedRow, ...]:
    """Return files that could not be read, newest first."""
    return rows(
        connection,
        RefusedRow,
        "SELECT seq, time, path, reason, kept FROM refused ORDER BY seq DESC LIMIT ?",
        (limit,),
    )


def is_refused(connection: sqlite3.Connection, kept: str) -> bool:
    """Say whether a refusal is recorded of what stands in quarantine under this path."""
    return connection.execute("SELECT 1 FROM refused WHERE kept = ?", (kept,)).fetchone() is not None


def observations(
    connection: sqlite3.Connection, *, environment: str | None = None, project: str | None = None
) -> tuple[ObservationRow, ...]:
    """Return what was last seen live, per environment, project and export name."""
    return rows(
        connection,
        ObservationRow,
        "SELECT * FROM observation WHERE (?1 IS NULL OR environment = ?1) AND (?2 IS NULL OR project = ?2)"
        " ORDER BY environment, project, name",
        (environment, project),
    )
