"""What the ledger holds before a step: gathered for the few entries that are steps, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.anomalies.found import Act
from store.domain.anomalies.standing import Yes
from store.domain.anomalies.steps import Before
from store.domain.roles import PERMISSIONS
from store.errors import QuarterdeckError
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry
from store.services.context import Context, recorded
from store.services.delivery.environments import environments
from store.services.delivery.interrupted import STARTED

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

_MOST = 2_000
WORDS: Final = ("approval.granted", "exception.granted", "glass.reviewed")
"""The kinds of entry in which one person says yes to what another did."""


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


def word(context: Context, entry: Entry, policy: Policy) -> Yes | None:
    """Return the yes that an entry of `WORDS` holds, None where it is about nobody's doing."""
    event, until = next(recorded([entry])).event, entry.seq - 1
    match event:
        case ev.ApprovalGranted():
            whose = _writers(context, event.request, until)
            return Yes(whose=whose, did=f"approved {event.request} of", key=_line(entry), roles=PERMISSIONS["approve"])
        case ev.ExceptionGranted(request=str(request)):
            whose = _writers(context, request, until)
            did = f"waived {event.gate} in {request} of"
            return Yes(whose=whose, did=did, key=_line(entry), roles=policy.waivers.roles)
        case ev.GlassReviewed():
            on = {"incident": event.incident}
            broken = recorded(context.ledger.entries(kinds=["glass.broken"], on=on, until=until))
            whose = tuple(
                r.actor for r in broken if isinstance(e := r.event, ev.GlassBroken) and e.glass == event.glass
            )
            did = f"reviewed the broken glass {event.glass} of"
            return Yes(whose=whose, did=did, key=_line(entry), roles=policy.break_glass.reviewers)
        case _:
            return None


def _writers(context: Context, request: str, until: int) -> tuple[str, ...]:
    kinds = ["request.opened", "request.edited"]
    written = context.ledger.entries(kinds=kinds, on={"request": request}, until=until, limit=_MOST)
    return tuple(dict.fromkeys(one.statement.actor for one in written))


def _line(entry: Entry) -> str:
    """Return the line of the key that an entry is signed with, wherever that was; empty when it is no signature."""
    try:
        return sshkey.public_key(sshsig.signing_key(entry.signature or b"")).line
    except QuarterdeckError:
        return ""


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
