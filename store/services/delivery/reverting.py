"""What quarterdeck reverts by itself, where an environment says so, and when it stops fighting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from store.clock import parse_timestamp
from store.domain import enforcement
from store.domain import events as ev
from store.domain.drift import DELIVERED
from store.errors import QuarterdeckError
from store.services import releases
from store.services.acting import record
from store.services.context import Context, named, recorded
from store.services.delivery.environments import Environment, target
from store.services.delivery.interrupted import close_interrupted, next_deployment
from store.services.delivery.moving import moved_since_deployed
from store.services.delivery.observing import observe_target
from store.services.delivery.pushing import Outcome, Progress, Push, push
from store.services.drift import drifting
from store.services.locking import pushing
from store.services.sealing import sealing


@dataclass(frozen=True, kw_only=True)
class Enforced:
    """What was done about drift without anybody asking, in words."""

    said: str
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class Halted:
    """Where quarterdeck stopped to revert by itself, and nobody has acted since."""

    seq: int
    time: str
    environment: str
    project: str
    reason: str


def halts(context: Context) -> tuple[Halted, ...]:
    """Return every place where reverting was halted and nobody has acted since, the newest first."""
    found: dict[tuple[str, str], Halted] = {}
    for item in recorded(context.ledger.entries(kinds=["enforcement.halted"], newest_first=True, limit=50)):
        match item.event:
            case ev.EnforcementHalted(environment=where, project=project, reason=reason):
                found.setdefault(
                    (where, project),
                    Halted(seq=item.seq, time=item.time, environment=where, project=project, reason=reason),
                )
            case _:
                pass
    now = parse_timestamp(context.now)
    return tuple(
        halt
        for (where, project), halt in found.items()
        if isinstance(enforcement.judge(_past(context, where, project), project=project, since=now), enforcement.Halted)
    )


def enforce(context: Context, place: Environment, project: str) -> Enforced | None:
    """Revert the open drift of a project where its environment says so; None when there is nothing to do.

    Not while somebody is at it: a drift that was acknowledged or adopted leaves all of them to people. After
    `enforcement.MOST` attempts within an hour it stops, and says so, until a person acts there; so it does where the
    target was changed since what is desired was pushed: nobody said that it may go to another place by itself.

    Raises:
        PlatformFailure: the target could not be reached; the failure is recorded and counts as an attempt.
        Conflict: somebody else is deploying there right now, or was faster.
    """
    if not place.reverts_drift:
        return None
    standing = drifting.standing(context.ledger, place.name, project).values()
    loose = [drift for drift in standing if drift.source != DELIVERED]
    if not loose or any(drift.status != "open" for drift in loose):
        return None
    past = _past(context, place.name, project)
    gone = moved_since_deployed(context.ledger, place.name, project)
    if gone is not None:
        why = f"{gone.words} since what is desired was pushed: deploy or roll back there, or set it back"
        return None if enforcement.is_halted(past, project) else _stop(context, place, project, 0, why)
    since = parse_timestamp(context.now) - timedelta(seconds=enforcement.WINDOW)
    match enforcement.judge(past, project=project, since=since):
        case enforcement.Go(attempt=attempt):
            pass
        case enforcement.Halt(attempts=attempts):
            why = f"{attempts} automatic reverts within an hour did not hold: look who or what keeps changing it"
            return _stop(context, place, project, attempts, why)
        case enforcement.Halted():
            return None
    named_ = ", ".join(sorted(drift.id for drift in loose)[:5])
    with pushing(context, place.name) as lock:
        close_interrupted(context, place.name)
        reason = f"unauthorised change: {named_}"
        outcome = _back(context, place, project, cause="drift", reason=reason, attempt=attempt, lock=lock)
    if outcome is None:
        return None
    how = f"reverted by itself ({outcome.deployment})" if outcome.verified else f"not reverted: {outcome.reason}"
    return Enforced(said=f"{place.name}/{project}: {reason}, {how}", outcome=outcome)


def _stop(context: Context, place: Environment, project: str, attempts: int, why: str) -> Enforced:
    halted = ev.EnforcementHalted(project=project, environment=place.name, attempts=attempts, reason=why)
    record(context, [halted])
    return Enforced(said=f"{place.name}/{project} is not reverted any more: {why}")


def after_failure(
    context: Context, place: Environment, project: str, failed: Outcome, *, lock: int, progress: Progress
) -> Outcome:
    """Go back to what was desired before a push that failed, where the environment says so; the caller holds `lock`.

    It is tried once. Whatever comes of it, the failure stays the outcome, with what followed it.
    """
    if failed.verified or not place.reverts_failures:
        return failed
    progress("rolling back by itself")
    reason = f"{failed.deployment} failed its verification"
    try:
        back = _back(context, place, project, cause="verification", reason=reason, attempt=1, lock=lock)
    except QuarterdeckError as error:
        return replace(failed, reason=f"{failed.reason}; the automatic rollback failed: {error}")
    if back is None:
        return replace(failed, reason=f"{failed.reason}; nothing was deployed there before, so nothing was restored")
    how = f"rolled back by itself ({back.deployment})" if back.verified else f"not rolled back: {back.reason}"
    return replace(failed, reason=f"{failed.reason}; {how}", reverted=back)


def _back(
    context: Context, place: Environment, project: str, *, cause: str, reason: str, attempt: int, lock: int
) -> Outcome | None:
    """Push what is desired over what is live now, which is archived first. None when nothing is desired."""
    desired = releases.desired(context.ledger, place.name, project)
    if desired is None:
        return None
    goal = target(context, place)
    snapshot = goal.fetch(project)
    observe_target(context, goal, place.name, project, snapshot)
    if cause == "drift" and not drifting.standing(context.ledger, place.name, project):
        return None  # it went away by itself
    started = ev.RevertStarted(
        deployment=named("DEP", next_deployment(context.ledger)),
        project=project,
        environment=place.name,
        target=desired.target,
        expected=sealing.public_revision(context, snapshot),
        cause=cause,
        reason=reason,
        attempt=attempt,
    )
    (entry,) = record(context, [started])
    plan = Push(
        environment=place,
        project=project,
        release=releases.load_ref(context, desired.target),
        ref=desired.target,
        request=None,
        lock=lock,
        clears=True,
    )
    return push(context, goal, plan, started=entry, before=snapshot, progress=lambda _: None)


def _past(context: Context, environment: str, project: str) -> Sequence[ev.Recorded]:
    entries = context.ledger.entries(kinds=enforcement.KINDS, on={"environment": environment}, newest_first=True)
    found = []
    for item in recorded(entries):
        found.append(item)
        if enforcement.is_human(item, project) or len(found) >= enforcement.LOOKED_AT:
            break
    return found
