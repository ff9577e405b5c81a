"""One push of one release to one target: compare, start, push, read back, record. Deploy and rollback share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from store.domain import events as ev
from store.domain.component import ExportFile
from store.domain.drift import DELIVERED, Drift
from store.domain.release import Release
from store.domain.secrets import redact
from store.errors import Conflict, QuarterdeckError
from store.integrity.entry import Entry
from store.platforms.protocol import Snapshot, Target
from store.services import releases
from store.services.acting import record
from store.services.context import Context
from store.services.delivery.environments import Environment
from store.services.drift import drifting
from store.services.sealing import sealing

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
    in_folder = _seen_in_folder(context, environment, project)
    known = {snapshot.revision, sealing.public_revision(context, snapshot)}
    if deployed is not None and deployed.revision in known and not in_folder:
        return snapshot
    news = _observed(context, target, environment, project, snapshot)
    if news:
        raise Conflict(
            f"{environment}/{project} was changed behind our back just now ({', '.join(news[:5])});"
            " nothing was pushed: look at the drift and decide again"
        )
    return snapshot


def settle(context: Context, target: Target, environment: str, project: str) -> None:
    """Look again at a folder in which a drift was seen: it ends when the folder is as it should be.

    Raises:
        PlatformFailure: the folder cannot be read.
    """
    if not target.live and _seen_in_folder(context, environment, project):
        _observed(context, target, environment, project, target.fetch(project))


def _seen_in_folder(context: Context, environment: str, project: str) -> list[Drift]:
    standing = drifting.standing(context.ledger, environment, project)
    return [drift for drift in standing.values() if drift.source == DELIVERED]


def _observed(context: Context, target: Target, environment: str, project: str, snapshot: Snapshot) -> list[str]:
    """Judge what stands in the target and return the drifts that are news; what is gone from a folder ends."""
    news: list[str] = []
    for file in snapshot.files:
        source = "live" if target.live else DELIVERED
        seen = drifting.observe(
            context,
            environment=environment,
            project=project,
            file=file,
            source=source,
            revision=sealing.public_revision(context, snapshot),
        )
        news += [str(entry.statement.on["drift"]) for entry in seen.news]
    names = {file.name for file in snapshot.files}
    gone = [drift for drift in _seen_in_folder(context, environment, project) if drift.export not in names]
    if gone:
        record(context, [_ended(drift, f"{drift.export} is gone from the folder") for drift in gone])
    return news


def push(context: Context, target: Target, plan: Push, *, started: Entry, expected: str, progress: Progress) -> Outcome:
    """Push the release against the revision `expected`, read it back, and record how it went."""
    deployment = started.statement.on["deployment"]
    try:
        with context.ledger.reading() as connection:
            files = sealing.raw_files(context, connection, plan.release)
            before = releases.desired(context.ledger, plan.environment.name, plan.project)
            old = releases.load(connection, before.target.manifest) if before else None
        names = {file.name for file in files}
        remove = sorted({file.name for file in old.files} - names) if old else []
        progress(f"pushing {len(files)} files to {target.describe()}")
        target.push(plan.project, files, expected=expected, remove=remove)
    except QuarterdeckError as error:
        _failed(context, plan, deployment, "push", str(error))
        raise
    progress("reading back")
    try:
        live = target.fetch(plan.project)
        wrong = mismatch(context, target, plan.release, files, live)
    except QuarterdeckError as error:
        wrong, live = str(error), None
    if wrong is not None or live is None:
        entry = _failed(context, plan, deployment, "read-back", wrong or "")
        return Outcome(deployment=deployment, verified=False, reason=wrong or "", entries=(started, entry))
    verified = ev.DeploymentVerified(
        deployment=deployment,
        project=plan.project,
        environment=plan.environment.name,
        target=plan.ref,
        revision=sealing.public_revision(context, live),
        request=plan.request,
    )
    strays = {file.name for file in live.files} - names
    resolved = [
        _ended(drift, f"{deployment} pushed the desired state")
        for drift in drifting.standing(context.ledger, plan.environment.name, plan.project).values()
        if target.live or (drift.source == DELIVERED and drift.export not in strays)
    ]
    entries = record(context, [verified, *resolved])
    return Outcome(deployment=deployment, verified=True, reason="", entries=(started, *entries))


def mismatch(
    context: Context, target: Target, release: Release, files: Sequence[ExportFile], live: Snapshot
) -> str | None:
    """Return what in `live` is not what was meant, None when it is: bytes for files, components for a platform."""
    if not target.live:
        there = {file.name: file.digest for file in live.files}
        wrong = sorted(file.name for file in files if there.get(file.name) != file.digest)
        return f"delivered bytes differ: {', '.join(wrong[:5])}" if wrong else None
    seen = _covered(context, live.files)
    meant = {part.id: part.digest for part in release.components}
    if seen != meant:  # the release may be from before secrets were sealed
        meant |= {part: digest for part, digest in _covered(context, files).items() if part in meant}
    odd = sorted(part for part in {*seen, *meant} if seen.get(part) != meant.get(part))
    return f"{len(odd)} components are not as pushed: {', '.join(odd[:5])}" if odd else None


def _covered(context: Context, files: Sequence[ExportFile]) -> dict[str, str]:
    """Return component id → digest of raw files, secrets taken out as they are from every export."""
    taken = (sealing.take(context, file) for file in files)
    return {part.id: part.digest for one in taken for part in sealing.understood(one).components}


def _failed(context: Context, plan: Push, deployment: str, stage: str, reason: str) -> Entry:
    return record(
        context,
        [
            ev.DeploymentFailed(
                deployment=deployment,
                project=plan.project,
                environment=plan.environment.name,
                stage=stage,
                reason=redact(reason)[:500],
                request=plan.request,
            )
        ],
    )[0]


def _ended(drift: Drift, how: str) -> ev.DriftResolved:
    return ev.DriftResolved(
        drift=drift.id,
        project=drift.project,
        environment=drift.environment,
        component=drift.component,
        how=how,
    )
