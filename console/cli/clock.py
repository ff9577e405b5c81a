"""`clock`: what to do when the machine's clock and the log's times disagree."""

from __future__ import annotations

import click

from console.cli.output import emit_json, say
from console.cli.session import Session, command, group
from store.services.audit import correcting


@group(name="clock")
def clock() -> None:
    """Say what is true when the machine's clock and the log's times disagree."""


@command(clock, name="correct")
@click.option("--reason", required=True, help="Which clock was ahead, and how that is known: kept in the entry.")
def clock_correct(session: Session, reason: str) -> None:
    """Record that entries from times to come were recorded by a clock that was ahead (an admin)."""
    entry = correcting.correct(session.context, session.actor(), reason=reason)
    data = entry.statement.data
    if session.options.json:
        emit_json({"entry": entry.seq, "ahead": data["ahead"], "claimed": data["claimed"]})
        return
    say(f"entry {entry.seq}: the time of entry {data['ahead']} ({data['claimed']}) holds nobody up any more")
