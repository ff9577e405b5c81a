"""Rolling back: a plan that showed everything first (`plans`), then a deployment of the earlier release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from store.domain import events as ev
from store.domain.roles import require
from store.errors import BadInput, Conflict, NotFound, Refusal
from store.integrity.entry import Entry
from store.projections import deployments
from store.services import releases
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named
from store.services.delivery.environments import target
from store.services.delivery.interrupted import close_interrupted, died, next_deployment
from store.services.delivery.leftovers import plan_undo
from store.services.delivery.moving import moved_since, moved_since_deployed, stays, words_of
from store.services.delivery.observing import look
from store.services.delivery.plans import Plan, plan, plan_revert, refuse_quarantined
from store.services.delivery.pushing import Outcome, Progress, Push, push
from store.services.delivery.reverting import after_failure
from store.services.glass import holding
from store.services.identity.people import principals
from store.services.locking import pushing
from store.services.requests.reading import change_of
from store.services.sealing import sealing

_MOST_CONCERNED: Final = 100
__all__ = ["Plan", "begin", "lift_quarantine", "plan", "plan_revert", "plan_undo", "roll_back"]


@attempt("roll back")
def begin(
    context: Context,
    actor: Actor | None,
    environment: str,
    project: str,
    *,
    to: str | None = None,
    components: Sequence[str] = (),
) -> Plan:
    """Return the plan of a rollback that `actor` set out to do: what refuses it already now was refused to them.

    Raises as `plan` does, and Refusal where they may not roll back there anyway.
    """
    what = plan(context, environment, project, to=to, components=components)
    if actor is not None:
        _may(context, context.ledger, actor, what)
    return what


@attempt("roll back")
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
    with pushing(context, place.name) as lock:
        close_interrupted(context, place.name)
        goal = target(context, place)
        halves = [begun.target for begun in died(context.ledger, place.name, project)]
        snapshot = look(context, goal, place.name, project, halves)
        if what.unmade is not None and snapshot.revision != what.unmade.revision:
            raise Conflict(
                f"{place.name}/{project} was changed since the plan was made; nothing was pushed, look again"
            )
        expected = sealing.public_revision(context, snapshot)
        homeward = _comes_home(context, what)

        def decide(source: Source) -> Sequence[ev.Event]:
            _may(context, source, actor, what)
            stays(source, place)
            started = _started(source, what, reason=reason, expected=expected)
            return [replace(started, glass=_glass(context, source, actor, what))]

        started = perform(context, actor, decide, blobs=[*what.blobs.values(), what.to.to_bytes()])[0]
        left = ev.ReleaseQuarantined(
            deployment=started.statement.on["deployment"],
            project=project,
            environment=place.name,
            release=what.leaves_digest,
            reason=f"rolled back by {actor.handle}: {reason}",
            concerns=_concerned(context.ledger, what) or None,
        )
        back = replace(Push.back(what, lock), also=(left,) if what.leaves_behind and not homeward else ())
        outcome = push(context, goal, back, started=started, before=snapshot, progress=progress)
        return after_failure(context, place, project, outcome, lock=lock, progress=progress)


def _started(source: Source, what: Plan, *, reason: str, expected: str) -> ev.RollbackStarted:
    """Return the event that begins a rollback. Raises Conflict where something else was deployed since its plan."""
    place, project = what.environment.name, what.project
    now = releases.desired(source, place, project)
    desired = now.target.release if now is not None else None
    if desired != (what.leaves_digest if what.unmade is None else None):
        raise Conflict(f"{place}/{project} was deployed to since the plan was made; look again")
    if desired is not None:
        refuse_quarantined(source, project, what.ref.release, now=desired)
    return ev.RollbackStarted(
        deployment=named("DEP", next_deployment(source)),
        project=project,
        environment=place,
        target=what.ref,
        expected=expected,
        reason=reason,
        previous=desired,
        component=what.components[0] if len(what.components) == 1 else None,
        components=what.components if len(what.components) > 1 else None,
        takes_along=what.takes_along,
        moved=words_of(moved_since_deployed(source, place, project)),
    )


def _concerned(source: Source, what: Plan) -> tuple[str, ...]:
    """Return who requested, edited or approved what the rollback takes along."""
    found: set[str] = set()
    for request in what.takes_along:
        change = change_of(source, request)
        found |= {*change.editors, *(one.actor for one in change.good_approvals)}
    return tuple(sorted(found)[:_MOST_CONCERNED])


@attempt("lift a quarantine")
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
    if _glass(context, source, actor, what) is None:
        place = {"project": what.project, "environment": what.environment.name}
        require(principals(source), actor.handle, "roll back", **place, at=context.now)
    sealing.refuse_erased(context, source, what.to)
    _undoes_here(source, what)


def _undoes_here(source: Source, what: Plan) -> None:
    """Refuse to take a first deployment back from where it was never pushed to."""
    gone = moved_since(source, what.environment.name, what.unmade.deployment) if what.unmade is not None else None
    if gone is not None:
        raise Refusal(
            [f"{gone.words}: what {what.unmade.deployment if what.unmade else ''} brought does not stand there"],
            would_unblock=[f"set it back first: quarterdeck environment edit {what.environment.name} …"],
        )


def _comes_home(context: Context, what: Plan) -> bool:
    """Say whether the plan ends a rehearsal that did not come back by itself: what it leaves was never found bad."""
    match releases.history(context.ledger, what.environment.name, what.project)[:2]:
        case [here, before]:
            return here.rehearsal == here.deployment and before.target.release == what.ref.release
        case _:
            return False


def _glass(context: Context, source: Source, actor: Actor, what: Plan) -> str | None:
    return holding.held(context, source, actor.handle, what.project, what.environment.name)
