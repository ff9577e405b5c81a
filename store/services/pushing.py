"""One push of one release to one target: compare, start, push, read back, record. Deploy and rollback share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from store.domain import events as ev
from store.domain.component import ExportFile
from store.domain.release import Release
from store.errors import Conflict, PlatformFailure, QuarterdeckError
from store.integrity.entry import Entry
from store.platforms import recognise
from store.platforms.protocol import Snapshot, Target
from store.services import drifting, releases
from store.services.acting import record
from store.services.context import Context
from store.services.environments import Environment

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Push:
    """What is to be pushed where."""

    environment: Environment
    project: str
    release: Release
    ref: ev.ReleaseRef
    request: str | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a push ended."""

    deployment: str
    verified: bool
    reason: str
    entries: tuple[Entry, ...]


def look(context: Context, target: Target, environment: str, project: str) -> Snapshot:
    """Return what stands in the target now; what nobody had seen before is archived and judged as drift.

    Raises:
        Conflict: the target was changed behind our back and nobody has looked at that yet.
        PlatformFailure: the target cannot be asked.
    """
    snapshot = target.fetch(project)
    deployed = releases.desired(context.ledger, environment, project)
    if deployed is not None and snapshot.revision == deployed.revision:
        return snapshot
    news: list[str] = []
    for file in snapshot.files:
        source = "live" if target.live else "delivered"
        seen = drifting.observe(
            context, environment=environment, project=project, file=file, source=source, revision=snapshot.revision
        )
        news += [str(entry.statement.on["drift"]) for entry in seen.news]
    if news:
        raise Conflict(
            f"{environment}/{project} was changed behind our back just now ({', '.join(news[:5])});"
            " nothing was pushed: look at the drift and decide again"
        )
    return snapshot


def push(context: Context, target: Target, plan: Push, *, started: Entry, expected: str, progress: Progress) -> Outcome:
    """Push the release against the revision `expected`, read it back, and record how it went."""
    deployment = started.statement.on["deployment"]
    with context.ledger.reading() as connection:
        files = releases.files_of(connection, plan.release)
        before = releases.desired(context.ledger, plan.environment.name, plan.project)
        old = releases.load(connection, before.target.manifest) if before else None
    names = {file.name for file in files}
    remove = sorted({file.name for file in old.files} - names) if old else []
    try:
        progress(f"pushing {len(files)} files to {target.describe()}")
        revision = target.push(plan.project, files, expected=expected, remove=remove)
    except (PlatformFailure, Conflict) as error:
        _failed(context, plan, deployment, "push", str(error))
        raise
    progress("reading back")
    try:
        live = target.fetch(plan.project)
        wrong = mismatch(target, plan.release, files, live)
    except QuarterdeckError as error:
        wrong, live = str(error), None
    if wrong is not None or live is None:
        entry = _failed(context, plan, deployment, "read-back", wrong or "")
        return Outcome(deployment=deployment, verified=False, reason=wrong or "", entries=(started, entry))
    del revision
    verified = ev.DeploymentVerified(
        deployment=deployment,
        project=plan.project,
        environment=plan.environment.name,
        target=plan.ref,
        revision=live.revision,
        request=plan.request,
    )
    resolved = _resolved(context, plan, deployment) if target.live else ()
    entries = record(context, [verified, *resolved])
    return Outcome(deployment=deployment, verified=True, reason="", entries=(started, *entries))


def mismatch(target: Target, release: Release, files: Sequence[ExportFile], live: Snapshot) -> str | None:
    """Return what in `live` is not what was meant, None when it is: bytes for files, components for a platform."""
    if not target.live:
        there = {file.name: file.digest for file in live.files}
        wrong = sorted(file.name for file in files if there.get(file.name) != file.digest)
        return f"delivered bytes differ: {', '.join(wrong[:5])}" if wrong else None
    seen = {part.id: part.digest for file in live.files for part in recognise(file.data, file.name).components}
    meant = {part.id: part.digest for part in release.components}
    odd = sorted(part for part in {*seen, *meant} if seen.get(part) != meant.get(part))
    return f"{len(odd)} components are not as pushed: {', '.join(odd[:5])}" if odd else None


def _failed(context: Context, plan: Push, deployment: str, stage: str, reason: str) -> Entry:
    return record(
        context,
        [
            ev.DeploymentFailed(
                deployment=deployment,
                project=plan.project,
                environment=plan.environment.name,
                stage=stage,
                reason=reason[:500],
                request=plan.request,
            )
        ],
    )[0]


def _resolved(context: Context, plan: Push, deployment: str) -> list[ev.DriftResolved]:
    standing = drifting.standing(context.ledger, plan.environment.name, plan.project)
    return [
        ev.DriftResolved(
            drift=drift.id,
            project=plan.project,
            environment=plan.environment.name,
            component=component,
            how=f"{deployment} pushed the desired state",
        )
        for component, drift in standing.items()
    ]
