"""`exception`: a gate that need not pass, somewhere, for a while, by somebody's word."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.gate_text import note_next
from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.domain.waiving import Waiver
from store.services.requests import waiving
from store.services.requests.reading import change_of
from store.services.requests.waiving import EVERYWHERE, Scope


@group(name="exception")
def exception() -> None:
    """Exceptions from gates: grant, list, end. Each ends by itself."""


@command(exception, name="grant")
@click.argument("gate")
@click.option("--request", "request_id", metavar="ID", help="For this request alone, as it stands.")
@click.option("--project", default=EVERYWHERE, help="For one project (default: all).")
@click.option("--env", "environment", default=EVERYWHERE, help="For one environment (default: all).")
@click.option("--justification", required=True, help="Why it is right to let it go.")
@click.option("--accepts", "accepted", required=True, help="The risk that is accepted with it.")
@click.option("--days", type=click.IntRange(min=1, max=3650), help="How long it stands (default: the most allowed).")
@click.option("--until", help="When it ends (RFC 3339).")
def exception_grant(
    session: Session,
    gate: str,
    request_id: str | None,
    project: str,
    environment: str,
    justification: str,
    accepted: str,
    days: int | None,
    until: str | None,
) -> None:
    """Let a gate not pass for a while; whoever opened or edited a request cannot do so for it."""
    if request_id is not None and (project, environment) != (EVERYWHERE, EVERYWHERE):
        raise click.UsageError("--request says where it is for; leave out --project and --env")
    entry = waiving.grant(
        session.context,
        session.actor(),
        gate,
        scope=Scope(request=request_id, project=project, environment=environment),
        justification=justification,
        accepted=accepted,
        days=days,
        until=until,
    )
    waiver = entry.statement.on["exception"]
    if session.options.json:
        emit_json({"id": waiver, "gate": gate, "expires": entry.statement.data["expires"], "entry": entry.seq})
        return
    say(f"{waiver}: the gate {gate} is waived until {entry.statement.data['expires']} (entry {entry.seq})")
    if request_id is not None:
        note_next(change_of(session.context.ledger, request_id))


@command(exception, name="list")
@click.option("--all", "ended", is_flag=True, help="Those that expired or were ended, too.")
def exception_list(session: Session, *, ended: bool) -> None:
    """List the exceptions that stand."""
    context = session.context
    at = context.now
    every = waiving.everything(context, context.ledger).values()
    found = [one for one in every if ended or one.state(at) == "stands"]
    if session.options.json:
        emit_json([asdict(one) | {"state": one.state(at)} for one in found])
        return
    table(
        [(one.id, one.state(at), one.gate, _scope(one), one.by, one.expires, one.justification) for one in found],
        head=("id", "state", "gate", "for", "by", "ends", "because"),
    )


@command(exception, name="end")
@click.argument("waiver", metavar="ID")
@click.option("--reason", required=True)
def exception_end(session: Session, waiver: str, reason: str) -> None:
    """End an exception before its time."""
    entry = waiving.end(session.context, session.actor(), waiver, reason=reason)
    if session.options.json:
        emit_json({"id": waiver, "entry": entry.seq})
    else:
        say(f"{waiver} has ended (entry {entry.seq})")


def _scope(one: Waiver) -> str:
    return one.request or f"{one.environment}/{one.project}"
