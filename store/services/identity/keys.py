"""Keys of people: what their signatures must show, and everything they were ever used for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from store.domain import events as ev
from store.domain import roles
from store.domain.signatures import NOTHING, demand_of, problem_of, valid_lines
from store.errors import IntegrityFailure, NotFound, QuarterdeckError, Refusal
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry, Statement
from store.services.context import Context, recorded


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


def check_signature(
    context: Context, public: sshkey.PublicKey, event: ev.Event, statement: Statement, signature: bytes
) -> None:
    """Make sure, before it is recorded, that `signature` is what every later verification will ask for.

    Raises:
        Refusal: policy demands a touched FIDO key, or its PIN, and this signature shows none.
        IntegrityFailure: it is no signature of this key over these bytes.
    """
    sshsig.verify(signature, statement.bytes(), public)
    if not isinstance(event, ev.ApprovalGranted):
        return
    demand = demand_of([context.policy], risk=event.risk, environment=event.environment)
    if demand == NOTHING:
        return
    try:
        sshsig.verify(signature, statement.bytes(), public, require_touch=demand.touch, require_pin=demand.pin)
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
    for record in recorded(context.ledger.entries(kinds=roles.KINDS, on={"principal": handle})):
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
