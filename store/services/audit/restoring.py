"""After a restore from a backup: the heads kept outside remember more than the file. A person decides, in the open."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput, IntegrityFailure, NotFound
from store.integrity.checkpoint import Checkpoint
from store.integrity.entry import Entry
from store.ledger.heads import HeadStore
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals
from store.services.witness import cosigning


@attempt("acknowledge a restored ledger")
def acknowledge(context: Context, actor: Actor, *, reason: str) -> Entry:
    """Record that the ledger goes on from where it is, and let the places outside remember that instead.

    What the witnesses vouched for is set aside; each of them has to let the old head go by itself.

    Raises:
        BadInput: no kept head contradicts the ledger, or no reason is given.
        Refusal: the actor is no admin, or the key is not the actor's.
        Unanchored: recorded, but a place outside could not be written.
    """
    if not reason.strip():
        raise BadInput("say why: what was restored, from which backup, and what became of the entries since")
    if not context.ledger.contradiction:
        raise BadInput("no kept head contradicts this ledger; there is nothing to acknowledge")
    event = _event(context, reason.strip())

    def decide(source: Source) -> Sequence[ev.Event]:
        roles.require(principals(source), actor.handle, "acknowledge a restore", at=context.now)
        return [event]

    entry = perform(context, actor, decide, writing=context.ledger.acknowledging)[0]
    cosigning.set_aside(context)
    return entry


def given_up(context: Context) -> tuple[Checkpoint, ...]:
    """Return the kept heads of this log that the file contradicts, the smallest first."""
    found = {head for head in _kept(context) if not _is_here(context, head)}
    return tuple(sorted(found, key=lambda head: (head.size, head.root)))


def _event(context: Context, reason: str) -> ev.LedgerRestored:
    head = context.ledger.head()
    return ev.LedgerRestored(
        incarnation=context.nonce(),
        reason=reason,
        size=head.size,
        root=_base64(head.root),
        given_up=tuple(ev.GivenUp(size=one.size, root=_base64(one.root)) for one in given_up(context)),
        lapses=True,
    )


def _kept(context: Context) -> Iterator[Checkpoint]:
    stores: tuple[HeadStore, ...] = (*context.ledger.heads, *cosigning.stores(context))
    for store in stores:
        note = store.read()
        try:
            if note is not None:
                yield context.ledger.keys.open(note)
        except IntegrityFailure:
            continue  # a head that this log did not sign says nothing about its future


def _is_here(context: Context, head: Checkpoint) -> bool:
    try:
        return context.ledger.root_at(head.size) == head.root
    except NotFound:
        return False


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()
