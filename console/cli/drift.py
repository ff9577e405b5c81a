"""`drift`: what was seen live and differs; the three answers to it stand beside."""

from __future__ import annotations

from typing import Final

import click

from console.cli.groups import ListingGroup
from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.projections import drifts
from store.services.delivery import environments

_HOMES: Final = {
    "ack": "drift_acts:drift_ack",
    "adopt": "drift_acts:drift_adopt",
    "list": "drift:drift_list",
    "revert": "drift_acts:drift_revert",
}
"""Command → module:function. To list drift takes a fraction of what the answers import."""


@group(name="drift", cls=ListingGroup, homes=_HOMES)
def drift() -> None:
    """Drift: `drift [ENV]` lists it (exit 1 when there is some); ack, adopt, revert answer it."""


@command(name="list")
@click.argument("environment", required=False)
@click.option("--project")
def drift_list(session: Session, environment: str | None, project: str | None) -> int:
    """List drift that stands; exit 1 when there is some."""
    context = session.context
    if environment is not None:
        environments.one(context.ledger, environment)
    with context.ledger.reading() as connection:
        rows = drifts.listing(connection, environment=environment, project=project, limit=1_000_000)
    if session.options.json:
        emit_json(
            [
                {
                    "id": row.id,
                    "project": row.project,
                    "environment": row.environment,
                    "component": row.component,
                    "name": row.name,
                    "status": row.status,
                    "opened_seq": row.opened_seq,
                    "desired": row.desired,
                    "observed": row.observed,
                    "summary": row.summary,
                }
                for row in rows
            ]
        )
    elif rows:
        table(
            [(r.id, r.status, f"{r.environment}/{r.project}", r.name, r.opened_at, r.summary) for r in rows],
            head=("id", "status", "where", "component", "since", "what"),
        )
    else:
        say("no drift")
    return 1 if rows else 0
