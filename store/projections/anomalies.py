"""What was out of the ordinary, and who looked at it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class AnomalyRow:
    """One anomaly."""

    id: str
    rule: str
    severity: str
    state: str
    """open or acknowledged."""
    principal: str | None
    project: str | None
    environment: str | None
    about: int
    summary: str
    measures: str
    """JSON: name → number."""
    seq: int
    time: str
    acknowledged_by: str | None
    note: str | None

    @property
    def numbers(self) -> dict[str, int]:
        """What made it unusual."""
        found: dict[str, int] = json.loads(self.measures)
        return found


TABLES = (
    "CREATE TABLE anomaly(id TEXT PRIMARY KEY, rule TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL,"
    " principal TEXT, project TEXT, environment TEXT, about INTEGER NOT NULL, summary TEXT NOT NULL,"
    " measures TEXT NOT NULL, seq INTEGER NOT NULL, time TEXT NOT NULL, acknowledged_by TEXT, note TEXT) STRICT",
    "CREATE INDEX anomaly_state ON anomaly(state, seq)",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.AnomalyNoticed() as event:
            values = {
                "id": event.anomaly,
                "rule": event.rule,
                "severity": event.severity,
                "state": "open",
                "principal": event.principal,
                "project": event.project,
                "environment": event.environment,
                "about": event.about,
                "summary": event.summary,
                "measures": json.dumps({one.name: one.value for one in event.measures}),
                "seq": record.seq,
                "time": record.time,
            }
            known = connection.execute("SELECT 1 FROM anomaly WHERE id = ?", (event.anomaly,)).fetchone()
            if known is None:
                insert(connection, "anomaly", values)
        case ev.AnomalyAcknowledged() as event:
            connection.execute(
                "UPDATE anomaly SET state = 'acknowledged', acknowledged_by = ?, note = ? WHERE id = ?",
                (record.actor, event.note, event.anomaly),
            )
        case _:
            pass


PROJECTION = Projection(tables=TABLES, kinds=frozenset({"anomaly.noticed", "anomaly.acknowledged"}), apply=each(_apply))
_SELECT = (
    "SELECT id, rule, severity, state, principal, project, environment, about, summary, measures, seq, time,"
    " acknowledged_by, note FROM anomaly"
)


def listing(connection: sqlite3.Connection, *, state: str | None = None, limit: int = 500) -> tuple[AnomalyRow, ...]:
    """Return anomalies (in this state), the newest first."""
    return rows(
        connection, AnomalyRow, f"{_SELECT} WHERE ?1 IS NULL OR state = ?1 ORDER BY seq DESC LIMIT ?2", (state, limit)
    )


def one(connection: sqlite3.Connection, anomaly: str) -> AnomalyRow | None:
    """Return one anomaly, None when there is none of that id."""
    found = rows(connection, AnomalyRow, f"{_SELECT} WHERE id = ?", (anomaly,))
    return found[0] if found else None
