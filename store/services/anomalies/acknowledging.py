"""Acknowledging an anomaly: a person looked and says what it was. Nobody does that for their own act."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import events as ev
from store.domain.approving import SEPARATION
from store.domain.roles import require
from store.errors import BadInput, NotFound, Refusal
from store.integrity.entry import Entry
from store.projections import anomalies
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals


@attempt("acknowledge an anomaly")
def acknowledge(context: Context, actor: Actor, anomaly: str, *, note: str) -> Entry:
    """Record that `actor` looked at it.

    Raises:
        BadInput: it says nothing.
        NotFound: there is no such anomaly.
        Refusal: the actor may not, it is about an act of theirs, or somebody did already.
    """
    if not note.strip():
        raise BadInput("an acknowledgement says what it was: --note TEXT")
    with context.ledger.reading() as connection:
        row = anomalies.one(connection, anomaly)
    if row is None:
        raise NotFound(f"there is no anomaly {anomaly!a}: quarterdeck anomalies")

    def decide(source: Source) -> Sequence[ev.Event]:
        event = next(recorded(source.entries(after=row.seq - 1, until=row.seq))).event
        if not isinstance(event, ev.AnomalyNoticed) or event.anomaly != anomaly:
            raise NotFound(f"there is no anomaly {anomaly!a} in the ledger: quarterdeck verify --rebuild")
        where = {"project": event.project or "*", "environment": event.environment or "*"}
        require(principals(source), actor.handle, "acknowledge an anomaly", **where, at=context.now)
        if actor.handle in {event.principal, *event.also}:
            raise Refusal(
                [f"{SEPARATION}: {anomaly} is about {actor.handle}"],
                would_unblock=["somebody else looks at it"],
            )
        for one in recorded(source.entries(kinds=["anomaly.acknowledged"], after=row.seq)):
            if isinstance(one.event, ev.AnomalyAcknowledged) and one.event.anomaly == anomaly:
                raise Refusal([f"{one.actor} acknowledged {anomaly} already (entry {one.seq})"])
        return [
            ev.AnomalyAcknowledged(
                anomaly=anomaly,
                note=note,
                principal=event.principal,
                project=event.project,
                environment=event.environment,
                request=event.request,
                deployment=event.deployment,
            )
        ]

    return perform(context, actor, decide)[0]
