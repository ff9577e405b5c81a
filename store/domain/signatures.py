"""Judges signatures while a ledger is verified: by the keys in force at the entry's sequence number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain import roles
from store.errors import IntegrityFailure
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What a policy wants of the device that makes a signature."""

    touch: bool = False
    pin: bool = False


NOTHING = Demand()


class SignatureAudit:
    """Folds the people and their keys entry by entry and says what is wrong with a signature, if anything."""

    def __init__(
        self,
        start: roles.Principals | None = None,
        *,
        policies: Sequence[Policy] = (),
        in_force: str | None = None,
    ) -> None:
        """Begin with the people of `start`, where only entries after them will be shown; else with nobody.

        `policies` are those known besides the built-in one: what they demand of an approval is judged too.
        `in_force` is the digest of the one in force after `start`.
        """
        from store.domain.policy import default_policy  # whoever checks one signature against keys needs none

        self._people: dict[str, roles.Principal] = dict(start.by_handle) if start else {}
        self._keys: dict[str, sshkey.PublicKey] = {}
        self._seen: dict[bytes, int] = {}
        self._policies: Mapping[str, Policy] = {one.digest: one for one in (default_policy(), *policies)}
        self._in_force = in_force
        self._counters: dict[bytes, tuple[int, int]] = {}
        self.warnings: list[tuple[int, str]] = []
        """(entry, what is odd about it): no reason to distrust the entry, but one to ask its signer."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that must be signed: entries of any other kind need not be shown, unless they are signed."""
        return frozenset(kind for kind, event in ev.EVENTS.items() if event.SIGNED)

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
            if isinstance(event, ev.LedgerOpened):
                self._in_force = event.policy
            problem = self._judge(entry, signed=kind.SIGNED, event=event)
            if isinstance(event, ev.PolicyAdopted) and problem is None:
                self._in_force = event.policy
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
        try:
            verified = verified_by(entry, lines, key=self._key, demand=self._demand(event))
        except IntegrityFailure as failure:
            return str(failure)
        self._count(entry, verified)
        return self._unentitled(entry, event) or self._replayed(entry)

    def _demand(self, event: ev.Event | None) -> Demand:
        """Return what an approval needs: what its own policy or the one in force demands, whichever is known."""
        if not isinstance(event, ev.ApprovalGranted):
            return NOTHING
        named = (self._policies.get(name) for name in (event.policy, self._in_force or ""))
        return demand_of(named, risk=event.risk, environment=event.environment)

    def _unentitled(self, entry: Entry, event: ev.Event | None) -> str | None:
        """Say so when somebody did what everything after it hangs on, and had no right to."""
        match event:
            case ev.LogKeyRotated() | ev.SecondLogKeySet():
                act = "rotate the log's key"
            case ev.PolicyAdopted():
                act = "adopt a policy"
            case ev.ClockCorrected():
                act = "correct the clock"
            case _:
                return None
        people = roles.Principals(by_handle=self._people)
        actor, at = entry.statement.actor, entry.statement.time
        return None if roles.may(people, actor, act, at=at) else f"{actor} was no admin"

    def _count(self, entry: Entry, verified: sshsig.Verified) -> None:
        """Compare a FIDO key's counter with the last one seen: a copied key counts on its own."""
        if not verified.counter:  # no FIDO key, or one that does not count
            return
        last, seq = self._counters.get(verified.key.blob, (0, 0))
        if verified.counter <= last:
            self.warnings.append(
                (
                    entry.seq,
                    f"the counter of {entry.statement.actor}'s FIDO key {verified.key.fingerprint} went back from"
                    f" {last} (entry {seq}) to {verified.counter}: signed earlier and imported later, or a copied key",
                )
            )
        else:
            self._counters[verified.key.blob] = (verified.counter, entry.seq)

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


def demand_of(policies: Iterable[Policy | None], *, risk: str = "", environment: str | None = None) -> Demand:
    """Return what these policies together demand of the device that signs an approval of this level, there."""
    known = [policy for policy in policies if policy is not None]
    rules = [policy.rule(risk, environment) for policy in known] if risk else []
    return Demand(
        touch=any(p.approval_touch for p in known) or any(rule.touch for rule in rules),
        pin=any(p.approval_pin for p in known) or any(rule.pin for rule in rules),
    )


def problem_of(
    entry: Entry,
    lines: Sequence[str],
    *,
    demand: Demand = NOTHING,
) -> str | None:
    """Return why the signature in `entry` is by none of the keys in `lines`, None when it is by one of them."""
    try:
        verified_by(entry, lines, key=sshkey.parse_public_key, demand=demand)
    except IntegrityFailure as failure:
        return str(failure)
    return None


def verified_by(
    entry: Entry,
    lines: Sequence[str],
    *,
    key: Callable[[str], sshkey.PublicKey],
    demand: Demand,
) -> sshsig.Verified:
    """Return what the signature in `entry` shows, when it is by one of the keys in `lines` and meets `demand`.

    `key` reads a line; who checks many entries hands in one that remembers.

    Raises:
        IntegrityFailure: it is not; says why.
    """
    actor = entry.statement.actor
    if entry.signature is None:
        raise IntegrityFailure(f"{entry.statement.kind} by {actor} must be signed and is not")
    if not lines:
        raise IntegrityFailure(f"{actor} had no valid key at entry {entry.seq}")
    keys = [key(line) for line in lines]
    message, reason = entry.statement.bytes(), ""
    for one in _claimed_first(keys, entry.signature):
        try:
            return sshsig.verify(entry.signature, message, one, require_touch=demand.touch, require_pin=demand.pin)
        except IntegrityFailure as failure:
            reason = reason or str(failure)
    raise IntegrityFailure(f"the signature of {actor} does not verify: {reason}")


def _claimed_first(keys: list[sshkey.PublicKey], signature: bytes) -> list[sshkey.PublicKey]:
    """Return `keys`, the one that the signature claims in front: its reason says more than "another key"."""
    try:
        blob = sshsig.signing_key(signature)
    except IntegrityFailure:
        return keys
    return sorted(keys, key=lambda one: one.blob != blob)
