"""Judges signatures while a ledger is verified: by the keys in force at the entry's sequence number."""

from __future__ import annotations

from store.domain import events as ev
from store.domain import roles
from store.errors import IntegrityFailure
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry


class SignatureAudit:
    """Folds the people and their keys entry by entry and says what is wrong with a signature, if anything."""

    kinds = frozenset(kind for kind, event in ev.EVENTS.items() if event.SIGNED)
    """The kinds that must be signed: entries of any other kind need not be shown, unless they are signed."""

    def __init__(self) -> None:
        self._people: dict[str, roles.Principal] = {}
        self._keys: dict[str, sshkey.PublicKey] = {}

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
        if entry.signature is None:
            return f"{entry.statement.kind} by {actor} must be signed and is not" if signed else None
        if isinstance(event, ev.PrincipalAdded) and not self._people:
            lines = event.keys  # the first admin vouches for itself: the ledger starts somewhere
        else:
            principal = self._people.get(actor)
            periods = principal.keys if principal else ()
            lines = tuple(key.line for key in periods if key.valid_at(entry.seq))
        if not lines:
            return f"{actor} had no valid key at entry {entry.seq}"
        reason = ""
        for line in lines:
            try:
                sshsig.verify(entry.signature, entry.statement.bytes(), self._key(line), sshsig.NAMESPACE)
            except IntegrityFailure as failure:
                reason = str(failure)
            else:
                return None
        return f"the signature of {actor} does not verify: {reason}"

    def _key(self, line: str) -> sshkey.PublicKey:
        if line not in self._keys:
            self._keys[line] = sshkey.parse_public_key(line)
        return self._keys[line]
