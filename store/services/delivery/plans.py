"""What a rollback would do: everything that is shown before it is asked for. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from store.domain import drift as drifts
from store.domain import events as ev
from store.domain.component import Component, ComponentRef
from store.domain.diff import Diff
from store.domain.release import Release
from store.errors import BadInput, NotFound, Refusal
from store.projections import requests
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context, Source, recorded
from store.services.delivery import credentials
from store.services.delivery.components import Mixed, mixed
from store.services.delivery.environments import Environment, one
from store.services.delivery.live_state import overlay
from store.services.delivery.moving import moved_since_deployed, words_of
from store.services.diffing import between_releases
from store.services.drift import drifting
from store.services.releases import Contents
from store.services.sealing import sealing


@dataclass(frozen=True, kw_only=True)
class Unmade:
    """A first deployment that failed and is to be taken back: nothing is desired there, before and after."""

    deployment: str
    brought: Release
    """Everything that the pushes that failed there may have brought."""
    revision: str
    """What the target was at when the plan was made."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a rollback would do: everything that is shown before it is asked for."""

    environment: Environment
    project: str
    leaves: Release
    leaves_digest: str
    to: Release
    ref: ev.ReleaseRef
    reason_back: str
    """`the release before`, `the desired release` (drift is reverted), `as asked`, or `what stood there before`."""
    diff: Diff
    """From what is desired now to the release it goes back to; `effects.effect` tells it from what is live."""
    takes_along: tuple[str, ...]
    """Requests that were deployed since and go back with it."""
    makes_stale: tuple[str, ...]
    """Open requests whose base this changes."""
    cannot_come_back: tuple[str, ...]
    drifts: tuple[str, ...]
    """Standing drifts that the push overwrites; each was seen and archived."""
    components: tuple[str, ...] = ()
    """Set when only these go back."""
    blobs: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What has to be archived for it."""
    moved: str | None = None
    """That it goes elsewhere than what is desired was pushed to, in words."""
    unmade: Unmade | None = None
    """Set when it takes back a first deployment that failed."""

    @property
    def leaves_behind(self) -> bool:
        """Say whether the release left behind is another one than it goes back to: it goes into quarantine then."""
        return self.unmade is None and self.leaves_digest != self.ref.release


def plan(
    context: Context, environment: str, project: str, *, to: str | None = None, components: Sequence[str] = ()
) -> Plan:
    """Return what rolling back would change, without changing anything.

    Without `to` the goal is the release that was live before the present one. When drift stands on the
    present release and it was the first, the goal is the desired release itself.

    Raises:
        NotFound: nothing was ever deployed there, or there is no earlier release.
        Refusal: the goal is in quarantine.
    """
    place = one(context.ledger, environment)
    past = releases.history(context.ledger, environment, project)
    if not past:
        raise NotFound(f"nothing of {project!r} was ever deployed to {environment}")
    first = len({deployed.target.release for deployed in past}) == 1
    revert = to is None and first and not components and bool(drifting.standing(context.ledger, environment, project))
    goal, why = _goal(context, past, to, revert=revert)
    return _planned(context, place, project, past, goal, why, tuple(dict.fromkeys(components)))


def plan_revert(context: Context, drift: str) -> Plan:
    """Return what pushing the desired release over a drift would change."""
    known = drifts.replay(recorded(context.ledger.entries(kinds=drifting.KINDS, on={"drift": drift}))).get(drift)
    if known is None:
        raise NotFound(f"there is no drift {drift}")
    if known.status == "resolved":
        raise Refusal([f"{drift} is resolved already"])
    return plan_desired(context, known.environment, known.project)


def plan_desired(context: Context, environment: str, project: str) -> Plan:
    """Return what pushing the desired release again would change; something is desired there."""
    past = releases.history(context.ledger, environment, project)
    goal, why = _goal(context, past, None, revert=True)
    return _planned(context, one(context.ledger, environment), project, past, goal, why, ())


def _goal(
    context: Context, past: Sequence[ev.DeploymentVerified], to: str | None, *, revert: bool
) -> tuple[ev.ReleaseRef, str]:
    now = past[0].target.release
    if revert:
        return past[0].target, "the desired release"
    if to is not None:
        wanted = [d.target for d in past if d.target.release.startswith(to) or to in {d.deployment, d.request}]
        if len({ref.release for ref in wanted}) != 1:
            what = "no release" if not wanted else "more than one release"
            raise BadInput(f"{to!r} names {what} that was live here")
        return wanted[0], "as asked"
    held = {}
    for deployed in past[1:]:
        release = deployed.target.release
        if release == now:
            continue
        held[release] = releases.quarantine(context.ledger, deployed.project, release)
        if held[release] is None:
            return deployed.target, "the release before"
    if held:
        named = " or ".join(release[:12] for release in list(held)[:6])
        raise Refusal(
            [f"every earlier release is in quarantine: {'; '.join(dict.fromkeys(map(str, held.values())))}"[:400]],
            would_unblock=[f"an admin lifts a quarantine: quarterdeck quarantine lift {named}"],
        )
    raise NotFound("there is no earlier release to go back to (quarterdeck drift revert restores the present one)")


def _planned(
    context: Context,
    place: Environment,
    project: str,
    past: Sequence[ev.DeploymentVerified],
    goal: ev.ReleaseRef,
    why: str,
    components: tuple[str, ...],
) -> Plan:
    refuse_quarantined(context.ledger, project, goal.release, now=past[0].target.release)
    standing = tuple(sorted(d.id for d in drifting.standing(context.ledger, place.name, project).values()))
    with context.ledger.reading() as connection:
        leaves = releases.load(connection, past[0].target.manifest)
        goal_release = releases.load(connection, goal.manifest)
        diff = between_releases(connection, leaves, goal_release)
        made = Mixed(release=goal_release)
        if components:
            made = mixed(context, connection, leaves, goal_release, components, diff)
            diff = between_releases(connection, leaves, made.release, also=made.blobs)
        lost = cannot_come_back(connection, leaves, made, standing, goal_release)
        along = _since(connection, past, goal.release, components)
        open_requests = requests.listing(connection, states=("draft", "in review", "approved"))
    to = made.release
    ref = releases.ref_of(to) if components else goal
    refuse_quarantined(context.ledger, project, ref.release, now=past[0].target.release)
    return Plan(
        environment=place,
        project=project,
        leaves=leaves,
        leaves_digest=past[0].target.release,
        to=to,
        ref=ref,
        reason_back=why,
        diff=diff,
        takes_along=along,
        makes_stale=tuple(
            r.id
            for r in open_requests
            if r.project == project and r.environment == place.name and ref.release != past[0].target.release
        ),
        cannot_come_back=(*sealing.erased(context, context.ledger, to), *lost),
        drifts=standing,
        components=components,
        blobs=made.blobs,
        moved=words_of(moved_since_deployed(context.ledger, place.name, project)),
    )


def refuse_quarantined(source: Source, project: str, release: str, *, now: str) -> None:
    """Raise Refusal when `release` is in quarantine; the one that is desired `now` may be pushed again all the same."""
    held = releases.quarantine(source, project, release) if release != now else None
    if held is not None:
        raise Refusal(
            [f"the release {release[:12]} is in quarantine: {held}"],
            would_unblock=["an admin lifts the quarantine with a reason"],
        )


def _since(
    connection: Connection, past: Sequence[ev.DeploymentVerified], release: str, components: Sequence[str]
) -> tuple[str, ...]:
    """Return the requests deployed after `release` was last live; with `components` those that changed one of them."""
    taken: list[str] = []
    for number, deployed in enumerate(past):
        if deployed.rehearsal is not None:
            continue  # it was gone for a moment only
        if deployed.target.release == release:
            break
        if deployed.request and (not components or _changed(connection, past[number : number + 2], components)):
            taken.append(deployed.request)
    return tuple(taken)


def _changed(connection: Connection, pair: Sequence[ev.DeploymentVerified], components: Sequence[str]) -> bool:
    """Say whether the first of two deployments has one of the components otherwise than the second, the one before."""
    new, *old = (releases.load(connection, one.target.manifest).by_id for one in pair)
    before = old[0] if old else {}
    return any(_digest(new, part) != _digest(before, part) for part in components)


def _digest(parts: Mapping[str, ComponentRef], part: str) -> str | None:
    return parts[part].digest if part in parts else None


def cannot_come_back(
    connection: Connection, leaves: Release, made: Mixed, standing: Sequence[str], goal: Release
) -> tuple[str, ...]:
    """Return, in words, what a push of this release cannot restore: credentials, and what was left out of it."""
    contents = Contents(connection, also=made.blobs)
    live = {part.id: part for part in contents.of_release(leaves)[0]}
    overlay(connection, live, standing)
    wanted = contents.of_release(made.release)[0]
    kinds = {file.platform for file in made.release.files}
    missing = credentials.missing_before(
        credentials.uses((kind, part) for kind in kinds for part in live.values()),
        credentials.uses((kind, part) for kind in kinds for part in wanted),
    )
    return (*missing, *_left_out(wanted, made.release, goal))


def _left_out(wanted: Sequence[Component], made: Release, goal: Release) -> tuple[str, ...]:
    """Return which components those that go back refer to and that do not go back with them."""
    absent = {part.id: part.name for part in goal.components if part.id not in made.by_id}
    return tuple(
        f"{part.name!r} refers to {absent[one]!r}, which does not go back with it (add --component {one})"
        for part in wanted
        for one in sorted(absent)
        if f'"{one}"'.encode() in part.canonical
    )
