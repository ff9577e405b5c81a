"""What started and never ended, deployments and rehearsals: the process that pushed died."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, TypeAlias

from store.domain import events as ev
from store.domain.push import failed_at
from store.errors import NotFound
from store.services import releases
from store.services.acting import record
from store.services.context import Context, Source, next_id, recorded
from store.services.delivery.halves import reached
from store.services.delivery.moving import moved
from store.services.locking import pushing

STARTED = ("deployment.started", "rollback.started", "revert.started", "rehearsal.started", "rehearsal.returning")
ENDED = ("deployment.verified", "deployment.failed", "deployment.undone")
INTERRUPTED: Final = "interrupted"
"""The stage at which a push failed whose process died."""
if TYPE_CHECKING:
    Started: TypeAlias = (
        ev.DeploymentStarted | ev.RollbackStarted | ev.RevertStarted | ev.RehearsalStarted | ev.RehearsalReturning
    )


def next_deployment(source: Source) -> int:
    """Return the number of the next deployment, of whatever cause."""
    return next_id(source, "DEP", STARTED, "deployment")


def begun(source: Source, deployment: str) -> Started:
    """Return what began a deployment, of whatever cause.

    Raises:
        NotFound: there is no such deployment.
    """
    for item in recorded(source.entries(kinds=STARTED, on={"deployment": deployment}, limit=1)):
        if (started := _started(item.event)) is not None:
            return started
    raise NotFound(f"there is no deployment {deployment}")


def _started(event: ev.Event) -> Started | None:
    """Return an event that begins a deployment, None for any other."""
    match event:
        case (
            ev.DeploymentStarted()
            | ev.RollbackStarted()
            | ev.RevertStarted()
            | ev.RehearsalStarted()
            | ev.RehearsalReturning()
        ):
            return event
        case _:
            return None


def again(started: Started) -> tuple[str, str]:
    """Return in words what a deployment was, and what finishes it when it failed or its process died."""
    place = f"{started.environment} --project {started.project}"
    undo = "take it back again: quarterdeck deploy --undo, with the deployment that failed there"
    reverted = f"revert what drifted: quarterdeck drift list {place}, then quarterdeck drift revert ID"
    match started:
        case ev.DeploymentStarted():
            return "a deployment", f"finish it: quarterdeck deploy --resume {started.deployment}"
        case ev.RevertStarted(cause="verification"):
            return "an automatic rollback", undo
        case ev.RevertStarted():
            return "an automatic revert", reverted
        case ev.RollbackStarted() if started.target.release == started.previous:
            return "a revert", reverted
        case ev.RollbackStarted(previous=None):
            return "the undoing of a first deployment", undo
        case ev.RollbackStarted():
            parts = started.components or ((started.component,) if started.component else ())
            only = "".join(f" --component {shlex.quote(part)}" for part in parts)
            to = f" --to {started.target.release[:12]}" if not parts else ""
            return "a rollback", f"roll back again: quarterdeck rollback {place}{to}{only}"
        case ev.RehearsalReturning():  # what it brings back may not be desired right now: that is said by its name
            return "a rehearsal", f"bring it back: quarterdeck rollback {place} --to {started.target.release[:12]}"
        case ev.RehearsalStarted():
            return "a rehearsal", f"rehearse again: quarterdeck rollback {place} --rehearse"


def ways_on(started: Started) -> tuple[str, ...]:
    """Return the ways on from a deployment that failed, each in words with its command: finish it, take it back."""
    _, finished = again(started)
    match started:
        case ev.RollbackStarted(previous=previous) if previous in {None, started.target.release}:
            return (finished,)  # it pushed nothing but what taking it back would push
        case ev.DeploymentStarted() | ev.RollbackStarted() | ev.RehearsalStarted():
            return finished, f"take it back: quarterdeck deploy --undo {started.deployment}"
        case ev.RevertStarted() | ev.RehearsalReturning():
            return (finished,)


def died(source: Source, environment: str, project: str) -> tuple[Started, ...]:
    """Return the pushes here since something was last verified whose process died, newest first.

    Not those that were going elsewhere: the environment's target was changed since.
    """
    found: list[Started] = []
    ended: dict[str, bool] = {}
    place = {"environment": environment, "project": project}
    for item in recorded(source.entries(kinds=(*STARTED, *ENDED), on=place, newest_first=True)):
        match item.event:
            case ev.DeploymentVerified() | ev.DeploymentUndone():
                break
            case ev.DeploymentFailed(deployment=deployment, stage=stage):
                ended[deployment] = stage != INTERRUPTED
            case event if (started := _started(event)) is not None and not ended.get(started.deployment):
                if moved(source, environment, since=item.seq) is None:
                    found.append(started)
            case _:
                pass
    return tuple(found)


def close_if_interrupted(context: Context, deployment: str) -> None:
    """Record as failed a deployment that was started and never ended; nothing where it ended.

    Raises:
        NotFound: there is no such deployment.
        Conflict: somebody is pushing there right now: it may be under way.
    """
    if not_ended(context.ledger, deployment):
        environment = begun(context.ledger, deployment).environment
        with pushing(context, environment):
            close_interrupted(context, environment)


def not_ended(source: Source, deployment: str) -> bool:
    """Say whether a deployment was started and has not ended."""
    entries = source.entries(kinds=(*STARTED, *ENDED), on={"deployment": deployment})
    kinds = {entry.statement.kind for entry in entries}
    return not {*STARTED}.isdisjoint(kinds) and {*ENDED}.isdisjoint(kinds)


def close_interrupted(context: Context, environment: str) -> None:
    """Record as failed every deployment and rehearsal here that never ended, and how far they came.

    The caller holds the push lock.
    """
    kinds = (*STARTED, *ENDED)
    begun: dict[str, int] = {}
    unfinished: dict[str, Started] = {}
    for item in recorded(context.ledger.entries(kinds=kinds, on={"environment": environment})):
        if (started := _started(item.event)) is not None:
            unfinished[started.deployment], begun[started.deployment] = started, item.seq
        elif isinstance(item.event, (ev.DeploymentVerified, ev.DeploymentFailed, ev.DeploymentUndone)):
            unfinished.pop(item.event.deployment, None)
    failures = [_failed(context, event, begun[event.deployment]) for event in unfinished.values()]
    cut_short = [_cut_short(context, event, unfinished) for event in _unended(context, environment)]
    if failures or cut_short:
        record(context, [*failures, *cut_short])


def _failed(context: Context, event: Started, since: int) -> ev.DeploymentFailed:
    """Return that a push died which began with entry `since`, and how far it came."""
    failed = ev.DeploymentFailed(
        deployment=event.deployment,
        project=event.project,
        environment=event.environment,
        stage=INTERRUPTED,
        reason="the process that pushed ended before it recorded how it went",
        request=event.request if isinstance(event, ev.DeploymentStarted) else None,
    )
    return failed_at(failed, reached(context, event.environment, event.project, event.target, since=since))


def _unended(context: Context, environment: str) -> list[ev.RehearsalStarted]:
    kinds = ("rehearsal.started", "rollback.rehearsed")
    found: dict[str, ev.RehearsalStarted] = {}
    for item in recorded(context.ledger.entries(kinds=kinds, on={"environment": environment})):
        match item.event:
            case ev.RehearsalStarted() as event:
                found[event.deployment] = event
            case ev.RollbackRehearsed(deployment=deployment):
                found.pop(deployment, None)
            case _:
                pass
    return list(found.values())


def _cut_short(context: Context, event: ev.RehearsalStarted, unfinished: dict[str, Started]) -> ev.RollbackRehearsed:
    """Return how a rehearsal ended whose process died: what stands there is known unless it died while pushing."""
    now = releases.desired(context.ledger, event.environment, event.project)
    died_pushing = any(one.project == event.project for one in unfinished.values())
    stands = now.target.release if now is not None and not died_pushing else ""
    words = f"release {stands[:12]} stands there" if stands else "nobody can say what stands there"
    return ev.RollbackRehearsed(
        deployment=event.deployment,
        project=event.project,
        environment=event.environment,
        release=event.returns.release,
        to=event.target.release,
        passed=False,
        stands=stands,
        summary=f"the process that rehearsed ended before it was over: {words}",
    )
