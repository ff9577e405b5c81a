"""What was carried out where, as people started it: deployments, rollbacks, rehearsals, each with its signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from store.domain import events as ev
from store.domain.change import Change
from store.services.attested import attested, holder_of
from store.services.context import Source, recorded


def deployments(source: Source, environment: str, project: str) -> list[ev.Recorded]:
    """Return the verified deployments here, oldest first, that somebody started who could: each with its signature."""
    place = {"environment": environment, "project": project}
    started = _started(source, environment, project)
    return [
        record
        for record in recorded(source.entries(kinds=["deployment.verified"], on=place))
        if isinstance(record.event, ev.DeploymentVerified)
        and started.get(record.event.deployment) == record.event.target.manifest
    ]


def was_rehearsed(source: Source, environment: str, change: Change) -> bool:
    """Say whether a rollback of the request's release was rehearsed, or in earnest carried out, in `environment`.

    A rehearsal counts when a person signed its start, both ways were verified, and it was recorded as passed.
    """
    verified = _verified(source, environment, change.project)
    return _rehearsed(source, environment, change, verified) or any(
        isinstance(record.event, ev.RollbackStarted)
        and record.event.previous == change.target.release
        and record.event.target.release != change.target.release
        and record.event.deployment in verified
        for record in _acts(source, "rollback.started", environment, change.project)
    )


def _rehearsed(source: Source, environment: str, change: Change, verified: Mapping[str, str]) -> bool:
    place = {"environment": environment, "project": change.project}
    returned_by = {
        record.event.deployment: record.event.returned_by
        for record in recorded(source.entries(kinds=["rollback.rehearsed"], on=place))
        if isinstance(record.event, ev.RollbackRehearsed) and record.event.passed
    }
    for record in _acts(source, "rehearsal.started", environment, change.project):
        event = record.event
        if not isinstance(event, ev.RehearsalStarted) or event.returns.manifest != change.target.manifest:
            continue
        forward = returned_by.get(event.deployment)
        there_and_back = (verified.get(event.deployment), verified.get(forward or ""))
        if there_and_back == (event.target.manifest, event.returns.manifest):
            return event.target.release != event.returns.release
    return False


def _verified(source: Source, environment: str, project: str) -> Mapping[str, str]:
    """Return deployment → manifest of what was read back here."""
    place = {"environment": environment, "project": project}
    return {
        record.event.deployment: record.event.target.manifest
        for record in recorded(source.entries(kinds=["deployment.verified"], on=place))
        if isinstance(record.event, ev.DeploymentVerified)
    }


def _started(source: Source, environment: str, project: str) -> Mapping[str, str]:
    """Return deployment → manifest of what people started here: deployments, rollbacks, rehearsals both ways."""
    found: dict[str, str] = {}
    returns: dict[str, str] = {}
    for kind in ("deployment.started", "rollback.started", "rehearsal.started"):
        for record in _acts(source, kind, environment, project):
            match record.event:
                case ev.RehearsalStarted() as event:
                    found[event.deployment] = event.target.manifest
                    returns[event.deployment] = event.returns.manifest
                case ev.DeploymentStarted() | ev.RollbackStarted() as event:
                    found[event.deployment] = event.target.manifest
                case _:
                    pass
    place = {"environment": environment, "project": project}
    for record in recorded(source.entries(kinds=["rehearsal.returning"], on=place)):
        back = record.event
        if isinstance(back, ev.RehearsalReturning) and returns.get(back.rehearsal) == back.target.manifest:
            found[back.deployment] = back.target.manifest
    return found


def _acts(source: Source, kind: str, environment: str, project: str) -> Iterator[ev.Recorded]:
    """Yield what people started here who could."""
    act = "deploy" if kind == "deployment.started" else "roll back"
    entitled = holder_of(act, project=project, environment=environment)
    return attested(source, [kind], entitled, on={"environment": environment, "project": project})
