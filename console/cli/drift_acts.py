"""`drift ack`, `adopt` and `revert`: the three answers to what was seen live and differs."""

from __future__ import annotations

from dataclasses import replace

import click

from console.cli.deploy import report, show_plan, three_way_on_surprise
from console.cli.output import emit_json, note, say
from console.cli.request_options import content_options
from console.cli.session import Session, command, confirmed
from store.services.delivery import rollback as rolling
from store.services.drift import drifting


@command(name="ack")
@click.argument("drift_id", metavar="ID")
@click.option("--note", "text", required=True, help="What is being done about it.")
def drift_ack(session: Session, drift_id: str, text: str) -> None:
    """Say that a drift is known and being dealt with."""
    entry = drifting.acknowledge(session.context, session.actor(), drift_id, note=text)
    _done(session, drift_id, "acknowledged", entry.seq)


@command(name="adopt")
@click.argument("drift_id", metavar="ID")
@content_options
def drift_adopt(session: Session, drift_id: str, **content: str | None) -> None:
    """Open a request that makes what is live the desired state; it needs the same approvals."""
    usual = drifting.usual_content(drift_id, title="Adopt what is live", why="")
    stated = replace(usual, **{name: text for name, text in content.items() if text is not None})
    opened, adopted = drifting.adopt(session.context, session.actor(), drift_id, content=stated)
    _done(session, drift_id, f"adopted by {opened.statement.on['request']}", adopted.seq)


@command(name="revert")
@click.argument("drift_id", metavar="ID")
@click.option("--reason", default="drift reverted by the operator")
@click.option("--dry-run", is_flag=True)
def drift_revert(session: Session, drift_id: str, reason: str, *, dry_run: bool) -> int:
    """Push the desired release over what is live."""
    plan = rolling.plan_revert(session.context, drift_id)
    if not session.options.json:
        show_plan(session.context, plan)
    if dry_run:
        return 0
    confirmed(session, f"push release {plan.ref.release[:12]} over the drift in {plan.environment.name}?")
    with three_way_on_surprise(session):
        return report(session, rolling.roll_back(session.context, session.actor(), plan, reason=reason, progress=note))


def _done(session: Session, drift_id: str, what: str, seq: int) -> None:
    if session.options.json:
        emit_json({"id": drift_id, "status": what, "entry": seq})
    else:
        say(f"{drift_id} {what} (entry {seq})")
