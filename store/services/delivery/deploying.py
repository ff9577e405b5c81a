"""Deploying an approved request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from store.domain import approving as rules
from store.domain import events as ev
from store.domain.change import Change
from store.domain.policy.in_force import PLACE
from store.errors import BadInput, Conflict, Refusal
from store.services import releases
from store.services.acting import perform, record
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.delivery.environments import one, target
from store.services.delivery.pushing import Outcome, Progress, Push, look, push, settle
from store.services.drift import drifting
from store.services.identity.people import principals
from store.services.locking import pushing
from store.services.requests import assessing, gates, vouching
from store.services.requests.requests import change_of
from store.services.sealing import sealing

STARTED = ("deployment.started", "rollback.started")


def deploy(context: Context, actor: Actor, request: str, *, progress: Progress = lambda _: None) -> Outcome:
    """Push an approved request's release, read it back, record it.

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
    check(context, context.ledger, actor.handle, request)
    with pushing(context, before.environment):
        close_interrupted(context, before.environment)
        progress("running the gates")
        verdicts = gates.run(context, before, phase="deploy")
        failed = [verdict for verdict in verdicts if not verdict.passed]
        if failed:
            record(context, verdicts)
            raise Refusal(
                [f"the gate {verdict.gate} failed: {verdict.reason}" for verdict in failed],
                would_unblock=[verdict.unblock for verdict in failed if verdict.unblock],
            )
        assessed = _assessed(context, actor.handle, before)
        snapshot = look(context, goal, before.environment, before.project)
        expected = sealing.public_revision(context, snapshot)
        release = releases.load_ref(context, before.target)

        def decide(source: Source) -> Sequence[ev.Event]:
            change = check(context, source, actor.handle, request, assessed=assessed)
            if change.digest != before.digest:
                raise Conflict(f"{request} was edited just now; look at it again")
            sealing.refuse_erased(context, source, release)
            now = releases.desired(source, change.environment, change.project)
            started = ev.DeploymentStarted(
                deployment=named("DEP", _next(source)),
                request=request,
                project=change.project,
                environment=change.environment,
                target=change.target,
                digest=change.digest,
                expected=expected,
                previous=now.target.release if now else None,
            )
            news = [assessed] if assessing.differs(change.risk, assessed) else []
            return [*verdicts, *news, started]

        *_, started = perform(context, actor, decide)
        plan = Push(
            environment=place,
            project=before.project,
            release=release,
            ref=before.target,
            request=request,
        )
        return push(context, goal, plan, started=started, expected=snapshot.revision, progress=progress)


def _assessed(context: Context, handle: str, change: Change) -> ev.RiskAssessed:
    """Return the risk as it is now; when it takes more approvals than it had, that is recorded and refused."""
    assessed = assessing.assess(context, context.ledger, change, phase="deploy")
    if assessing.differs(change.risk, assessed):
        try:
            check(context, context.ledger, handle, change.id, assessed=assessed)
        except Refusal:
            record(context, [assessed])
            raise
    return assessed


def check(
    context: Context, source: Source, handle: str, request: str, *, assessed: ev.RiskAssessed | None = None
) -> Change:
    """Return the request if `handle` may deploy it now, or raise Refusal with every reason.

    `assessed` is its risk where that was looked at after it was recorded.
    """
    change = change_of(source, request)
    rules.check_deployable(
        replace(change, risk=assessed) if assessed is not None else change,
        actor=handle,
        people=principals(source),
        policy=context.policy,
        at=context.now,
        frozen=one(source, change.environment).frozen,
        quarantined=releases.quarantine(source, change.project, change.target.release),
    )
    doubts = vouching.doubts(context.ledger, source, change, context.policies.at, context.now)
    if doubts:
        raise Refusal(doubts, would_unblock=["quarterdeck verify names the entries; an edit of the request voids them"])
    standing = drifting.standing(source, change.environment, change.project).values()
    loose = sorted(drift.id for drift in standing if drift.status == "open")
    if loose:
        raise Refusal(
            [f"{change.environment}/{change.project} has drifted: {', '.join(loose[:5])}"],
            would_unblock=["acknowledge, adopt or revert the drift first: quarterdeck drift ack|adopt|revert"],
        )
    _one_project_per_platform(source, change)
    return change


def _one_project_per_platform(source: Source, change: Change) -> None:
    place = one(source, change.environment)
    if place.target != "node-red":
        return
    entries = source.entries(kinds=["deployment.verified"], on={"environment": change.environment}, limit=1)
    for record_ in recorded(entries):
        if isinstance(record_.event, ev.DeploymentVerified) and record_.event.project != change.project:
            raise Refusal(
                [f"{change.environment} is one Node-RED and carries the project {record_.event.project}"],
                would_unblock=["add another environment for the other project"],
            )


def close_interrupted(context: Context, environment: str) -> None:
    """Record as failed every deployment here that started and never ended; the caller holds the push lock."""
    kinds = (*STARTED, "deployment.verified", "deployment.failed")
    unfinished: dict[str, ev.DeploymentStarted | ev.RollbackStarted] = {}
    for item in recorded(context.ledger.entries(kinds=kinds, on={"environment": environment})):
        match item.event:
            case ev.DeploymentStarted() | ev.RollbackStarted() as event:
                unfinished[event.deployment] = event
            case ev.DeploymentVerified(deployment=deployment) | ev.DeploymentFailed(deployment=deployment):
                unfinished.pop(deployment, None)
            case _:
                pass
    failures = [
        ev.DeploymentFailed(
            deployment=event.deployment,
            project=event.project,
            environment=environment,
            stage="interrupted",
            reason="the process that pushed ended before it recorded how it went",
            request=event.request if isinstance(event, ev.DeploymentStarted) else None,
        )
        for event in unfinished.values()
    ]
    if failures:
        record(context, failures)


def _next(source: Source) -> int:
    return next_id(source, "DEP", STARTED, "deployment")
