"""Rolling back: a plan that shows everything first, then a deployment of the earlier release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.domain import drift as drifts
from store.domain import events as ev
from store.domain.diff import Diff
from store.domain.release import Release
from store.domain.roles import require
from store.errors import BadInput, Conflict, NotFound, Refusal
from store.integrity.entry import Entry
from store.projections import deployments, requests
from store.services import releases
from store.services.acting import perform, record
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.delivery.deploying import STARTED, close_interrupted
from store.services.delivery.environments import Environment, one, target
from store.services.delivery.pushing import Outcome, Progress, Push, look, push
from store.services.diffing import between_releases
from store.services.drift import drifting
from store.services.identity.people import principals
from store.services.locking import pushing
from store.services.sealing import sealing


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
    """`the release before`, `the desired release` (drift is reverted) or `as asked`."""
    diff: Diff
    """From what is desired now to the release it goes back to; `effects.effect` tells it from what is live."""
    takes_along: tuple[str, ...]
    """Requests that were deployed since and go back with it."""
    makes_stale: tuple[str, ...]
    """Open requests whose base this changes."""
    cannot_come_back: tuple[str, ...]
    drifts: tuple[str, ...]
    """Standing drifts that the push overwrites; each was seen and archived."""
    component: str | None = None


def plan(
    context: Context, environment: str, project: str, *, to: str | None = None, component: str | None = None
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
    revert = to is None and first and bool(drifting.standing(context.ledger, environment, project))
    goal, why = _goal(context, past, to, revert=revert)
    return _planned(context, place, project, past, goal, why, component)


def plan_revert(context: Context, drift: str) -> Plan:
    """Return what pushing the desired release over a drift would change."""
    known = drifts.replay(recorded(context.ledger.entries(kinds=drifting.KINDS, on={"drift": drift}))).get(drift)
    if known is None:
        raise NotFound(f"there is no drift {drift}")
    if known.status == "resolved":
        raise Refusal([f"{drift} is resolved already"])
    past = releases.history(context.ledger, known.environment, known.project)
    place = one(context.ledger, known.environment)
    goal, why = _goal(context, past, None, revert=True)
    return _planned(context, place, known.project, past, goal, why, None)


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
        raise Refusal(["every earlier release is in quarantine"], would_unblock=["an admin lifts a quarantine"])
    raise NotFound("there is no earlier release to go back to (quarterdeck drift revert restores the present one)")


def _planned(
    context: Context,
    place: Environment,
    project: str,
    past: Sequence[ev.DeploymentVerified],
    goal: ev.ReleaseRef,
    why: str,
    component: str | None,
) -> Plan:
    _refuse_quarantined(context.ledger, project, goal.release, now=past[0].target.release)
    with context.ledger.reading() as connection:
        leaves = releases.load(connection, past[0].target.manifest)
        to = releases.load(connection, goal.manifest)
        if component is not None:
            to = _one_component(leaves, to, component)
        diff = between_releases(connection, leaves, to)
        open_requests = requests.listing(connection, states=("draft", "in review", "approved"))
    ref = goal if component is None else releases.ref_of(to)
    standing = drifting.standing(context.ledger, place.name, project)
    return Plan(
        environment=place,
        project=project,
        leaves=leaves,
        leaves_digest=past[0].target.release,
        to=to,
        ref=ref,
        reason_back=why,
        diff=diff,
        takes_along=_since(past, goal.release),
        makes_stale=tuple(
            r.id
            for r in open_requests
            if r.project == project and r.environment == place.name and ref.release != past[0].target.release
        ),
        cannot_come_back=(*sealing.erased(context, context.ledger, to), *_cannot_come_back(place, leaves, to)),
        drifts=tuple(sorted(drift.id for drift in standing.values())),
        component=component,
    )


def _refuse_quarantined(source: Source, project: str, release: str, *, now: str) -> None:
    """Raise Refusal when `release` is in quarantine; the one that is desired `now` may be pushed again all the same."""
    held = releases.quarantine(source, project, release) if release != now else None
    if held is not None:
        raise Refusal(
            [f"the release {release[:12]} is in quarantine: {held}"],
            would_unblock=["an admin lifts the quarantine with a reason"],
        )


def _one_component(leaves: Release, to: Release, component: str) -> Release:
    """Return the present release with one component as it was; only where a file holds that component alone."""
    back, now = to.by_id.get(component), leaves.by_id.get(component)
    if back is None and now is None:
        raise NotFound(f"there is no component {component!r} in either release")
    for ref, release in ((back, to), (now, leaves)):
        if ref and sum(part.artifact == ref.artifact for part in release.components) > 1:
            raise BadInput(f"{ref.name!r} shares its file with other components: roll back the whole release")
    gone = {now.artifact} if now else set()
    files = [file for file in leaves.files if file.artifact not in gone]
    parts = [part for part in leaves.components if part.id != component]
    if not files and back is None:
        raise BadInput("this would leave nothing at all")
    if back:
        files += [file for file in to.files if file.artifact == back.artifact]
        parts.append(back)
    return Release(
        files=tuple(sorted(files, key=lambda file: file.name)),
        components=tuple(sorted(parts, key=lambda part: part.id)),
    )


def _since(past: Sequence[ev.DeploymentVerified], release: str) -> tuple[str, ...]:
    """Return the requests deployed after `release` was last live."""
    taken: list[str] = []
    for deployed in past:
        if deployed.target.release == release:
            break
        if deployed.request:
            taken.append(deployed.request)
    return tuple(taken)


def _cannot_come_back(place: Environment, leaves: Release, to: Release) -> tuple[str, ...]:
    missing = sorted(part.name for part in to.components if part.id not in leaves.by_id)
    if place.target == "node-red" and missing:
        return tuple(f"credentials of nodes in {name!r}: enter them again" for name in missing)
    return ()


def roll_back(
    context: Context, actor: Actor, what: Plan, *, reason: str, progress: Progress = lambda _: None
) -> Outcome:
    """Carry out a plan: push, read back, record, put the release left behind into quarantine.

    Raises:
        Refusal: the actor may not roll back here.
        Conflict: the target or the ledger moved since the plan was shown.
        PlatformFailure: the target could not be reached; the failure is recorded.
    """
    if not reason.strip():
        raise BadInput("a rollback needs a reason: --reason TEXT")
    place, project = what.environment, what.project
    _may(context, context.ledger, actor, what)
    with pushing(context, place.name):
        close_interrupted(context, place.name)
        goal = target(context, place)
        snapshot = look(context, goal, place.name, project)
        expected = sealing.public_revision(context, snapshot)

        def decide(source: Source) -> Sequence[ev.Event]:
            _may(context, source, actor, what)
            now = releases.desired(source, place.name, project)
            if now is None or now.target.release != what.leaves_digest:
                raise Conflict(f"{place.name}/{project} was deployed to since the plan was made; look again")
            _refuse_quarantined(source, project, what.ref.release, now=now.target.release)
            return [
                ev.RollbackStarted(
                    deployment=named("DEP", next_id(source, "DEP", STARTED, "deployment")),
                    project=project,
                    environment=place.name,
                    target=what.ref,
                    expected=expected,
                    reason=reason,
                    previous=now.target.release,
                    component=what.component,
                    takes_along=what.takes_along,
                )
            ]

        started = perform(context, actor, decide, blobs=[what.to.to_bytes()])[0]
        job = Push(environment=place, project=project, release=what.to, ref=what.ref, request=None)
        outcome = push(context, goal, job, started=started, expected=snapshot.revision, progress=progress)
        if outcome.verified and what.leaves_digest != what.ref.release:
            left = ev.ReleaseQuarantined(
                deployment=outcome.deployment,
                project=project,
                environment=place.name,
                release=what.leaves_digest,
                reason=f"rolled back by {actor.handle}: {reason}",
            )
            return Outcome(
                deployment=outcome.deployment,
                verified=True,
                reason="",
                entries=(*outcome.entries, *record(context, [left])),
            )
        return outcome


def lift_quarantine(context: Context, actor: Actor, project: str, release: str, *, reason: str) -> Entry:
    """Let a release be deployed again, with the reason."""
    if not reason.strip():
        raise BadInput("lifting a quarantine needs a reason: --reason TEXT")
    with context.ledger.reading() as connection:
        held = [
            row.release
            for row in deployments.quarantined(connection)
            if row.project == project and row.release.startswith(release)
        ]
    if len(held) != 1:
        raise NotFound(f"no single release of {project!r} in quarantine starts with {release!r}")

    def decide(source: Source) -> Sequence[ev.Event]:
        require(principals(source), actor.handle, "lift a quarantine", project=project, at=context.now)
        if releases.quarantine(source, project, held[0]) is None:
            raise Refusal([f"{held[0][:12]} is not in quarantine"])
        return [ev.QuarantineLifted(project=project, release=held[0], reason=reason)]

    return perform(context, actor, decide)[0]


def _may(context: Context, source: Source, actor: Actor, what: Plan) -> None:
    """Let `actor` carry out the plan, or raise Refusal: not theirs to do, or its secrets were shredded."""
    require(
        principals(source),
        actor.handle,
        "roll back",
        project=what.project,
        environment=what.environment.name,
        at=context.now,
    )
    sealing.refuse_erased(context, source, what.to)
