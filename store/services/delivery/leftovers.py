"""What a deployment that failed left behind: the exact record of it, and what taking it back would change."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from store import archive
from store.domain import events as ev
from store.domain.component import ComponentRef, ExportFile
from store.domain.drift import DELIVERED
from store.domain.release import Release, ReleaseFile
from store.errors import Refusal
from store.platforms.protocol import Target
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context, recorded
from store.services.delivery.components import Blobs, Mixed
from store.services.delivery.environments import one, target
from store.services.delivery.interrupted import ENDED, again, begun
from store.services.delivery.plans import Plan, Unmade, cannot_come_back, plan_desired
from store.services.diffing import between_releases
from store.services.sealing import sealing


def failure(context: Context, deployment: str) -> ev.DeploymentFailed:
    """Return how a deployment failed.

    Raises:
        NotFound: there is no such deployment.
        Refusal: it did not fail, has not ended, was taken back, or something was deployed there since.
    """
    ends = [item.event for item in recorded(context.ledger.entries(kinds=ENDED, on={"deployment": deployment}))]
    if not ends:
        _, way = again(begun(context.ledger, deployment))
        raise Refusal(
            [f"{deployment} has not ended: it is under way, or the process that pushed died"],
            would_unblock=[f"if it died, {way}"],
        )
    failed = ends[-1]
    if not isinstance(failed, ev.DeploymentFailed):
        raise Refusal([f"{deployment} did not fail: it was verified"])
    place = {"environment": failed.environment, "project": failed.project}
    for item in recorded(context.ledger.entries(kinds=ENDED, on=place, newest_first=True)):
        match item.event:
            case ev.DeploymentVerified() as newer:
                raise Refusal([f"{newer.deployment} was deployed there since {deployment} failed: it is over"])
            case ev.DeploymentUndone() as newer:
                raise Refusal([f"{newer.deployment} took back what {deployment} had brought: it is over"])
            case ev.DeploymentFailed(deployment=found) if found == deployment:
                break
            case _:
                pass
    return failed


def plan_undo(context: Context, deployment: str) -> Plan:
    """Return what taking back what a failed deployment left behind would change.

    Where something is desired that is pushed again. Where nothing is, because it was the first, what stood there
    before comes back and the rest of what it brought goes; for that the target is asked what is there now.

    Raises:
        NotFound: there is no such deployment.
        Refusal: it did not fail, or something was deployed since.
        PlatformFailure: the target cannot be asked.
    """
    failed = failure(context, deployment)
    if releases.desired(context.ledger, failed.environment, failed.project) is not None:
        return plan_desired(context, failed.environment, failed.project)
    place = one(context.ledger, failed.environment)
    goal = target(context, place)
    snapshot = goal.fetch(failed.project)
    starts = _starts(context, failed)
    with context.ledger.reading() as connection:
        brought = _united([releases.load(connection, event.target.manifest) for _, event in starts])
        before = _before(context, connection, failed, goal, brought, until=starts[0][0] - 1)
        leaves, blobs = _there(context, goal, snapshot.files, brought)
        diff = between_releases(connection, leaves, before, also=blobs)
        lost = cannot_come_back(connection, leaves, Mixed(release=before, blobs=blobs), (), before)
    return Plan(
        environment=place,
        project=failed.project,
        leaves=leaves,
        leaves_digest=leaves.digest,
        to=before,
        ref=releases.ref_of(before),
        reason_back="what stood there before",
        diff=diff,
        takes_along=(),
        makes_stale=(),
        cannot_come_back=(*sealing.erased(context, context.ledger, before), *lost),
        drifts=(),
        blobs=blobs,
        unmade=Unmade(deployment=deployment, brought=brought, revision=snapshot.revision),
    )


def _starts(context: Context, failed: ev.DeploymentFailed) -> list[tuple[int, ev.DeploymentStarted]]:
    """Return the deployments that may have brought something nobody took back yet, oldest first, with their entries."""
    place = {"environment": failed.environment, "project": failed.project}
    found: list[tuple[int, ev.DeploymentStarted]] = []
    kinds = ["deployment.started", "deployment.undone"]
    for item in recorded(context.ledger.entries(kinds=kinds, on=place)):
        match item.event:
            case ev.DeploymentStarted() as event:
                found.append((item.seq, event))
            case ev.DeploymentUndone():
                found.clear()
            case _:
                pass
    return found


def _united(found: Sequence[Release]) -> Release:
    """Return one release that names every file and component of these; the later one counts."""
    files = {file.name: file for release in found for file in release.files}
    parts = {part.id: part for release in found for part in release.components}
    return Release(
        files=tuple(files[name] for name in sorted(files)), components=tuple(parts[part] for part in sorted(parts))
    )


def _before(
    context: Context,
    connection: Connection,
    failed: ev.DeploymentFailed,
    goal: Target,
    brought: Release,
    *,
    until: int,
) -> Release:
    """Return what stood there before the first of the pushes, as far as they touched it: it was looked at then."""
    place = {"environment": failed.environment, "project": failed.project}
    source = "live" if goal.live else DELIVERED
    seen: dict[str, ev.ConfigurationObserved] = {}
    for item in recorded(context.ledger.entries(kinds=["configuration.observed"], on=place, until=until)):
        match item.event:
            case ev.ConfigurationObserved() as event if event.source == source:
                seen[event.name] = event
            case _:
                pass
    files = [
        (
            ReleaseFile(name=name, artifact=event.artifact, manifest=event.manifest, platform=event.platform),
            [
                ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=event.artifact)
                for part in archive.manifest(connection, event.manifest)
            ],
        )
        for name, event in seen.items()
    ]
    return _touched(files, goal, brought)


def _there(context: Context, goal: Target, files: Sequence[ExportFile], brought: Release) -> tuple[Release, Blobs]:
    """Return what stands there now, as far as the pushes touched it, and its bytes with the secrets taken out."""
    blobs: Blobs = {}
    found: list[tuple[ReleaseFile, list[ComponentRef]]] = []
    names = {file.name for file in brought.files}
    for file in files:
        if not goal.live and file.name not in names:
            continue
        taken = sealing.take(context, file)
        parsed = sealing.understood(taken)
        digest, manifest = taken.file.digest, archive.manifest_bytes(parsed.components)
        blobs[digest] = taken.file.data
        refs = [
            ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=digest)
            for part in parsed.components
        ]
        name = taken.file.name
        known = ReleaseFile(name=name, artifact=digest, manifest=sha256(manifest).hexdigest(), platform=parsed.platform)
        found.append((known, refs))
    return _touched(found, goal, brought), blobs


def _touched(files: Sequence[tuple[ReleaseFile, list[ComponentRef]]], goal: Target, brought: Release) -> Release:
    """Return these files and components as a release, without what a push to this target leaves alone."""
    if goal.live and goal.whole:
        kept = list(files)
    elif goal.live:
        mine = {part.id for part in brought.components}
        kept = [(file, [part for part in parts if part.id in mine]) for file, parts in files]
        kept = [(file, parts) for file, parts in kept if parts]
    else:
        names = {file.name for file in brought.files}
        kept = [(file, parts) for file, parts in files if file.name in names]
    components = {part.id: part for _, parts in kept for part in parts}
    return Release(
        files=tuple(sorted((file for file, _ in kept), key=lambda file: file.name)),
        components=tuple(components[part] for part in sorted(components)),
    )
