"""Deployments that started and never ended: the process that pushed died."""

from __future__ import annotations

from store.domain import events as ev
from store.services.acting import record
from store.services.context import Context, Source, next_id, recorded

STARTED = ("deployment.started", "rollback.started", "revert.started")
ENDED = ("deployment.verified", "deployment.failed", "deployment.undone")


def next_deployment(source: Source) -> int:
    """Return the number of the next deployment, of whatever cause."""
    return next_id(source, "DEP", STARTED, "deployment")


def close_interrupted(context: Context, environment: str) -> None:
    """Record as failed every deployment here that started and never ended; the caller holds the push lock."""
    kinds = (*STARTED, *ENDED)
    unfinished: dict[str, ev.DeploymentStarted | ev.RollbackStarted | ev.RevertStarted] = {}
    for item in recorded(context.ledger.entries(kinds=kinds, on={"environment": environment})):
        match item.event:
            case ev.DeploymentStarted() | ev.RollbackStarted() | ev.RevertStarted() as event:
                unfinished[event.deployment] = event
            case ev.DeploymentVerified() | ev.DeploymentFailed() | ev.DeploymentUndone() as end:
                unfinished.pop(end.deployment, None)
            case _:
                pass
    failures = [
        ev.DeploymentFailed(
            deployment=event.deployment,
            project=event.project,
            environment=environment,
            stage="interrupted",
            reason="the process that pushed ended before it recorded how it went",
            request=event.request if isinstance(event, ev.DeploymentStarted) else None,
        )
        for event in unfinished.values()
    ]
    if failures:
        record(context, failures)
