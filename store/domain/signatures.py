"""Judges signatures while a ledger is verified: by the keys in force at the entry's sequence number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from store.domain import events as ev
from store.domain import roles
from store.errors import IntegrityFailure
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry


class SignatureAudit:
    """Folds the people and their keys entry by entry and says what is wrong with a signature, if anything."""

    kinds = frozenset(kind for kind, event in ev.EVENTS.items() if event.SIGNED)
    """The kinds that must be signed: entries of any other kind need not be shown, unless they are signed."""

    def __init__(self, start: roles.Principals | None = None) -> None:
        """Begin with the people of `start`, where only entries after them will be shown; else with nobody."""
        self._people: dict[str, roles.Principal] = dict(start.by_handle) if start else {}
        self._keys: dict[str, sshkey.PublicKey] = {}
        self._seen: dict[bytes, int] = {}

    def check(self, entry: Entry) -> str | None:
        """Return what is wrong with this entry's signature or fields, None when nothing is."""
        statement = entry.statement
        kind = ev.EVENTS.get(statement.kind)
        problem = None
        if kind is not None:
            try:
                event = ev.decode(statement.kind, statement.on, statement.data)
            except IntegrityFailure as failure:
                return str(failure)
            problem = self._judge(entry, signed=kind.SIGNED, event=event)
            roles.step(
                self._people,
                ev.Recorded(seq=entry.seq, time=statement.time, actor=statement.actor, event=event),
            )
        elif entry.signature is not None:
            problem = self._judge(entry, signed=True, event=None)
        return problem

    def _judge(self, entry: Entry, *, signed: bool, event: ev.Event | None) -> str | None:
        actor = entry.statement.actor
        if entry.signature is None and not signed:
            return None
        if isinstance(event, ev.PrincipalAdded) and not self._people and event.principal == actor:
            lines = event.keys  # the first admin vouches for itself: the ledger starts somewhere
        else:
            lines = valid_lines(self._people.get(actor), entry.seq)
        return problem_of(entry, lines, key=self._key) or self._replayed(entry)

    def _replayed(self, entry: Entry) -> str | None:
        """Say so when these signed bytes stand in the ledger already: a signature is for one act."""
        mark = sha256(entry.statement.bytes()).digest()
        first = self._seen.setdefault(mark, entry.seq)
        return None if first == entry.seq else f"{entry.statement.kind} is a copy of entry {first}, signed for that one"

    def _key(self, line: str) -> sshkey.PublicKey:
        if line not in self._keys:
            self._keys[line] = sshkey.parse_public_key(line)
        return self._keys[line]


def valid_lines(principal: roles.Principal | None, seq: int) -> tuple[str, ...]:
    """Return the keys that counted for `principal` at entry `seq`."""
    return tuple(key.line for key in principal.keys if key.valid_at(seq)) if principal else ()


def problem_of(
    entry: Entry, lines: Sequence[str], *, key: Callable[[str], sshkey.PublicKey] = sshkey.parse_public_key
) -> str | None:
    """Return why the signature in `entry` is by none of the keys in `lines`, None when it is by one of them."""
    actor = entry.statement.actor
    if entry.signature is None:
        return f"{entry.statement.kind} by {actor} must be signed and is not"
    if not lines:
        return f"{actor} had no valid key at entry {entry.seq}"
    reason = ""
    for line in lines:
        try:
            sshsig.verify(entry.signature, entry.statement.bytes(), key(line), sshsig.NAMESPACE)
        except IntegrityFailure as failure:
            reason = str(failure)
        else:
            return None
    return f"the signature of {actor} does not verify: {reason}"
