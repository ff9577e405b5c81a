"""`health`: everything that is owed, by whom, by when, and the command that handles it."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, note, say, table
from console.cli.session import Session, command
from store.domain.duties import Duty, State
from store.services.health import health as service


@command(name="health")
@click.option("--overdue", is_flag=True, help="Only what should have been done by now.")
def health(session: Session, *, overdue: bool) -> int:
    """List reviews, findings, exceptions, grants, witnesses, notices that want somebody; exit 1 when any is overdue."""
    found = service.health(session.context)
    shown = found.overdue if overdue else found.duties
    if session.options.json:
        counts = {state.value: found.count(state) for state in State}
        emit_json({"ok": not found.overdue, "at": found.at, "counts": counts, "remarks": list(found.remarks),
                   "duties": [asdict(one) for one in shown]})  # fmt: skip
        return int(bool(found.overdue))
    if found.overdue:
        say(f"{len(found.overdue)} overdue, {found.count(State.SOON)} soon")
    else:
        say(f"nothing is overdue, {found.count(State.SOON)} soon")
    table([_row(one) for one in shown], head=("state", "severity", "id", "due", "who", "what", "handled by"))
    for remark in found.remarks:
        note(remark)
    return int(bool(found.overdue))


def _row(one: Duty) -> tuple[object, ...]:
    who = ", ".join(one.who[:3]) + (f" +{len(one.who) - 3}" if len(one.who) > 3 else "")
    return one.state.value, one.severity, one.key, one.due or "-", who or "-", one.what, one.command
