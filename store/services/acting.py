"""The one way an act becomes an entry: decide, sign, decide again under the lock, append."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain import rationale, roles
from store.domain.secrets import redact
from store.errors import Conflict
from store.integrity import sshkey
from store.integrity.entry import Entry, Statement
from store.ledger import Writer
from store.services import timing
from store.services.context import SYSTEM, Actor, Context, Source, recorded
from store.services.identity import keys

FREE_TEXT: Final = frozenset(
    {
        "note",
        "reason",
        "text",
        "title",
        "justification",
        "summary",
        "how",
        "review",
        "comment",
        "cause",
        "fix",
        "learned",
        "done",
    }
)
"""Fields in which people write what they like: a secret in them is taken out before it is signed and kept for ever."""
Decision = Callable[[Source], Sequence[ev.Event]]
_TRIES = 5


def perform(
    context: Context,
    actor: Actor | None,
    decide: Decision,
    *,
    blobs: Sequence[bytes] = (),
    writing: Callable[[], AbstractContextManager[Writer]] | None = None,
    whenever: bool = False,
) -> tuple[Entry, ...]:
    """Record what `decide` says, acts of people signed by `actor`, and archive the `blobs` that it refers to.

    `decide` runs before the signature is asked for, so that a refusal comes before a touch of the key, and
    again inside the transaction: when somebody else was faster and the decision came out differently, the
    whole is tried again on what is there now. So is the key asked for twice: one that was revoked while its
    owner was touching it no longer counts. `writing` lends the transaction, if not the ledger's usual one.
    `whenever` is for the one act that a clock which seems set back does not stop.

    Raises:
        Refusal: what `decide` raises; the key is not, or no longer, the actor's; or the clock was set back.
        BadInput: what `decide` raises; or what somebody gives as a reason does not read as it is written.
        IntegrityFailure: what the signer (an ssh-agent, say) returned is no signature over the statement.
        Conflict: the ledger kept moving under this decision.
        StorageFailure: nothing was recorded.
    """
    for _ in range(_TRIES):
        if actor is not None and not whenever:
            timing.check_clock(context, context.ledger)
        events = tuple(decide(context.ledger))
        _check_key(context.ledger, actor, events)
        for event in events:
            rationale.check(event)
        sealed = [_sealed(context, actor, event) for event in events]
        with (writing or context.ledger.writing)() as writer:
            if tuple(decide(writer)) == events:
                _check_key(writer, actor, events)
                for blob in blobs:
                    archive.put(writer.connection, blob)
                return tuple(writer.append(statement, signature) for statement, signature in sealed)
    raise Conflict("the ledger changed while this was being decided; look again and repeat it")


def append_signed(context: Context, statement: Statement, signature: bytes, decide: Decision) -> Entry:
    """Record a statement that its actor signed elsewhere, where `decide` still says exactly this under the lock.

    Raises:
        Refusal, BadInput, Conflict: what `decide` raises; nothing was recorded.
    """
    timing.check_clock(context, context.ledger)
    with context.ledger.writing() as writer:
        (event,) = decide(writer)
        rationale.check(event)
        now = statement_of(context, event, statement.actor)
        if (now.on, now.data) != (dict(statement.on), dict(statement.data)):
            raise Conflict("what was signed is not what would be recorded now: export it again")
        return writer.append(statement, signature)


def record(context: Context, events: Sequence[ev.Event]) -> tuple[Entry, ...]:
    """Record observations of quarterdeck's own: nothing to decide, nobody to sign."""
    with context.ledger.writing() as writer:
        return tuple(writer.append(statement_of(context, event, SYSTEM)) for event in events)


def statement_of(context: Context, event: ev.Event, actor: str) -> Statement:
    """Return the statement that says `actor` brought about `event`, now."""
    on, data = ev.to_parts(event)
    for name in FREE_TEXT.intersection(data):
        if isinstance(text := data[name], str):
            data[name] = redact(text)
    return Statement(origin=context.ledger.origin, kind=event.KIND, time=context.now, actor=actor, on=on, data=data)


def _check_key(source: Source, actor: Actor | None, events: Sequence[ev.Event]) -> None:
    if actor is None or not any(event.SIGNED for event in events):
        return
    key = actor.signer.public
    people = roles.fold(recorded(source.entries(kinds=roles.KINDS)))
    roles.vouched(people, sshkey.public_key(key.blob).line, fingerprint=key.fingerprint, handle=actor.handle)


def _sealed(context: Context, actor: Actor | None, event: ev.Event) -> tuple[Statement, bytes | None]:
    if not event.SIGNED:
        return statement_of(context, event, SYSTEM), None
    if actor is None:
        msg = f"{event.KIND} is an act of a person"
        raise TypeError(msg)
    statement = statement_of(context, event, actor.handle)
    signature = actor.signer.sign(statement.bytes())
    keys.check_signature(context, actor.signer.public, event, statement, signature)
    return statement, signature
