"""Breaking glass, ending it, and closing its review."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import events as ev
from store.domain import glass as rules
from store.domain.roles import require
from store.errors import BadInput, Refusal
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.delivery.environments import one
from store.services.glass import holding
from store.services.identity.people import principals
from store.services.incidents.handling import open_scope
from store.services.notifying import notifying


@attempt("break glass")
def break_glass(
    context: Context, actor: Actor, incident: str, *, environment: str, justification: str, project: str | None = None
) -> Entry:
    """Let `actor` deploy and roll back past the approvals in `environment` for as long as policy says.

    Who is to be told is told at once, also where nobody watches.

    Raises:
        BadInput: no such environment, or no justification.
        Refusal: the incident is closed or is about another place, or policy does not let them.
    """
    if not justification.strip():
        raise BadInput("breaking glass needs a justification: --justification TEXT")
    one(context.ledger, environment)
    at = context.now

    def decide(source: Source) -> Sequence[ev.Event]:
        about = open_scope(source, incident)
        wanted = project or (about["project"] if about["project"] != "*" else None)
        if about["environment"] not in {"*", environment} or about["project"] not in {"*", wanted}:
            raise Refusal([f"{incident} is about {about['environment']}/{about['project']}, not about this place"])
        rules.check_breaker(
            holding.every(source).values(), actor=actor.handle, project=wanted or "*", environment=environment,
            people=principals(source), policy=context.policy, at=at,
        )  # fmt: skip
        terms = context.policy.break_glass
        return [
            ev.GlassBroken(
                glass=named("BG", next_id(source, "BG", ["glass.broken"], "glass")),
                incident=incident,
                project=wanted,
                environment=environment,
                justification=justification,
                until=holding.after(at, terms.hours),
                review_due=holding.after(at, terms.review_due_hours),
                policy=context.policy.digest,
            )
        ]

    entry = perform(context, actor, decide)[0]
    notifying.at_once(context, entry)
    return entry


@attempt("end broken glass")
def end(context: Context, actor: Actor, glass: str, *, reason: str) -> Entry:
    """End a broken glass before its time: its breaker, or anybody who may freeze the environment."""
    if not reason.strip():
        raise BadInput("this needs a reason: --reason TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        found = rules.get(holding.every(source), glass)
        if actor.handle != found.by:
            require(principals(source), actor.handle, "freeze", environment=found.environment, at=context.now)
        if not found.stands(context.now):
            raise Refusal([f"{glass} has ended already"])
        return [
            ev.GlassEnded(
                glass=glass,
                incident=found.incident,
                environment=found.environment,
                project=found.project,
                reason=reason,
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("review broken glass")
def review(context: Context, actor: Actor, glass: str, *, note: str) -> Entry:
    """Close the review of a broken glass, by somebody else, once it has ended."""

    def decide(source: Source) -> Sequence[ev.Event]:
        found = rules.get(holding.every(source), glass)
        people = principals(source)
        rules.check_reviewer(found, actor=actor.handle, people=people, policy=context.policy, at=context.now, note=note)
        return [
            ev.GlassReviewed(
                glass=glass,
                incident=found.incident,
                environment=found.environment,
                project=found.project,
                note=note,
                deployments=done_under(source, glass, found.environment),
            )
        ]

    return perform(context, actor, decide)[0]


def done_under(source: Source, glass: str, environment: str) -> tuple[str, ...]:
    """Return the deployments and rollbacks that were done under a broken glass."""
    kinds = ["deployment.started", "rollback.started"]
    return tuple(
        record.event.deployment
        for record in recorded(source.entries(kinds=kinds, on={"environment": environment}))
        if isinstance(record.event, ev.DeploymentStarted | ev.RollbackStarted) and record.event.glass == glass
    )
