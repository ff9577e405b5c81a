"""`deploy`, `rollback` and `quarantine`: releases reaching environments and going back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from console.cli.diff_text import diff_lines
from console.cli.output import complain, emit_json, note, say, say_lines, table
from console.cli.session import Session, command, confirmed, group
from store.domain import events as ev
from store.errors import BadInput, ChangedBehindOurBack
from store.projections import deployments
from store.services.context import Context, recorded
from store.services.delivery import deploying, effects, rehearsing
from store.services.delivery import rollback as rolling
from store.services.delivery.interrupted import begun, ways_on
from store.services.delivery.pushing import Outcome
from store.services.drift import drift_view

_MOST_SHOWN = 10


@command(name="deploy")
@click.argument("request_id", metavar="ID", required=False)
@click.option("--resume", metavar="DEP", help="Finish a deployment that failed on the way.")
@click.option("--undo", metavar="DEP", help="Take back what a deployment that failed left behind.")
@click.option("--reason", default="what a failed deployment left behind is taken back", help="With --undo.")
@click.option("--dry-run", is_flag=True, help="With --undo: show what would change, and change nothing.")
def deploy(
    session: Session, request_id: str | None, resume: str | None, undo: str | None, reason: str, *, dry_run: bool
) -> int:
    """Push an approved request's release, read it back and record it."""
    if sum(one is not None for one in (request_id, resume, undo)) != 1:
        raise click.UsageError("Missing argument: a request, or a failed deployment with --resume or --undo")
    if dry_run and undo is None:
        raise BadInput("--dry-run goes with --undo")
    if undo is not None:
        plan = rolling.plan_undo(session.context, undo)
        again = f"push release {plan.ref.release[:12]} again?"
        question = again if plan.unmade is None else f"take back what {undo} brought?"
        return _carried_out(session, plan, question, reason, dry_run=dry_run)
    with three_way_on_surprise(session):
        if resume is not None:
            return report(session, deploying.resume(session.context, session.actor(), resume, progress=note))
        return report(session, deploying.deploy(session.context, session.actor(), request_id or "", progress=note))


@command(name="rollback")
@click.argument("environment")
@click.option("--project", required=True)
@click.option("--to", help="A release, deployment or request that was live here (default: the release before).")
@click.option("--component", "components", multiple=True, help="Only this component; may be given again.")
@click.option("--reason", default="rolled back by the operator", help="Goes into the ledger.")
@click.option("--rehearse", is_flag=True, help="Try it, in an environment before the last: back, and forward again.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def rollback(
    session: Session,
    environment: str,
    project: str,
    to: str | None,
    components: tuple[str, ...],
    reason: str,
    *,
    rehearse: bool,
    dry_run: bool,
) -> int:
    """Go back to an earlier release; the one left behind goes into quarantine.

    With --rehearse the release that stands there is pushed again right away, and nothing goes into quarantine.
    """
    if rehearse:
        if components:
            raise click.UsageError("a rehearsal tries the whole release: leave out --component")
        if dry_run:
            plan = rehearsing.plan_rehearsal(session.context, environment, project, to=to)
        else:
            plan = rehearsing.begin(session.context, session.actor(), environment, project, to=to)
        return _rehearsed(session, plan, reason, dry_run=dry_run)
    if dry_run:
        plan = rolling.plan(session.context, environment, project, to=to, components=components)
    else:
        plan = rolling.begin(session.context, session.actor(), environment, project, to=to, components=components)
    what = f"{', '.join(components)} of {project}" if components else project
    question = f"roll {what} in {environment} back to release {plan.ref.release[:12]}?"
    return _carried_out(session, plan, question, reason, dry_run=dry_run)


def _rehearsed(session: Session, plan: rolling.Plan, reason: str, *, dry_run: bool) -> int:
    """Show what a rehearsal would do, ask, do it, say how it went."""
    if dry_run and session.options.json:
        emit_json(_plain(session.context, plan))
        return 0
    if not session.options.json:
        show_plan(session.context, plan)
    if dry_run:
        return 0
    place = f"{plan.project} in {plan.environment.name}"
    confirmed(session, f"roll {place} back to release {plan.ref.release[:12]} and forward again?")
    with three_way_on_surprise(session):
        done = rehearsing.rehearse(session.context, session.actor(), plan, reason=reason, progress=note)
    event = done.event
    if session.options.json:
        entries = [entry.seq for entry in done.entries]
        emit_json(
            {
                "id": event.deployment,
                **{k: v for k, v in asdict(event).items() if k != "deployment"},
                "entries": entries,
            }
        )
    elif event.passed:
        say(f"rehearsed: {event.summary} (entry {done.entries[-1].seq})")
    if not event.passed:
        complain(f"the rehearsal failed: {event.summary}")
    return 0 if event.passed else 1


def _carried_out(session: Session, plan: rolling.Plan, question: str, reason: str, *, dry_run: bool) -> int:
    """Show a plan, ask, do it, say how it went."""
    context = session.context
    if dry_run and session.options.json:
        emit_json(_plain(context, plan))
        return 0
    if not session.options.json:
        show_plan(context, plan)
    if dry_run:
        return 0
    confirmed(session, question)
    with three_way_on_surprise(session):
        return report(session, rolling.roll_back(context, session.actor(), plan, reason=reason, progress=note))


@contextmanager
def three_way_on_surprise(session: Session) -> Iterator[None]:
    """Show all three states of what was changed behind our back, before the conflict ends the command.

    Nothing was pushed. Whoever runs the command again has seen it, and what was seen is archived.
    """
    try:
        yield
    except ChangedBehindOurBack as surprise:
        if not session.options.json:
            for drift in surprise.drifts[:_MOST_SHOWN]:
                _show_three_ways(session.context, drift)
            if len(surprise.drifts) > _MOST_SHOWN:
                note(f"… and {len(surprise.drifts) - _MOST_SHOWN} more: quarterdeck drift list")
        raise


def _show_three_ways(context: Context, drift: str) -> None:
    states = drift_view.three_way(context, drift)
    row = states.drift
    note(f"{drift}  {row.name} ({row.component}): {row.summary}")
    for title, diff in (
        ("what the last deployment changed", states.last_change),
        ("what was changed live", states.live),
    ):
        note(f"  {title}:")
        for line in diff_lines(diff):
            note(f"    {line}")


def show_plan(context: Context, plan: rolling.Plan) -> None:
    """Print everything a rollback would do."""
    where = f"{plan.environment.name}/{plan.project}"
    if plan.unmade is not None:
        say(f"{where}: nothing was deployed there before {plan.unmade.deployment}, and nothing is desired there after")
    else:
        say(f"{where}: release {plan.leaves_digest[:12]} → {plan.ref.release[:12]}")
    say(f"goes back to {plan.reason_back}; {len(plan.to.components)} components in {len(plan.to.files)} files")
    if plan.moved is not None:
        say(f"! {plan.moved}")
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
        "undoes": plan.unmade.deployment if plan.unmade else None,
        "goes_back_to": plan.reason_back,
        "components": [{"id": c.id, "name": c.name, "digest": c.digest} for c in plan.to.components],
        "moved": plan.moved,
        "takes_along": list(plan.takes_along),
        "makes_stale": list(plan.makes_stale),
        "cannot_come_back": list(plan.cannot_come_back),
        "drifts": list(plan.drifts),
        "diff": effects.effect(context, plan).diff.to_json(),
    }


def report(session: Session, outcome: Outcome) -> int:
    """Print how a push ended and return the exit status."""
    if session.options.json:
        emit_json(_outcome(outcome))
    elif outcome.verified and outcome.undoes is not None:
        say(f"{outcome.deployment} took back what {outcome.undoes} brought: read back as it was before")
    elif outcome.verified:
        say(f"{outcome.deployment} verified: what was pushed was read back (entries {outcome.entries[0].seq} and on)")
        for part in outcome.credentials_missing:
            say(f"missing there: {part}")
    if not session.options.json and (glass := _glass(outcome)) is not None:
        say(f"! done under broken glass {glass}: what only it let pass is owed a review by somebody else")
    if not outcome.verified:
        complain(f"{outcome.deployment} failed: {outcome.reason}")
        if not session.options.json:
            _offer(session.context, outcome)
    return 0 if outcome.verified else 1


def _outcome(outcome: Outcome) -> dict[str, object]:
    reach = outcome.reach
    return {
        "id": outcome.deployment,
        "verified": outcome.verified,
        "undoes": outcome.undoes,
        "reason": outcome.reason,
        "glass": _glass(outcome),
        "entries": [entry.seq for entry in outcome.entries],
        "changed": list(reach.changed) if reach else None,
        "unsure": list(reach.unsure) if reach else None,
        "untouched": list(reach.untouched) if reach else None,
        "credentials_missing": list(outcome.credentials_missing),
        "reverted": _outcome(outcome.reverted) if outcome.reverted else None,
    }


def _glass(outcome: Outcome) -> str | None:
    """Return the broken glass that a push was done under."""
    starts = (ev.DeploymentStarted, ev.RollbackStarted)
    events = (one.event for one in recorded(outcome.entries))
    return next((event.glass for event in events if isinstance(event, starts)), None)


def _offer(context: Context, outcome: Outcome) -> None:
    """Say what is where after a failure, and the ways on; none where quarterdeck went back by itself."""
    reach = outcome.reach
    for word, ids in (
        (("changed", reach.changed), ("unsure", reach.unsure), ("untouched", reach.untouched)) if reach else ()
    ):
        for component in ids:
            say(f"{word:<9}", component)
    if outcome.reverted is not None and outcome.reverted.verified:
        return
    if outcome.undoing is not None:
        say(f"go on with it: quarterdeck deploy --undo {outcome.undoing}")
        return
    for way in ways_on(begun(context.ledger, outcome.deployment)):
        say(way)


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
