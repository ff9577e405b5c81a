"""What stands in a target now: looked at before a push and after it; what nobody had seen before is judged as drift."""

from __future__ import annotations

from collections.abc import Collection

from store.domain import events as ev
from store.domain.drift import DELIVERED, Drift
from store.errors import ChangedBehindOurBack
from store.platforms.protocol import Snapshot, Target
from store.services import releases
from store.services.acting import record
from store.services.context import Context
from store.services.delivery.halves import is_half
from store.services.drift import drifting
from store.services.drift.seeing import observe_all
from store.services.sealing import sealing


def look(
    context: Context,
    target: Target,
    environment: str,
    project: str,
    halves: Collection[ev.ReleaseRef] = (),
) -> Snapshot:
    """Return what stands in the target now; what nobody had seen before is archived and judged as drift.

    Of the releases `halves` a push of ours that died may have brought a part: that and what it was to replace is
    archived already and nobody else's change, as long as nothing else stands there.

    Raises:
        ChangedBehindOurBack: the target was changed and nobody has looked at that yet.
        PlatformFailure: the target cannot be asked.
    """
    snapshot = target.fetch(project)
    deployed = releases.desired(context.ledger, environment, project)
    in_folder = _seen_in_folder(context, environment, project)
    known = {snapshot.revision, sealing.public_revision(context, snapshot)}
    if deployed is not None and deployed.revision in known and not in_folder:
        return snapshot
    if is_half(context, target, snapshot, environment, project, of=halves):
        return snapshot
    news = observe_target(context, target, environment, project, snapshot)
    if news:
        raise ChangedBehindOurBack(
            f"{environment}/{project} was changed behind our back just now ({', '.join(news[:5])});"
            " nothing was pushed: look at the drift and decide again",
            drifts=news,
        )
    return snapshot


def settle(context: Context, target: Target, environment: str, project: str) -> None:
    """Look again at a folder in which a drift was seen: it ends when the folder is as it should be.

    Raises:
        PlatformFailure: the folder cannot be read.
    """
    if not target.live and _seen_in_folder(context, environment, project):
        observe_target(context, target, environment, project, target.fetch(project))


def observe_target(context: Context, target: Target, environment: str, project: str, snapshot: Snapshot) -> list[str]:
    """Archive and judge what stands in the target; return the drifts that are news. What is gone from a folder ends."""
    seen = observe_all(
        context,
        environment=environment,
        project=project,
        files=snapshot.files,
        source="live" if target.live else DELIVERED,
        revision=sealing.public_revision(context, snapshot),
    )
    news = [str(entry.statement.on["drift"]) for one in seen for entry in one.news]
    names = {file.name for file in snapshot.files}
    gone = [drift for drift in _seen_in_folder(context, environment, project) if drift.export not in names]
    if gone:
        record(context, [ended(drift, f"{drift.export} is gone from the folder") for drift in gone])
    return news


def _seen_in_folder(context: Context, environment: str, project: str) -> list[Drift]:
    standing = drifting.standing(context.ledger, environment, project)
    return [drift for drift in standing.values() if drift.source == DELIVERED]


def ended(drift: Drift, how: str) -> ev.DriftResolved:
    """Return the event that a drift is over, and how it ended."""
    return ev.DriftResolved(
        drift=drift.id,
        project=drift.project,
        environment=drift.environment,
        component=drift.component,
        how=how,
    )
