"""Rehearsing a rollback: push the earlier release, read it back, push this one again, read it back; all of it recorded.

It is what `rollback-ready` asks for before a release goes on (`rehearsed_in`). Nothing goes into quarantine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.rehearsal import check_rehearsable, later
from store.errors import Conflict, QuarterdeckError, Refusal
from store.integrity.entry import Entry
from store.platforms.protocol import Target
from store.services import releases
from store.services.acting import perform, record
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, recorded
from store.services.delivery.environments import environments, one, target
from store.services.delivery.interrupted import close_interrupted, died, next_deployment, ways_on
from store.services.delivery.moving import moved_since_deployed, stays
from store.services.delivery.observing import look, observe_target
from store.services.delivery.plans import Plan, plan, refuse_quarantined
from store.services.delivery.pushing import Outcome, Progress, Push, push
from store.services.drift import drifting
from store.services.identity.people import principals
from store.services.locking import pushing
from store.services.sealing import sealing

if TYPE_CHECKING:
    from store.services.delivery.interrupted import Started


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """How a rehearsal ended."""

    event: ev.RollbackRehearsed
    entries: tuple[Entry, ...]
    """Everything that was recorded of it, oldest first."""


@dataclass(frozen=True, kw_only=True)
class LastRehearsal:
    """The newest rehearsal of a project in an environment."""

    environment: str
    project: str
    release: str
    to: str
    passed: bool
    stands: str
    summary: str
    seq: int
    time: str


def last_rehearsals(context: Context) -> tuple[LastRehearsal, ...]:
    """Return the newest rehearsal of every project in every environment, the newest first."""
    found: dict[tuple[str, str], LastRehearsal] = {}
    for item in recorded(context.ledger.entries(kinds=["rollback.rehearsed"], newest_first=True)):
        event = item.event
        if isinstance(event, ev.RollbackRehearsed):
            one_of_them = LastRehearsal(
                environment=event.environment,
                project=event.project,
                release=event.release,
                to=event.to,
                passed=event.passed,
                stands=event.stands,
                summary=event.summary,
                seq=item.seq,
                time=item.time,
            )
            found.setdefault((event.environment, event.project), one_of_them)
    return tuple(found.values())


def plan_rehearsal(context: Context, environment: str, project: str, *, to: str | None = None) -> Plan:
    """Return which release it would go back to, and what that changes for a moment.

    Raises:
        NotFound: nothing was ever deployed there, or there is no earlier release.
        Refusal: it is the very release that stands there, or the earlier one is in quarantine.
    """
    what = plan(context, environment, project, to=to)
    if what.ref.release == what.leaves_digest:
        raise Refusal(
            [f"release {what.ref.release[:12]} is the one that stands in {environment}: there is no way back to try"],
            would_unblock=["name an earlier one: --to RELEASE"],
        )
    return what


@attempt("rehearse a rollback")
def begin(context: Context, actor: Actor, environment: str, project: str, *, to: str | None = None) -> Plan:
    """Return the plan of a rehearsal that `actor` set out to do: what refuses it already now was refused to them.

    Raises as `plan_rehearsal` does, and Refusal where `rehearse` would refuse them anyway.
    """
    what = plan_rehearsal(context, environment, project, to=to)
    _check(context, context.ledger, actor, what)
    return what


@attempt("rehearse a rollback")
def rehearse(
    context: Context, actor: Actor, what: Plan, *, reason: str, progress: Progress = lambda _: None
) -> Rehearsal:
    """Go back as planned, and forward again whatever became of that; record how it ended and what stands there.

    Raises:
        Refusal: the actor may not, no environment comes after this one, it is frozen, or it has drifted.
        Conflict: the target or the ledger moved since the plan was made; nothing was pushed.
        PlatformFailure: the target could not be reached; what became of it is recorded.
    """
    place, project = what.environment, what.project
    _check(context, context.ledger, actor, what)
    with pushing(context, place.name) as lock:
        close_interrupted(context, place.name)
        goal = target(context, place)
        dead = died(context.ledger, place.name, project)
        snapshot = look(context, goal, place.name, project, halves=[begun.target for begun in dead])
        expected = sealing.public_revision(context, snapshot)
        returns = _desired(context.ledger, what)
        known = releases.desired(context.ledger, place.name, project)
        is_half = known is None or known.revision not in {snapshot.revision, expected}
        if is_half:
            _only_rehearsals(dead)

        def decide(source: Source) -> Sequence[ev.Event]:
            _check(context, source, actor, what)
            stays(source, place)
            refuse_quarantined(source, project, what.ref.release, now=what.leaves_digest)
            return [
                ev.RehearsalStarted(
                    deployment=named("DEP", next_deployment(source)),
                    project=project,
                    environment=place.name,
                    target=what.ref,
                    returns=_desired(source, what),
                    expected=expected,
                    reason=reason,
                )
            ]

        started = perform(context, actor, decide)[0]
        job = replace(Push.back(what, lock), rehearsal=started.statement.on["deployment"])
        try:
            back = push(context, goal, job, started=started, before=snapshot, progress=progress)
        except QuarterdeckError as error:  # nothing was changed
            _ended(context, what, started, back=None, forward=None, trouble=str(error), is_half=is_half)
            raise
        progress("and forward again")
        forward, trouble = _forward(context, goal, replace(job, release=what.leaves, ref=returns), progress)
        return _ended(context, what, started, back=back, forward=forward, trouble=trouble)


def _check(context: Context, source: Source, actor: Actor, what: Plan) -> None:
    """Let `actor` rehearse this, or raise Refusal; Conflict where something was deployed since the plan was made."""
    place, project = what.environment.name, what.project
    check_rehearsable(
        actor=actor.handle,
        project=project,
        environment=place,
        later=later(place, environments(source), context.policy),
        frozen=one(source, place).frozen,
        drifts=sorted(drift.id for drift in drifting.standing(source, place, project).values()),
        people=principals(source),
        at=context.now,
    )
    sealing.refuse_erased(context, source, what.to)
    sealing.refuse_erased(context, source, what.leaves)
    gone = moved_since_deployed(source, place, project)
    if gone is not None:
        raise Refusal(
            [f"{gone.words}: what stands in {place} was pushed elsewhere, so no way back from it can be tried there"],
            would_unblock=["deploy it where it is to be rehearsed, or set the target back"],
        )
    _desired(source, what)


def _only_rehearsals(dead: Sequence[Started]) -> None:
    """Refuse to go over what a push left half-way that was no rehearsal's way back: that is to be ended first."""
    for begun in dead:
        if not isinstance(begun, ev.RehearsalStarted):
            raise Refusal(
                [f"{begun.deployment} pushed to {begun.environment} and died: what it left half-way stands there"],
                would_unblock=ways_on(begun),
            )


def _desired(source: Source, what: Plan) -> ev.ReleaseRef:
    now = releases.desired(source, what.environment.name, what.project)
    if now is None or now.target.release != what.leaves_digest:
        raise Conflict(f"{what.environment.name}/{what.project} was deployed to since the plan was made; look again")
    return now.target


def _forward(context: Context, goal: Target, job: Push, progress: Progress) -> tuple[Outcome | None, str]:
    """Push the rehearsed release again; return how that ended, and what went wrong where it could not even begin."""
    try:
        snapshot = goal.fetch(job.project)
        expected = sealing.public_revision(context, snapshot)
        known = releases.desired(context.ledger, job.environment.name, job.project)
        if known is None or known.revision not in {snapshot.revision, expected}:
            # what nobody has seen is archived first
            observe_target(context, goal, job.environment.name, job.project, snapshot)

        def decide(source: Source) -> Sequence[ev.Event]:
            now = releases.desired(source, job.environment.name, job.project)
            return [
                ev.RehearsalReturning(
                    deployment=named("DEP", next_deployment(source)),
                    project=job.project,
                    environment=job.environment.name,
                    rehearsal=job.rehearsal or "",
                    target=job.ref,
                    expected=expected,
                    previous=now.target.release if now is not None else None,
                )
            ]

        started = perform(context, None, decide)[0]
        return push(context, goal, job, started=started, before=snapshot, progress=progress), ""
    except QuarterdeckError as error:
        return None, str(error)


def _ended(
    context: Context,
    what: Plan,
    started: Entry,
    *,
    back: Outcome | None,
    forward: Outcome | None,
    trouble: str,
    is_half: bool = False,
) -> Rehearsal:
    """Record how a rehearsal ended, in words that say what stands there."""
    release, to = what.leaves_digest, what.ref.release
    if back is None:
        passed, stands = False, "" if is_half else release
        before = "what an earlier rehearsal left half-way" if is_half else f"release {release[:12]}"
        summary = f"nothing was pushed back, {before} stands as before: {trouble}"
    elif forward is not None and forward.verified:
        passed, stands = back.verified, release
        how = "verified" if back.verified else f"failed ({back.reason})"
        summary = f"back to release {to[:12]}: {how}; release {release[:12]} stands there again, verified"
    else:
        passed, stands = False, to if back.verified and forward is None else ""
        what_stands = f"release {to[:12]} stands there" if stands else "it stands between the two releases"
        why = forward.reason if forward is not None else trouble
        way = f"quarterdeck rollback {what.environment.name} --project {what.project} --to {release[:12]}"
        summary = f"release {release[:12]} could not be brought back: {what_stands}: {why}; bring it back: {way}"
    event = ev.RollbackRehearsed(
        deployment=started.statement.on["deployment"],
        project=what.project,
        environment=what.environment.name,
        release=release,
        to=to,
        passed=passed,
        stands=stands,
        summary=summary[:1000],
        returned_by=forward.deployment if forward is not None else None,
    )
    entries = record(context, [event])
    others = (*(back.entries if back else (started,)), *(forward.entries if forward else ()))
    return Rehearsal(event=event, entries=(*others, *entries))
