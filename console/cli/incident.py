"""`incident` and `annotate`: what happened, as people tell it."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.integrity.entry import Entry
from store.projections import incidents as rows
from store.services import incidents
from store.services.delivery import environments


@group(name="incident")
def incident() -> None:
    """Incidents: open, note, close, list."""


@command(incident, name="open")
@click.option("--title", required=True)
@click.option("--severity", default="high", show_default=True)
@click.option("--project")
@click.option("--env", "environment")
def incident_open(session: Session, title: str, severity: str, project: str | None, environment: str | None) -> None:
    """Open an incident; the ledger position and every environment's state are pinned to it."""
    if environment is not None:
        environments.one(session.context.ledger, environment)
    entry = incidents.open_incident(
        session.context, session.actor(), title=title, severity=severity, project=project, environment=environment
    )
    _done(session, entry)


@command(incident, name="note")
@click.argument("incident_id", metavar="ID")
@click.argument("text")
def incident_note(session: Session, incident_id: str, text: str) -> None:
    """Add a note to an open incident."""
    _done(session, incidents.note(session.context, session.actor(), incident_id, text))


@command(incident, name="close")
@click.argument("incident_id", metavar="ID")
@click.option("--cause", required=True)
@click.option("--fix", required=True)
@click.option("--learned", required=True)
def incident_close(session: Session, incident_id: str, cause: str, fix: str, learned: str) -> None:
    """Close an incident with its cause, its fix and what was learned."""
    _done(
        session, incidents.close(session.context, session.actor(), incident_id, cause=cause, fix=fix, learned=learned)
    )


@command(incident, name="list")
def incident_list(session: Session) -> None:
    """List incidents, open ones first."""
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection)
    if session.options.json:
        emit_json([asdict(row) for row in found])
    else:
        table(
            [(r.id, r.state, r.severity, r.opened_at, r.title) for r in found],
            head=("id", "state", "severity", "opened", "title"),
        )


@command(name="annotate")
@click.argument("subject")
@click.argument("text")
def annotate(session: Session, subject: str, text: str) -> None:
    """Add a note to an id or an entry number; the original never changes."""
    _done(session, incidents.annotate(session.context, session.actor(), subject, text))


def _done(session: Session, entry: Entry) -> None:
    on = dict(entry.statement.on)
    if session.options.json:
        emit_json({"id": on.get("incident"), "entry": entry.seq, "kind": entry.statement.kind, "on": on})
    else:
        say(f"{' '.join(on.values())} {entry.statement.kind} (entry {entry.seq})")
