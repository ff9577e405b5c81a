"""Ticking off the checklist of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.domain import checklist as rules
from store.domain import events as ev
from store.domain.approving import good_ticks
from store.errors import BadInput
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals
from store.services.requests.reading import change_of
from store.services.rights import NO_KEY, refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of a checklist, and who ticked it, if anybody did."""

    item: str
    by: str | None = None
    seq: int | None = None
    note: str = ""
    at: str | None = None
    """When, as the entry claims."""


def checklist(context: Context, request: str) -> tuple[Item, ...]:
    """Return the checklist of a request as far as it is ticked; empty when its template has none, or is gone."""
    change = change_of(context.ledger, request)
    done = {one.item: one for one in good_ticks(change, principals(context.ledger), context.rules)}
    try:
        every = rules.items(change, context.rules)
    except BadInput:
        every = tuple(done)
    return tuple(
        Item(item=item, by=done[item].actor, seq=done[item].seq, note=done[item].note, at=done[item].at)
        if item in done
        else Item(item=item)
        for item in every
    )


def blocked(context: Context, request: str, handle: str | None) -> tuple[str, ...]:
    """Return why `handle` cannot tick a request's checklist, then `→` what would unblock it; empty when they can."""
    if handle is None:
        return NO_KEY
    change, people = change_of(context.ledger, request), principals(context.ledger)
    return refused(lambda: rules.check(change, handle, people, context.rules, context.now))


@attempt("tick the checklist")
def tick(context: Context, actor: Actor, request: str, item: str, *, note: str = "") -> Entry:
    """Record that `actor` looked at one item of the checklist (its number or its words) and it holds.

    Raises:
        BadInput: there is no such item.
        Refusal: the actor could not approve the request, or the item is ticked, or it is not in review.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        change, people = change_of(source, request), principals(source)
        return [
            rules.tick(change, item, actor=actor.handle, note=note, people=people, rules=context.rules, at=context.now)
        ]

    return perform(context, actor, decide)[0]
