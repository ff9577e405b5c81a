"""Whoever is turned away before any service, because the key in hand is nobody's here, is recorded all the same.

Nobody has to be enrolled to try, and keys cost nothing, so what an unknown key may put into the ledger is bounded:
one entry for each key and reason an hour, and `MOST` an hour for all unknown keys together. Not one word of such an
entry is the stranger's: what was tried is the name of our command, the reason our sentence, the key a fingerprint.
The entry is an observation of the program's (`actor: system`), since nobody here signed or did anything; the
`principal` it is about is the one the key once belonged to, else `STRANGER`, which is nobody's handle. So no stranger
can write a refusal on somebody else's name, nor fill the channels that a refusal is told on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.roles import Principals
from store.errors import QuarterdeckError
from store.integrity import sshkey
from store.integrity.sshkey import PublicKey
from store.services.acting import perform
from store.services.attempts import PATIENCE, plain
from store.services.context import Context, Source, recorded

STRANGER: Final = "(stranger)"
"""The principal of an entry about a key that never was anybody's here; no handle can be called so."""
MOST: Final = 10
"""Entries that all unknown keys together, or one key that is somebody's, may bring about within an hour."""
_LAST_ONE: Final = "; within an hour no more of what such keys try is recorded"
_SEEN: Final = 200
"""Entries that are looked through for what was said already."""


@contextmanager
def watched(
    context: Context, act: str | None, *, keys: Sequence[PublicKey], people: Principals, claimed: bool = False
) -> Iterator[None]:
    """Record it when whoever offers these keys is turned away inside; the refusal goes on, and names its entry.

    `act` None records nothing. A `claimed` key is one that nobody has proved to hold yet: it names no principal.
    """
    try:
        yield
    except QuarterdeckError as error:
        if act is not None and error.entry is None:
            _note(context, error, act=act, keys=keys, people=Principals() if claimed else people)
        raise


def _note(
    context: Context, error: QuarterdeckError, *, act: str, keys: Sequence[PublicKey], people: Principals
) -> None:
    key, principal = _whose(keys, people)
    event = ev.AttemptRefused(principal=principal, act=act, key=key.fingerprint, reason=plain(str(error)))

    def decide(source: Source) -> Sequence[ev.Event]:
        before = _said(context, source, event)
        same = [seq for seq, one in before if (one.key, one.reason) == (event.key, event.reason)]
        if same or len(before) >= MOST:
            error.entry = (same or [before[0][0]])[0]
            return []
        last = principal == STRANGER and len(before) == MOST - 1
        return [ev.AttemptRefused(**vars(event) | {"reason": event.reason + (_LAST_ONE if last else "")})]

    try:
        for entry in perform(context, None, decide) if decide(context.ledger) else ():
            error.entry = entry.seq
    except QuarterdeckError as trouble:
        error.add_note(f"this attempt could not be recorded: {trouble}")


def _whose(keys: Sequence[PublicKey], people: Principals) -> tuple[PublicKey, str]:
    """Return the first of the keys that is or was somebody's, and whose; else the first, and nobody."""
    for key in keys:
        owner = people.held_by(sshkey.public_key(key.blob).line)
        if owner is not None:
            return key, owner.handle
    return keys[0], STRANGER


def _said(context: Context, source: Source, event: ev.AttemptRefused) -> list[tuple[int, ev.AttemptRefused]]:
    """Return what was recorded within the hour of this key, or, of a stranger's, of all of theirs; the newest first."""
    now, on = context.clock.now(), {"principal": event.principal}
    newest = source.entries(kinds=[event.KIND], on=on, limit=_SEEN, newest_first=True)
    recent = takewhile(lambda one: now - parse_timestamp(one.time) < PATIENCE, recorded(newest))
    return [
        (one.seq, one.event)
        for one in recent
        if isinstance(one.event, ev.AttemptRefused) and (event.principal == STRANGER or one.event.key == event.key)
    ]
