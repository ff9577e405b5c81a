"""What a rollback really changes: from what is live now, drift included, to the release it goes back to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.domain.component import Component, Connector, DiffRules, Notice
from store.domain.diff import Diff, compare_exports
from store.domain.impact import Surface
from store.domain.release import Release
from store.platforms import platform
from store.projections import deployments, requests
from store.projections.deployments import DeploymentRow
from store.projections.shape import Connection
from store.services.context import Context
from store.services.delivery.environments import target
from store.services.delivery.live_state import Parts, overlay
from store.services.delivery.plans import Plan
from store.services.diffing import Comparison
from store.services.releases import Contents


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The change a plan makes to what is live, and the components it is told from."""

    diff: Diff
    before: Mapping[str, Component]
    """What is live now: the desired release with every standing drift in it, by component id."""
    after: Mapping[str, Component]
    read_back_live: bool
    """The target is the platform itself: what is read back after the push is what runs."""
    target: str
    """Where it is pushed, in words."""
    left: DeploymentRow | None
    """The deployment that set what is left behind."""
    back: DeploymentRow | None
    """The newest deployment of the release it goes back to."""
    by: Mapping[str, str]
    """Who asked for each request that goes back with it: request → principal."""


def effect(context: Context, plan: Plan) -> Effect:
    """Return what carrying out `plan` would change live, without changing anything.

    Raises:
        IntegrityFailure: an archived export does not hash to its digest.
    """
    place = {"environment": plan.environment.name, "project": plan.project}
    with context.ledger.reading() as connection:
        asked = (requests.one(connection, request) for request in plan.takes_along)
        by = {row.id: row.requester for row in asked if row is not None}
        past = [row for row in deployments.listing(connection, **place, limit=5000) if row.state == "verified"]
        contents = Contents(connection, also=plan.blobs)
        before, old_links, old_notices = _parts(contents, plan.leaves)
        after, new_links, new_notices = _parts(contents, plan.to)
        overlay(connection, before, plan.drifts)
    diff = compare_exports(
        Surface(components=tuple(before.values()), connectors=old_links, notices=old_notices),
        Surface(components=tuple(after.values()), connectors=new_links, notices=new_notices),
        _rules(plan.to, plan.leaves),
    )
    goal = target(context, plan.environment)
    return Effect(
        diff=diff,
        before=before,
        after=after,
        read_back_live=goal.live,
        target=goal.describe().replace(f"{context.root}/", ""),
        left=_newest(past, plan.leaves_digest),
        back=_newest(past, plan.ref.release),
        by=by,
    )


def between(connection: Connection, old: Release, new: Release) -> Comparison:
    """Return what changes from one release to another, with both sides."""
    contents = Contents(connection)
    before, old_links, old_notices = _parts(contents, old)
    after, new_links, new_notices = _parts(contents, new)
    diff = compare_exports(
        Surface(components=tuple(before.values()), connectors=old_links, notices=old_notices),
        Surface(components=tuple(after.values()), connectors=new_links, notices=new_notices),
        _rules(new, old),
    )
    return Comparison(diff=diff, before=before, after=after)


def _rules(*releases: Release) -> DiffRules:
    kinds = Counter(file.platform for release in releases for file in release.files)
    return platform(kinds.most_common(1)[0][0] if kinds else "generic").rules


def _newest(past: Sequence[DeploymentRow], release: str) -> DeploymentRow | None:
    return next((row for row in past if row.release == release), None)


def _parts(contents: Contents, release: Release) -> tuple[Parts, tuple[Connector, ...], tuple[Notice, ...]]:
    components, connectors, notices = contents.of_release(release)
    return {part.id: part for part in components}, connectors, notices
