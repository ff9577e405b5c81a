"""`triage`: what needs somebody now."""

from __future__ import annotations

from dataclasses import asdict

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command
from store.services.triage import triage as home


@command(name="triage")
def triage(session: Session) -> int:
    """List what needs somebody now, most pressing first; exit 1 when something does."""
    actor, _ = session.actor_if_any()
    handle = actor.handle if actor is not None else None
    found = home.overview(session.context, handle)
    if session.options.json:
        emit_json({"items": [asdict(i) for i in found.items], "environments": [asdict(e) for e in found.environments]})
    elif found.items:
        rows = [(i.severity, i.kind, i.key, f"{i.environment}/{i.project}", i.since, i.what) for i in found.items]
        table(rows, head=("severity", "kind", "id", "where", "since", "what"))
    else:
        say("nothing needs you now")
    return 1 if found.items else 0
