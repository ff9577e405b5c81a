"""One entry held against everything that vouches for it: its bytes, its link, its signature, its place in the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from store.domain.events import EVENTS
from store.domain.signatures import SignatureAudit
from store.errors import IntegrityFailure, QuarterdeckError
from store.integrity import sshkey, sshsig
from store.integrity.entry import FIRST_PREV, Entry
from store.integrity.proof import parse_proof, verify_proof
from store.services.audit import evidence
from store.services.context import Context
from store.services.identity.people import bare_line, principals


class Signed(StrEnum):
    """What there is to say about an entry's signature."""

    GOOD = "good"
    """By a key of its actor that counted at this entry."""
    BAD = "bad"
    """Missing where it must be, wrong, or by a key that did not count."""
    OBSERVED = "observed"
    """Nobody's act: quarterdeck noted what it saw."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """An entry's signature, judged by the keys in force at its sequence number."""

    state: Signed
    reason: str = ""
    """Why it is bad; empty otherwise."""
    key_type: str = ""
    """`ssh-ed25519`, …; empty where nothing was signed."""
    fingerprint: str = ""
    """`SHA256:…` of the key that the signature claims, as ssh-keygen prints it."""
    since: int | None = None
    """The first entry that this key of the actor's counts for; None when it is not theirs."""
    until: int | None = None
    """The first entry that it no longer counts for; None while it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inclusion:
    """Whether the newest checkpoint holds the entry."""

    holds: bool
    size: int = 0
    """Entries that the checkpoint covers."""
    root: bytes = b""
    hashes: int = 0
    """Length of the inclusion proof (RFC 9162 section 2.1.3)."""
    origin: str = ""
    """Who signed the checkpoint."""
    reason: str = ""
    """Why it does not; empty otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspected:
    """An entry and what checking it again, just now, has shown. Its stored bytes re-hash to its hash."""

    entry: Entry
    size: int
    """Entries in the ledger at that moment."""
    linked: bool
    """`prev` is the hash of the entry before."""
    known_kind: bool
    statement_digest: str
    """SHA-256 of the statement's bytes (what a person signs), in hex."""
    statement_bytes: int
    signature: Signature
    inclusion: Inclusion


def inspect(context: Context, seq: int) -> Inspected:
    """Read entry `seq` and check it.

    Raises:
        NotFound: there is no such entry.
        IntegrityFailure: its stored bytes are not what they must be.
    """
    ledger = context.ledger
    entry = ledger.entry(seq)
    statement = entry.statement.bytes()
    return Inspected(
        entry=entry,
        size=ledger.head().size,
        linked=_linked(context, entry),
        known_kind=entry.statement.kind in EVENTS,
        statement_digest=sha256(statement).hexdigest(),
        statement_bytes=len(statement),
        signature=_signature(context, entry),
        inclusion=_inclusion(context, entry),
    )


def _linked(context: Context, entry: Entry) -> bool:
    if entry.seq == 1:
        return entry.prev == FIRST_PREV
    try:
        return entry.prev == context.ledger.entry(entry.seq - 1).hash
    except IntegrityFailure:
        return False


def _signature(context: Context, entry: Entry) -> Signature:
    problem = _audit(context, entry.seq).check(entry)
    if entry.signature is None:
        return Signature(state=Signed.BAD, reason=problem) if problem else Signature(state=Signed.OBSERVED)
    try:
        key = sshkey.public_key(sshsig.signing_key(entry.signature))
    except QuarterdeckError as error:
        return Signature(state=Signed.BAD, reason=problem or str(error))
    owner = principals(context.ledger).by_handle.get(entry.statement.actor)
    periods = [period for period in owner.keys if period.line == bare_line(key)] if owner else []
    # The period the entry falls into, else the newest: the one that says why the key did not count.
    period = next((one for one in periods if one.valid_at(entry.seq)), periods[-1] if periods else None)
    return Signature(
        state=Signed.BAD if problem else Signed.GOOD,
        reason=problem or "",
        key_type=key.type,
        fingerprint=key.fingerprint,
        since=period.since if period else None,
        until=period.until if period else None,
    )


def _audit(context: Context, seq: int) -> SignatureAudit:
    people, policies = principals(context.ledger, until=seq - 1), context.policies
    return SignatureAudit(people, policies=policies.known(), in_force=policies.at(seq).policy.digest)


def _inclusion(context: Context, entry: Entry) -> Inclusion:
    try:
        proof = parse_proof(evidence.prove(context, entry.seq))
        log = context.ledger.keys.for_note(proof.checkpoint)
        proven = verify_proof(proof, entry.body, log=log)
    except QuarterdeckError as error:  # it does not check, or no checkpoint covers it yet
        return Inclusion(holds=False, reason=str(error))
    checkpoint = proven.checkpoint
    return Inclusion(
        holds=True, size=checkpoint.size, root=checkpoint.root, hashes=len(proof.hashes), origin=checkpoint.origin
    )
