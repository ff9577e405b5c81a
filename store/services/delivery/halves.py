"""What a push of ours left half done whose process died: how far it came, and whether nothing else stands there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from store.domain import events as ev
from store.domain.component import ExportFile
from store.domain.drift import DELIVERED
from store.domain.push import Reach, is_between, reach_of
from store.domain.release import EMPTY, Release
from store.errors import QuarterdeckError
from store.platforms.protocol import Snapshot, Target
from store.services import releases
from store.services.context import Context
from store.services.delivery.environments import one, target
from store.services.delivery.moving import moved
from store.services.drift import drifting
from store.services.sealing import sealing


def is_half(
    context: Context,
    goal: Target,
    snapshot: Snapshot,
    environment: str,
    project: str,
    *,
    of: Collection[ev.ReleaseRef],
) -> bool:
    """Say whether all that stands there is what is desired, and of the releases `of` what pushes that died brought.

    All means: each file of a folder by its bytes, each component of a platform by its digest, and that none is gone
    but what is to be gone. What differs and is known as drift stands as it was seen. Anything else is somebody's.
    """
    desired = releases.desired(context.ledger, environment, project)
    if desired is None or not of:
        return False
    with context.ledger.reading() as connection:
        sides = [releases.load(connection, ref.manifest) for ref in (desired.target, *of)]
    drifts = drifting.standing(context.ledger, environment, project).values()
    known: dict[str, str | None]
    if goal.live:
        known = {drift.component: drift.observed for drift in drifts if drift.source != DELIVERED}
        return is_between(covered(context, snapshot.files), [_digests(side) for side in sides], known=known)
    known = {drift.export: drift.observed_artifact for drift in drifts if drift.source == DELIVERED}
    there = {taken.name: taken.digest for taken in (sealing.take(context, file).file for file in snapshot.files)}
    files = [{file.name: file.artifact for file in side.files} for side in sides]
    return is_between(there, files, known=known)


def reached(context: Context, environment: str, project: str, push: ev.ReleaseRef, *, since: int) -> Reach | None:
    """Return how far a push came that began with entry `since` and died, as it stands there now.

    None where that cannot be told: the environment delivers elsewhere by now, or its target cannot be asked.
    """
    if moved(context.ledger, environment, since=since) is not None:
        return None
    deployed = releases.desired(context.ledger, environment, project)
    with context.ledger.reading() as connection:
        meant = releases.load(connection, push.manifest)
        old = releases.load(connection, deployed.target.manifest) if deployed else EMPTY
    goal = target(context, one(context.ledger, environment))
    try:
        now = covered(context, goal.fetch(project).files)
    except QuarterdeckError:
        return None
    before = dict(_digests(old))
    for drift in drifting.standing(context.ledger, environment, project, until=since).values():
        if drift.observed is None:
            before.pop(drift.component, None)
        else:
            before[drift.component] = drift.observed
    whole = goal.live and goal.whole
    return reach_of(before, _digests(meant), now, gone=None if whole else {*old.by_id} - {*meant.by_id})


def covered(context: Context, files: Sequence[ExportFile]) -> dict[str, str]:
    """Return component id → digest of raw files, secrets taken out as they are from every export."""
    taken = (sealing.take(context, file) for file in files)
    return {part.id: part.digest for one_file in taken for part in sealing.understood(one_file).components}


def _digests(release: Release) -> Mapping[str, str]:
    return {part.id: part.digest for part in release.components}
