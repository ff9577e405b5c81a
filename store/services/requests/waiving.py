"""Exceptions: granted, ended, and found again where a gate failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain import waiving as rules
from store.domain.change import Change
from store.domain.gates.naming import PREFIX
from store.domain.gates.wanted import ALWAYS
from store.domain.policy.gates import SECTIONS
from store.domain.roles import Principal, Principals
from store.domain.secrets import redact
from store.domain.waiving import Waiver
from store.errors import BadInput, NotFound
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.attested import attested
from store.services.context import Actor, Context, Source, named, next_id
from store.services.delivery.environments import one
from store.services.identity.people import principals
from store.services.requests.reading import change_of
from store.services.requests.restores import newest

KINDS: Final = ("exception.granted", "exception.ended")
EVERYWHERE: Final = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Where an exception holds: for one request as it stands, or for a project and an environment (`*`: all)."""

    request: str | None = None
    project: str = EVERYWHERE
    environment: str = EVERYWHERE


@attempt("grant an exception")
def grant(
    context: Context,
    actor: Actor,
    gate: str,
    *,
    scope: Scope,
    justification: str,
    accepted: str,
    days: int | None = None,
    until: str | None = None,
) -> Entry:
    """Let a gate not pass in `scope` until then (default: as long as the policy allows at most).

    Raises:
        BadInput: there is no such gate, no justification, no accepted risk, or the end is no time to come.
        NotFound: there is no such request or environment.
        Refusal: the actor may not, the gate is never waived, or it would stand for too long: every reason is named.
    """
    _check_gate(context, gate)
    expires = _end(context, days, until)
    seen = change_of(context.ledger, scope.request) if scope.request is not None else None

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, scope.request) if scope.request is not None else None
        if change is None and scope.environment != EVERYWHERE:
            one(source, scope.environment)
        event = ev.ExceptionGranted(
            exception=named("EX", next_id(source, "EX", ["exception.granted"], "exception")),
            gate=gate,
            scope_project=change.project if change is not None else scope.project,
            scope_environment=change.environment if change is not None else scope.environment,
            justification=justification,
            accepted=redact(accepted),
            expires=expires,
            policy=context.policy.digest,
            request=scope.request,
            digest=seen.digest if seen is not None else None,
        )
        if change is not None and seen is not None and change.digest != seen.digest:
            raise BadInput(f"{change.id} was edited just now; look at it again")
        return [
            rules.check_grant(
                event,
                actor=actor.handle,
                people=principals(source),
                policy=context.policy,
                change=change,
                at=context.now,
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("end an exception")
def end(context: Context, actor: Actor, waiver: str, *, reason: str) -> Entry:
    """End an exception before its time.

    Raises:
        NotFound: there is no such exception.
        Refusal: it ended already, or the actor may not.
    """
    if not reason.strip():
        raise BadInput("ending an exception needs a reason: --reason TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        found = everything(context, source).get(waiver)
        if found is None:
            raise NotFound(f"there is no exception {waiver}")
        people = principals(source)
        rules.check_end(found, actor=actor.handle, people=people, policy=context.policy, at=context.now)
        return [ev.ExceptionEnded(exception=waiver, reason=reason, request=found.request)]

    return perform(context, actor, decide)[0]


def everything(context: Context, source: Source) -> Mapping[str, Waiver]:
    """Return every exception, ended ones too; those left out that nobody signed who could grant them.

    A restore ends what was granted before it.
    """

    def entitled(record: ev.Recorded, who: Principal) -> bool:
        if not isinstance(record.event, ev.ExceptionGranted):
            return True  # that an exception ends is believed of everybody who signs: it only makes things stricter
        waiver = rules.fold([record])[record.event.exception]
        return rules.was_allowed(waiver, who, context.policies.at(record.seq).policy)

    return rules.outlived(rules.fold(attested(source, KINDS, entitled)), newest(source))


def of_request(context: Context, request: str) -> tuple[Waiver, ...]:
    """Return every exception that covers a request as it stands, or was granted for it, ended ones too."""
    change = change_of(context.ledger, request)
    found = everything(context, context.ledger).values()
    return tuple(one for one in found if one.request == request or one.covers(one.gate, change))


def waiver_of(
    waivers: Mapping[str, Waiver], gate: str, change: Change, *, people: Principals, context: Context
) -> Waiver | None:
    """Return the exception by which this gate of this request need not pass now, None when there is none."""
    at, policy = context.now, context.policy
    for waiver in waivers.values():
        if waiver.covers(gate, change) and not [*rules.against(waiver, change, people=people, policy=policy, at=at)]:
            return waiver
    return None


def _check_gate(context: Context, gate: str) -> None:
    conditions = [f"{PREFIX}{name}" for name in context.policy.conditions]
    known = [*ALWAYS, *SECTIONS, *conditions]
    if gate not in known:
        raise BadInput(f"there is no gate {gate!a}: choose from {', '.join(known)}")


def _end(context: Context, days: int | None, until: str | None) -> str:
    if days is not None and until is not None:
        raise BadInput("an exception ends after --days or at --until, not both")
    if until is None:
        length = context.policy.waivers.max_days if days is None else days
        return timestamp(context.clock.now() + timedelta(days=length))
    try:
        return timestamp(parse_timestamp(until))
    except (ValueError, OverflowError):
        raise BadInput(f"{until!a} is no time (RFC 3339)") from None
