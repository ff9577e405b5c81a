"""Findings as lists and screens show them, with what was said of each."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingRow:
    """One finding."""

    id: str
    title: str
    severity: str
    """info, warning, high or critical."""
    source: str
    state: str
    """open or closed."""
    about: str
    """The id or `#entry` that it is about; empty for nothing in particular."""
    summary: str
    duty: str
    """The mark of the duty that quarterdeck raised it for; empty where a person opened it."""
    project: str | None
    environment: str | None
    assignee: str | None
    due: str
    opened_by: str
    opened_seq: int
    opened_at: str
    closed_by: str | None
    closed_seq: int | None
    closed_at: str | None
    done: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingStep:
    """One entry in a finding's story."""

    seq: int
    time: str
    actor: str
    step: str
    """opened, raised, assigned, noted or closed."""
    words: str


TABLES = (
    "CREATE TABLE finding(id TEXT PRIMARY KEY, title TEXT NOT NULL, severity TEXT NOT NULL, source TEXT NOT NULL,"
    " state TEXT NOT NULL, about TEXT NOT NULL, summary TEXT NOT NULL, duty TEXT NOT NULL, project TEXT,"
    " environment TEXT, assignee TEXT, due TEXT NOT NULL, opened_by TEXT NOT NULL, opened_seq INTEGER NOT NULL,"
    " opened_at TEXT NOT NULL, closed_by TEXT, closed_seq INTEGER, closed_at TEXT, done TEXT) STRICT",
    "CREATE TABLE finding_step(seq INTEGER PRIMARY KEY, finding TEXT NOT NULL, time TEXT NOT NULL,"
    " actor TEXT NOT NULL, step TEXT NOT NULL, words TEXT NOT NULL) STRICT",
    "CREATE INDEX finding_step_finding ON finding_step(finding)",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.FindingOpened() as event:
            _born(connection, record, event, summary=event.summary, assignee=event.assignee, duty="")
        case ev.FindingRaised() as event:
            _born(connection, record, event, summary="", assignee=None, duty=event.duty)
        case ev.FindingAssigned() as event:
            connection.execute(
                "UPDATE finding SET assignee = ?, due = coalesce(?, due) WHERE id = ?",
                (event.assignee, event.due, event.finding),
            )
            words = f"to {event.assignee}{f', due {event.due}' if event.due else ''}"
            _step(connection, record, event.finding, "assigned", f"{words}: {event.note}" if event.note else words)
        case ev.FindingNoted() as event:
            _step(connection, record, event.finding, "noted", event.note)
        case ev.FindingClosed() as event:
            connection.execute(
                "UPDATE finding SET state = 'closed', closed_by = ?, closed_seq = ?, closed_at = ?, done = ?"
                " WHERE id = ? AND state = 'open'",
                (record.actor, record.seq, record.time, event.done, event.finding),
            )
            _step(connection, record, event.finding, "closed", event.done)
        case _:
            pass


def _born(
    connection: sqlite3.Connection,
    record: ev.Recorded,
    event: ev.FindingOpened | ev.FindingRaised,
    *,
    summary: str,
    assignee: str | None,
    duty: str,
) -> None:
    known = connection.execute("SELECT 1 FROM finding WHERE id = ?", (event.finding,)).fetchone()
    if known is not None:
        return  # an id that was given is not given again
    values = {
        "id": event.finding, "title": event.title, "severity": event.severity, "source": event.source,
        "state": "open", "about": event.about, "summary": summary, "duty": duty, "project": event.project,
        "environment": event.environment, "assignee": assignee, "due": event.due, "opened_by": record.actor,
        "opened_seq": record.seq, "opened_at": record.time,
    }  # fmt: skip
    insert(connection, "finding", values)
    step = "opened" if isinstance(event, ev.FindingOpened) else "raised"
    _step(connection, record, event.finding, step, f"{event.title}{f': {summary}' if summary else ''}")


def _step(connection: sqlite3.Connection, record: ev.Recorded, finding: str, step: str, words: str) -> None:
    values = {"seq": record.seq, "finding": finding, "time": record.time, "actor": record.actor, "step": step}
    insert(connection, "finding_step", values | {"words": words})


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset({"finding.opened", "finding.raised", "finding.assigned", "finding.noted", "finding.closed"}),
    apply=each(_apply),
)


def listing(
    connection: sqlite3.Connection, *, state: str | None = None, about: str | None = None
) -> tuple[FindingRow, ...]:
    """Return findings, open ones first, what is due first before the rest."""
    return rows(
        connection,
        FindingRow,
        "SELECT * FROM finding WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR about = ?2)"
        " ORDER BY state <> 'open', due, opened_seq",
        (state, about),
    )


def one(connection: sqlite3.Connection, finding: str) -> FindingRow | None:
    """Return one finding, None when there is none of that id."""
    found = rows(connection, FindingRow, "SELECT * FROM finding WHERE id = ?", (finding,))
    return found[0] if found else None


def story(connection: sqlite3.Connection, finding: str) -> tuple[FindingStep, ...]:
    """Return what was recorded of one finding, oldest first."""
    return rows(
        connection,
        FindingStep,
        "SELECT seq, time, actor, step, words FROM finding_step WHERE finding = ? ORDER BY seq",
        (finding,),
    )
