"""`deploy`, `rollback` and `quarantine`: releases reaching environments and going back."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.diff_text import diff_lines
from console.cli.output import complain, emit_json, note, say, say_lines, table
from console.cli.session import Session, command, confirmed, group
from store.projections import deployments
from store.services.context import Context
from store.services.delivery import deploying, effects
from store.services.delivery import rollback as rolling
from store.services.delivery.pushing import Outcome


@command(name="deploy")
@click.argument("request_id", metavar="ID")
def deploy(session: Session, request_id: str) -> int:
    """Push an approved request's release, read it back and record it."""
    outcome = deploying.deploy(session.context, session.actor(), request_id, progress=note)
    return report(session, outcome)


@command(name="rollback")
@click.argument("environment")
@click.option("--project", required=True)
@click.option("--to", help="A release, deployment or request that was live here (default: the release before).")
@click.option("--component", help="Only this component.")
@click.option("--reason", default="rolled back by the operator", help="Goes into the ledger.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def rollback(
    session: Session,
    environment: str,
    project: str,
    to: str | None,
    component: str | None,
    reason: str,
    *,
    dry_run: bool,
) -> int:
    """Go back to an earlier release; the one left behind goes into quarantine."""
    context = session.context
    plan = rolling.plan(context, environment, project, to=to, component=component)
    if dry_run and session.options.json:
        emit_json(_plain(context, plan))
        return 0
    if not session.options.json:
        show_plan(context, plan)
    if dry_run:
        return 0
    confirmed(session, f"roll {project} in {environment} back to release {plan.ref.release[:12]}?")
    outcome = rolling.roll_back(context, session.actor(), plan, reason=reason, progress=note)
    return report(session, outcome)


def show_plan(context: Context, plan: rolling.Plan) -> None:
    """Print everything a rollback would do."""
    say(f"{plan.environment.name}/{plan.project}: release {plan.leaves_digest[:12]} → {plan.ref.release[:12]}")
    say(f"goes back to {plan.reason_back}; {len(plan.to.components)} components in {len(plan.to.files)} files")
    if plan.takes_along:
        say(f"takes along: {', '.join(plan.takes_along)}")
    if plan.makes_stale:
        say(f"makes stale: {', '.join(plan.makes_stale)}")
    if plan.drifts:
        say(f"overwrites the drift {', '.join(plan.drifts[:10])}, which was seen and is archived")
    for line in plan.cannot_come_back or ("nothing that cannot come back is known",):
        say(f"cannot come back: {line}" if plan.cannot_come_back else line)
    say_lines("\n".join(diff_lines(effects.effect(context, plan).diff)))


def _plain(context: Context, plan: rolling.Plan) -> dict[str, object]:
    return {
        "environment": plan.environment.name,
        "project": plan.project,
        "from": plan.leaves_digest,
        "to": plan.ref.release,
        "goes_back_to": plan.reason_back,
        "components": [{"id": c.id, "name": c.name, "digest": c.digest} for c in plan.to.components],
        "takes_along": list(plan.takes_along),
        "makes_stale": list(plan.makes_stale),
        "cannot_come_back": list(plan.cannot_come_back),
        "drifts": list(plan.drifts),
        "diff": effects.effect(context, plan).diff.to_json(),
    }


def report(session: Session, outcome: Outcome) -> int:
    """Print how a push ended and return the exit status."""
    if session.options.json:
        seqs = [entry.seq for entry in outcome.entries]
        emit_json({"id": outcome.deployment, "verified": outcome.verified, "reason": outcome.reason, "entries": seqs})
    elif outcome.verified:
        say(f"{outcome.deployment} verified: what was pushed was read back (entries {outcome.entries[0].seq} and on)")
    if not outcome.verified:
        complain(f"{outcome.deployment} failed its read-back: {outcome.reason}")
    return 0 if outcome.verified else 1


@group(name="quarantine")
def quarantine() -> None:
    """Releases that may not be deployed: list, lift."""


@command(quarantine, name="list")
def quarantine_list(session: Session) -> None:
    """List the releases in quarantine."""
    with session.context.ledger.reading() as connection:
        rows = deployments.quarantined(connection)
    if session.options.json:
        emit_json([asdict(row) for row in rows])
        return
    table(
        [(r.release[:12], r.project, r.environment, r.reason) for r in rows], head=("release", "project", "env", "why")
    )


@command(quarantine, name="lift")
@click.argument("release")
@click.option("--project", required=True)
@click.option("--reason", required=True)
def quarantine_lift(session: Session, release: str, project: str, reason: str) -> None:
    """Let a release be deployed again, with the reason."""
    entry = rolling.lift_quarantine(session.context, session.actor(), project, release, reason=reason)
    if session.options.json:
        emit_json({"release": entry.statement.data["release"], "entry": entry.seq})
    else:
        say(f"{release} may be deployed again (entry {entry.seq})")
