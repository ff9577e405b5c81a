"""Keys of people: which count now, what they must show, and everything they were ever used for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from store.domain import events as ev
from store.domain import roles
from store.domain.roles import Principals
from store.domain.signatures import NOTHING, Demand, demand_of, problem_of, valid_lines
from store.errors import IntegrityFailure, NotFound, QuarterdeckError, Refusal
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry, Statement
from store.services.context import Actor, Context, Source, recorded

KINDS = ("principal.added", "key.added", "key.revoked", "role.granted", "role.revoked")
"""What people, their keys and their roles are folded from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One entry that a key signed."""

    fingerprint: str
    seq: int
    time: str
    kind: str
    actor: str
    """Whose act the entry says it is."""
    on: str
    """What it is about, in ids."""
    via: str
    """Which way the signature came, where the entry keeps that."""
    problem: str
    """Why the signature does not count; empty when it does."""


def bare_line(key: sshkey.PublicKey) -> str:
    """Return a key as entries keep it: type and base64, no comment (comments name people)."""
    return sshkey.public_key(key.blob).line


def require_current(source: Source, actor: Actor) -> None:
    """Let only a key sign that counts for its owner in the next entry; asked again under the lock.

    A console may stand open for days: what it was started with need not count any more.

    Raises:
        Refusal: the key was revoked, or was never this principal's.
    """
    people = roles.fold(recorded(source.entries(kinds=KINDS, on={"principal": actor.handle})))
    principal = people.by_handle.get(actor.handle)
    line = bare_line(actor.signer.public)
    if principal is not None and any(key.line == line and key.until is None for key in principal.keys):
        return
    raise stranger(people, actor.signer.public)


def stranger(people: Principals, public: sshkey.PublicKey) -> Refusal:
    """Return the refusal of a key that nobody holds now: revoked, or never enrolled."""
    former = people.former_owner_of(bare_line(public))
    if former is not None:
        principal, period = former
        return Refusal(
            [f"the key {public.fingerprint} of {principal.handle} was revoked (entry {(period.until or 1) - 1})"],
            would_unblock=[f"sign with another key of {principal.handle}, or an admin enrols one: quarterdeck key add"],
        )
    return Refusal(
        [f"the key {public.fingerprint} belongs to no principal of this ledger"],
        would_unblock=["an admin enrols it: quarterdeck principal add NAME --public-key FILE"],
    )


def check_signature(
    context: Context, public: sshkey.PublicKey, event: ev.Event, statement: Statement, signature: bytes
) -> None:
    """Make sure, before it is recorded, that `signature` is what every later verification will ask for.

    Raises:
        Refusal: policy demands a touched FIDO key, or its PIN, and this signature shows none.
        IntegrityFailure: it is no signature of this key over these bytes.
    """
    sshsig.verify(signature, statement.bytes(), public)
    demand = demand_of([context.policy]) if isinstance(event, ev.ApprovalGranted) else NOTHING
    _meet(demand, statement, signature, public)


def _meet(demand: Demand, statement: Statement, signature: bytes, public: sshkey.PublicKey) -> None:
    try:
        sshsig.verify(
            signature, statement.bytes(), public, require_touch=demand.touch, require_pin=demand.pin
        )
    except IntegrityFailure as failure:
        what = "asked for its PIN" if demand.pin else "was touched"
        raise Refusal(
            [f"{public.fingerprint}: {failure}"],
            would_unblock=[f"approve with a FIDO key (ssh-keygen -t ed25519-sk) that {what}; --key FILE.pub names it"],
        ) from None


def uses(context: Context, handle: str) -> Iterator[Use]:
    """Yield every entry that any key of `handle` ever signed, whoever it says acted: straight from the log.

    Nobody can use a key here unseen: what its owner does not remember is either another's act with a copied
    key, or was signed on a host that was not to be trusted (sigsum's promise, kept for the people of one log).

    Raises:
        NotFound: there is no such principal.
    """
    found: dict[str, roles.Principal] = {}
    for record in recorded(context.ledger.entries(kinds=KINDS, on={"principal": handle})):
        roles.step(found, record)
    principal = found.get(handle)
    if principal is None:
        raise NotFound(f"{handle} is not a principal of this ledger")
    blobs = {sshkey.parse_public_key(key.line).blob: key.line for key in principal.keys}
    for entry in context.ledger.entries():
        blob = _signed_by(entry)
        if blob in blobs:
            yield _use(entry, principal, sshkey.public_key(blob))


def _signed_by(entry: Entry) -> bytes:
    if entry.signature is None:
        return b""
    try:
        return sshsig.signing_key(entry.signature)
    except QuarterdeckError:
        return b""


def _use(entry: Entry, principal: roles.Principal, key: sshkey.PublicKey) -> Use:
    statement = entry.statement
    problem = problem_of(entry, valid_lines(principal, entry.seq)) or ""
    if statement.actor != principal.handle:
        problem = f"the entry says {statement.actor} acted, with a key of {principal.handle}"
    return Use(
        fingerprint=key.fingerprint,
        seq=entry.seq,
        time=statement.time,
        kind=statement.kind,
        actor=statement.actor,
        on=" ".join(statement.on.values()),
        via=str(statement.data.get("via", "")),
        problem=problem,
    )
