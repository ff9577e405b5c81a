"""`anomalies` and `anomaly acknowledge`: what is out of the ordinary, with its numbers, and who looked at it."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.projections import anomalies as rows
from store.projections.anomalies import AnomalyRow
from store.services.anomalies import acknowledging


@command(name="anomalies")
@click.option("--all", "every", is_flag=True, help="Those that somebody looked at, too.")
def anomalies(session: Session, *, every: bool) -> None:
    """List what is out of the ordinary, the newest first, each with the numbers that make it so."""
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection, state=None if every else "open", limit=100_000)
    if session.options.json:
        emit_json([_plain(row) for row in found])
        return
    table(
        [(r.id, r.severity, r.rule, r.state, f"#{r.about}", r.time, r.summary) for r in found],
        head=("id", "severity", "rule", "state", "entry", "noticed", "what"),
    )
    for row in found:
        if session.options.verbose:
            say(f"{row.id}  {', '.join(f'{name} {value}' for name, value in row.numbers.items())}")


@group(name="anomaly")
def anomaly() -> None:
    """One anomaly: acknowledge."""


@command(anomaly, name="acknowledge")
@click.argument("anomaly_id", metavar="ID")
@click.option("--note", "text", required=True, help="What it was.")
def anomaly_acknowledge(session: Session, anomaly_id: str, text: str) -> None:
    """Say that you looked at it and what it was; nobody does so for an act of their own."""
    entry = acknowledging.acknowledge(session.context, session.actor(), anomaly_id, note=text)
    if session.options.json:
        emit_json({"id": anomaly_id, "entry": entry.seq})
    else:
        say(f"{anomaly_id} is acknowledged (entry {entry.seq})")


def _plain(row: AnomalyRow) -> dict[str, object]:
    return asdict(row) | {"measures": row.numbers}
