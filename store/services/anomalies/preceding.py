"""What the ledger holds before a step: gathered for the few entries that are steps, by their ids."""

from __future__ import annotations

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.anomalies.found import Act
from store.domain.anomalies.steps import Before
from store.integrity.entry import Entry
from store.services.context import Context, recorded
from store.services.delivery.environments import environments
from store.services.delivery.interrupted import STARTED

_MOST = 2_000


def before(context: Context, entry: Entry, act: Act, event: ev.Event) -> Before:
    """Return what is there before `entry`, as far as its kind of step asks for it."""
    ledger, until = context.ledger, entry.seq - 1
    match event:
        case ev.DeploymentStarted():
            request = recorded(ledger.entries(on={"request": event.request}, until=until, limit=_MOST))
            earlier = _earlier(context, entry.seq, event.environment)
            return Before(
                request=tuple(request),
                earlier=earlier,
                was_there=earlier is None or _was_in(context, earlier, event, until),
            )
        case ev.DeploymentVerified():
            place = {"deployment": event.deployment}
            return Before(started=any(True for _ in ledger.entries(kinds=STARTED, on=place, until=until, limit=1)))
        case ev.DriftOpened():
            here = {"environment": event.environment, "project": event.project}
            last = ledger.entries(kinds=["deployment.verified"], on=here, until=until, newest_first=True, limit=1)
            return Before(deployed_minutes=next((_minutes(one, act) for one in last), None))
        case _:
            return Before()


def _minutes(deployed: Entry, act: Act) -> int | None:
    try:
        return int((act.at - parse_timestamp(deployed.statement.time)).total_seconds() // 60)
    except (ValueError, OverflowError):
        return None


def _earlier(context: Context, seq: int, environment: str) -> str | None:
    """Return the environment that releases came from at entry `seq`: its baseline, or the nearest in the order.

    What the policy of that entry said counts, and the environments that were there: not what was adopted later.
    """
    policy = context.policies.at(seq).policy
    rules = policy.environment(environment)
    if rules.baseline is not None or not rules.order:
        return rules.baseline
    orders = {name: policy.environment(name).order for name in environments(context.ledger, until=seq)}
    before_it = {name: order for name, order in orders.items() if 0 < order < rules.order}
    return max(before_it, key=lambda name: (before_it[name], name), default=None)


def _was_in(context: Context, earlier: str, event: ev.DeploymentStarted, until: int) -> bool:
    place = {"environment": earlier, "project": event.project}
    kinds = ["deployment.verified"]
    there = context.ledger.entries(kinds=kinds, on=place, until=until, newest_first=True, limit=_MOST)
    return any(
        isinstance(one.event, ev.DeploymentVerified) and one.event.target.release == event.target.release
        for one in recorded(there)
    )
