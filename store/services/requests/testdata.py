"""Records of test data, attached to the requests they were made for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.domain import events as ev
from store.domain import testdata as rules
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals
from store.services.requests.reading import change_of

KIND = ev.DataRecorded.KIND


@dataclass(frozen=True, kw_only=True, slots=True)
class DataRow:
    """One record, with its place in the ledger."""

    request: str
    handling: str
    what: str
    where: str
    records: int
    masking: str
    done_at: str
    actor: str
    seq: int
    time: str
    words: str


@attempt("record test data")
def add(
    context: Context,
    actor: Actor,
    request: str,
    *,
    handling: str,
    what: str,
    where: str,
    records: int,
    masking: str = "",
    done_at: str | None = None,
) -> Entry:
    """Record what was done with data to test a request; `done_at` is now unless said otherwise.

    Raises:
        NotFound: there is no such request.
        BadInput, Refusal: as `store.domain.testdata.record`.
    """
    when = done_at or context.now

    def decide(source: Source) -> Sequence[ev.Event]:
        return [
            rules.record(
                change_of(source, request),
                handling=handling,
                what=what,
                where=where,
                records=records,
                masking=masking,
                done_at=when,
                actor=actor.handle,
                people=principals(source),
                at=context.now,
            )
        ]

    return perform(context, actor, decide)[0]


def of_request(source: Source, request: str) -> tuple[DataRow, ...]:
    """Return the records for one request, oldest first."""
    return tuple(_row(record) for record in recorded(source.entries(kinds=[KIND], on={"request": request})))


def _row(record: ev.Recorded) -> DataRow:
    event = record.event
    assert isinstance(event, ev.DataRecorded)
    return DataRow(
        request=event.request,
        handling=event.handling,
        what=event.what,
        where=event.where,
        records=event.records,
        masking=event.masking,
        done_at=event.done_at,
        actor=record.actor,
        seq=record.seq,
        time=record.time,
        words=rules.words(event),
    )
