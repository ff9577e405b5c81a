"""The log's own key, handed over to the next one (`log_key_file`: where they stand)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store import config
from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput, Conflict, IntegrityFailure, QuarterdeckError, Refusal
from store.integrity.entry import Entry
from store.integrity.keyfile import (
    write_log_key,
)
from store.integrity.note import NoteSigner, Verifier
from store.ledger.handover import FirstKey
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.log_key_file import check_shared, file_of, second_file
from store.services.identity.people import principals


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """A log handed over to another key."""

    entry: Entry
    file: Path
    """Where the new private key stands."""
    vkey: str
    trouble: str
    """Why the configuration still names the old key; empty when it names the new one. Both open the ledger."""


@attempt("rotate the log's key")
def rotate(context: Context, actor: Actor, *, reason: str, passphrase: bytes = b"") -> Rotated:
    """Hand the log over to a new key, in an entry that an admin signs and the old key's last checkpoint covers.

    Raises:
        BadInput: no reason is given, or the log's second key is locked with another passphrase.
        Refusal: the actor is no admin.
        StorageFailure: the old key is not here, or the disk says no.
    """
    if not reason.strip():
        raise BadInput("a rotation needs a reason: --reason TEXT")
    roles.require(principals(context.ledger), actor.handle, "rotate the log's key", at=context.now)
    before = context.ledger.signer.verifier
    second = context.ledger.keys.second
    check_shared(second_file(context.root, second) if second else None, passphrase)
    private = Ed25519PrivateKey.generate()
    successor = NoteSigner(context.ledger.origin, private)
    path = file_of(context.root, successor.verifier)

    def decide(source: Source) -> Sequence[ev.Event]:
        roles.require(principals(source), actor.handle, "rotate the log's key", at=context.now)
        return [ev.LogKeyRotated(log_key=successor.verifier.vkey, previous=before.vkey, reason=reason)]

    write_log_key(path, private, passphrase)
    try:
        (entry,) = perform(context, actor, decide, writing=lambda: context.ledger.handing_over(FirstKey(successor)))
    except (Refusal, BadInput, Conflict, IntegrityFailure):
        path.unlink(missing_ok=True)  # after any other error it might be the log's key already
        raise
    trouble = _name_in_configuration(context, successor.verifier)
    return Rotated(entry=entry, file=path, vkey=successor.verifier.vkey, trouble=trouble)


def _name_in_configuration(context: Context, key: Verifier) -> str:
    try:
        now = config.load(context.root).ledger.log_key
        text = (context.root / config.FILE_NAME).read_text(encoding="utf-8")
        config.save(context.root, config.with_log_key(text, now, key.vkey))
    except (QuarterdeckError, OSError) as error:
        return str(error)
    return ""
