"""Incidents, and the notes people added."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentRow:
    """One incident."""

    id: str
    title: str
    severity: str
    state: str
    """open or closed."""
    project: str | None
    environment: str | None
    opened_by: str
    opened_seq: int
    opened_at: str
    closed_seq: int | None
    closed_at: str | None
    cause: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRow:
    """A note on an incident, entry, request, deployment or drift."""

    subject: str
    note: str
    actor: str
    seq: int
    time: str


TABLES = (
    "CREATE TABLE incident(id TEXT PRIMARY KEY, title TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL,"
    " project TEXT, environment TEXT, opened_by TEXT NOT NULL, opened_seq INTEGER NOT NULL, opened_at TEXT NOT NULL,"
    " closed_seq INTEGER, closed_at TEXT, cause TEXT) STRICT",
    "CREATE TABLE note(subject TEXT NOT NULL, note TEXT NOT NULL, actor TEXT NOT NULL, seq INTEGER PRIMARY KEY,"
    " time TEXT NOT NULL) STRICT",
    "CREATE INDEX note_subject ON note(subject)",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.IncidentOpened() as event:
            insert(
                connection,
                "incident",
                {
                    "id": event.incident,
                    "title": event.title,
                    "severity": event.severity,
                    "state": "open",
                    "project": event.project,
                    "environment": event.environment,
                    "opened_by": record.actor,
                    "opened_seq": record.seq,
                    "opened_at": record.time,
                },
            )
        case ev.IncidentNoted(incident=incident, note=note):
            _note(connection, record, incident, note)
        case ev.IncidentClosed() as event:
            connection.execute(
                "UPDATE incident SET state = 'closed', closed_seq = ?, closed_at = ?, cause = ? WHERE id = ?",
                (record.seq, record.time, event.cause, event.incident),
            )
        case ev.EntryAnnotated() as event:
            subject = event.request or event.deployment or event.drift or event.incident or event.finding or event.entry
            _note(connection, record, subject or "", event.note)
        case _:
            pass


def _note(connection: sqlite3.Connection, record: ev.Recorded, subject: str, note: str) -> None:
    values = (subject, note, record.actor, record.seq, record.time)
    connection.execute("INSERT INTO note VALUES (?, ?, ?, ?, ?)", values)


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset({"incident.opened", "incident.noted", "incident.closed", "entry.annotated"}),
    apply=each(_apply),
)


def listing(connection: sqlite3.Connection, *, state: str | None = None) -> tuple[IncidentRow, ...]:
    """Return incidents, open ones first, then the newest."""
    return rows(
        connection,
        IncidentRow,
        "SELECT * FROM incident WHERE ?1 IS NULL OR state = ?1 ORDER BY state <> 'open', opened_seq DESC",
        (state,),
    )


def one(connection: sqlite3.Connection, incident: str) -> IncidentRow | None:
    """Return one incident, None when there is none of that id."""
    found = rows(connection, IncidentRow, "SELECT * FROM incident WHERE id = ?", (incident,))
    return found[0] if found else None


def notes(connection: sqlite3.Connection, subject: str) -> tuple[NoteRow, ...]:
    """Return the notes on one id, oldest first."""
    return rows(connection, NoteRow, "SELECT * FROM note WHERE subject = ? ORDER BY seq", (subject,))
