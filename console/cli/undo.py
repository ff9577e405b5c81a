"""`undo`: take back what the caller did last."""

from __future__ import annotations

import click

from console.cli.output import emit_json, say
from console.cli.session import Session, command, confirmed
from store.services import undoing


@command(name="undo")
@click.option("--reason", default="taken back by whoever did it", show_default=True)
def undo(session: Session, reason: str) -> None:
    """Take back what you did last (a freeze, its end, an acknowledged drift) by an entry that says so."""
    actor = session.actor()
    found = undoing.last_act(session.context, actor.handle)
    confirmed(session, f"Entry {found.entry} ({found.kind}): {found.words}?")
    entry = found.record(actor, reason)
    if session.options.json:
        emit_json({"undone": found.entry, "kind": found.kind, "entry": entry.seq, "says": found.words})
    else:
        say(f"{found.words} (entry {entry.seq})")
