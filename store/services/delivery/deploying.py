"""Deploying an approved request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from store.domain import approving as rules
from store.domain import events as ev
from store.domain.change import Change
from store.domain.policy.in_force import PLACE
from store.domain.push import left_behind
from store.domain.roles import require
from store.errors import BadInput, Conflict, Refusal
from store.platforms import TARGETS
from store.services import releases
from store.services.acting import perform, record
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, recorded
from store.services.delivery import specifying
from store.services.delivery.environments import one, target
from store.services.delivery.interrupted import (
    again,
    begun,
    close_if_interrupted,
    close_interrupted,
    died,
    next_deployment,
)
from store.services.delivery.leftovers import failure
from store.services.delivery.moving import stays
from store.services.delivery.observing import look, settle
from store.services.delivery.pushing import Outcome, Progress, Push, push
from store.services.delivery.reverting import after_failure
from store.services.drift import drifting
from store.services.glass import holding
from store.services.identity.people import principals
from store.services.locking import pushing
from store.services.requests import assessing, gates, vouching
from store.services.requests.reading import change_of
from store.services.sealing import sealing


@attempt("deploy")
def deploy(
    context: Context,
    actor: Actor,
    request: str,
    *,
    resumes: str | None = None,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Push an approved request's release, read it back, record it.

    With `resumes`, a deployment of this request that failed, what that one left behind is no drift in the way; nor is
    what a push of the same release left behind whose process died.

    Raises:
        Refusal: a rule says no (approvals, freeze, quarantine, open drift, a gate); every reason is named.
        Conflict: the target changed behind our back, or somebody else is deploying there.
        PlatformFailure: the target could not be reached; the failure is recorded.
    """
    before = change_of(context.ledger, request)
    if before.environment == PLACE:
        raise BadInput(f"{request} changes the policy: quarterdeck policy adopt {request}")
    place = one(context.ledger, before.environment)
    goal = target(context, place)
    settle(context, goal, before.environment, before.project)
    resumes = resumes or next(iter(_halves(context, before)), None)
    check(context, context.ledger, actor.handle, request, resumes=resumes)
    with pushing(context, before.environment) as lock:
        close_interrupted(context, before.environment)
        progress("running the gates")
        assessed, news, run = _judged(context, actor, before)
        halves = _halves(context, before).values()
        snapshot = look(context, goal, before.environment, before.project, halves)
        expected = sealing.public_revision(context, snapshot)
        release = releases.load_ref(context, before.target)

        def decide(source: Source) -> Sequence[ev.Event]:
            change = check(context, source, actor.handle, request, resumes=resumes, assessed=assessed)
            stays(source, place)
            if change.digest != before.digest:
                raise Conflict(f"{request} was edited just now; look at it again")
            glass = holding.held(context, source, actor.handle, change.project, change.environment)
            gates.hold(run, source, change, glass=glass)
            sealing.refuse_erased(context, source, release)
            past = _past(context, source, actor.handle, change, assessed) if glass is not None else None
            return [*run.verdicts, *news, replace(_started(source, change, expected), glass=glass, past=past)]

        *_, started = perform(context, actor, decide)
        plan = Push(
            environment=place, project=before.project, release=release, ref=before.target, request=request, lock=lock
        )
        outcome = push(context, goal, plan, started=started, before=snapshot, progress=progress)
        return after_failure(context, place, before.project, outcome, lock=lock, progress=progress)


def _halves(context: Context, change: Change) -> dict[str, ev.ReleaseRef]:
    """Return the pushes of the same release here whose process died, newest first: deployment → release."""
    found = died(context.ledger, change.environment, change.project)
    return {push.deployment: push.target for push in found if push.target == change.target}


def _judged(
    context: Context, actor: Actor, change: Change
) -> tuple[ev.RiskAssessed, Sequence[ev.RiskAssessed], gates.Run]:
    """Return the change's risk now, the same where it is news, and what its gates say.

    Raises:
        Refusal: a gate says no; the verdicts are recorded.
    """
    assessed = assessing.assess(context, context.ledger, change, phase="deploy")
    news = [assessed] if assessing.differs(change.risk, assessed) else []
    glass = holding.held(context, context.ledger, actor.handle, change.project, change.environment)
    run = gates.run(context, context.ledger, change, phase="deploy", assessed=assessed, glass=glass)
    if run.failed:
        record(context, [*run.verdicts, *news])
        gates.refuse(run.failed)
    return assessed, news, run


def _started(source: Source, change: Change, expected: str) -> ev.DeploymentStarted:
    now = releases.desired(source, change.environment, change.project)
    specified = specifying.specification(source, change.environment)
    return ev.DeploymentStarted(
        deployment=named("DEP", next_deployment(source)),
        request=change.id,
        project=change.project,
        environment=change.environment,
        target=change.target,
        digest=change.digest,
        expected=expected,
        previous=now.target.release if now else None,
        specification=specified.digest if specified else None,
    )


@attempt("finish a deployment")
def resume(context: Context, actor: Actor, deployment: str, *, progress: Progress = lambda _: None) -> Outcome:
    """Finish a deployment that failed on the way, or whose process died: push the same release again.

    What is done already stays as it is.

    Raises:
        NotFound: there is no such deployment.
        Refusal: it did not fail, is no deployment of a request, the actor may not deploy there (then nothing is
            recorded but that), or the request cannot be deployed (any more).
        Conflict, PlatformFailure: as `deploy`.
    """
    started = begun(context.ledger, deployment)
    if not isinstance(started, ev.DeploymentStarted):
        what, way = again(started)
        raise Refusal([f"{deployment} deployed no request: it was {what}"], would_unblock=[way])
    where = {"project": started.project, "environment": started.environment}
    if holding.held(context, context.ledger, actor.handle, **where) is None:
        require(principals(context.ledger), actor.handle, "deploy", **where, at=context.now)
    close_if_interrupted(context, deployment)
    failure(context, deployment)
    return deploy(context, actor, started.request, resumes=deployment, progress=progress)


def check(
    context: Context,
    source: Source,
    handle: str,
    request: str,
    *,
    resumes: str | None = None,
    assessed: ev.RiskAssessed | None = None,
) -> Change:
    """Return the request if `handle` may deploy it now, or raise Refusal with every reason.

    `resumes` is a failed deployment of it that is to be finished. `assessed` is its risk where that was looked at
    after it was recorded.
    """
    change = change_of(source, request)
    rules.check_deployable(
        replace(change, risk=assessed) if assessed is not None else change,
        actor=handle,
        people=principals(source),
        rules=context.rules,
        at=context.now,
        frozen=one(source, change.environment).frozen,
        quarantined=releases.quarantine(source, change.project, change.target.release),
        glass=holding.held(context, source, handle, change.project, change.environment) is not None,
    )
    doubts = vouching.doubts(context.ledger, source, change, context.policies.at, context.now)
    if doubts and holding.held(context, source, handle, change.project, change.environment) is None:
        raise Refusal(doubts, would_unblock=["quarterdeck verify names the entries; an edit of the request voids them"])
    standing = drifting.standing(source, change.environment, change.project).values()
    meant = _meant(context, change) if resumes is not None else {}
    loose = sorted(
        drift.id
        for drift in standing
        if drift.status == "open"
        and not (resumes is not None and left_behind(drift.component, drift.observed, meant=meant))
    )
    if loose:
        raise Refusal(
            [f"{change.environment}/{change.project} has drifted: {', '.join(loose[:5])}"],
            would_unblock=["acknowledge, adopt or revert the drift first: quarterdeck drift ack|adopt|revert"],
        )
    _one_project_per_platform(source, change)
    return change


def _past(context: Context, source: Source, handle: str, change: Change, assessed: ev.RiskAssessed) -> tuple[str, ...]:
    """Return what stands against this deployment and only the broken glass lets pass."""
    seen, people = replace(change, risk=assessed), principals(source)
    reasons, _ = rules.unapproved(seen, actor=handle, people=people, rules=context.rules, at=context.now)
    doubts = vouching.doubts(context.ledger, source, change, context.policies.at, context.now)
    return tuple([*reasons, *doubts][:20])


def _meant(context: Context, change: Change) -> dict[str, str]:
    return {part.id: part.digest for part in releases.load_ref(context, change.target).components}


def _one_project_per_platform(source: Source, change: Change) -> None:
    place = one(source, change.environment)
    if TARGETS[place.target].projects is None:
        return
    entries = source.entries(kinds=["deployment.verified"], on={"environment": change.environment}, limit=1)
    for record_ in recorded(entries):
        if isinstance(record_.event, ev.DeploymentVerified) and record_.event.project != change.project:
            raise Refusal(
                [f"{change.environment} is one {place.target} and carries the project {record_.event.project}"],
                would_unblock=["add another environment for the other project"],
            )
