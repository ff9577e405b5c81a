"""Which lists of connectors stood where and when, and who reviewed the inventory of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


_STOOD = (
    "INSERT INTO sighting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    " ON CONFLICT DO UPDATE SET artifact = ?7, manifest = ?8, last_seq = ?11, last_time = ?12"
)


class _Key(NamedTuple):
    """One list under one name."""

    environment: str
    project: str
    name: str
    source: str
    content: str
    """The list's digest; that of the export where no list was kept."""


class _Seen(NamedTuple):
    """What one entry says of it."""

    connectors: str | None
    artifact: str
    manifest: str
    seq: int
    time: str


def _apply(connection: sqlite3.Connection, records: Sequence[ev.Recorded]) -> None:
    """Follow the records; a list that several of them saw, as most do, is stored once: the first and the last count."""
    seen: dict[_Key, list[_Seen]] = {}
    for record in records:
        match record.event:
            case ev.ArtifactIngested() as event:
                key, what = _sighting(record, event, "ingested")
                seen.setdefault(key, []).append(what)
            case ev.ConfigurationObserved() as event:
                key, what = _sighting(record, event, "observed")
                seen.setdefault(key, []).append(what)
            case ev.ModulesObserved(environment=environment, project=project, connectors=content):
                # What an installation has as a whole: no component uses it, so there is no manifest to look into.
                key = _Key(environment, project, "", "installed", content)
                seen.setdefault(key, []).append(_Seen(content, content, "", record.seq, record.time))
            case ev.ConnectorsReviewed() as event:
                _reviewed(connection, record, event)
            case _:
                pass
    connection.executemany(_STOOD, [_row(key, found[0], found[-1]) for key, found in seen.items()])


def _sighting(
    record: ev.Recorded, event: ev.ArtifactIngested | ev.ConfigurationObserved, source: str
) -> tuple[_Key, _Seen]:
    key = _Key(event.environment, event.project, event.name, source, event.connectors or event.artifact)
    return key, _Seen(event.connectors, event.artifact, event.manifest, record.seq, record.time)


def _row(key: _Key, first: _Seen, last: _Seen) -> tuple[object, ...]:
    """Return the values of `_STOOD`."""
    return (*key, first.connectors, last.artifact, last.manifest, first.seq, first.time, last.seq, last.time)


def _reviewed(connection: sqlite3.Connection, record: ev.Recorded, event: ev.ConnectorsReviewed) -> None:
    values = {"seq": record.seq, "time": record.time, "actor": record.actor}
    values |= {"inventory": event.inventory, "connectors": event.connectors, "note": event.note}
    insert(connection, "connector_review", values)


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
