"""A second key of the log beside its Ed25519 one: ML-DSA-44, which a quantum computer does not break.

From the entry that names it on, a checkpoint counts only with both signatures. It costs each commit about a
millisecond and 3.2 KiB, so a log has it only where its owner wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from store import config
from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput, Conflict, IntegrityFailure, QuarterdeckError, Refusal
from store.integrity.entry import Entry
from store.integrity.keyfile import write_log_key
from store.integrity.note import SecondSigner
from store.ledger.handover import SecondKey
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.log_key_file import check_shared, first_file, second_file
from store.services.identity.people import principals

_DUTY = "rotate the log's key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconded:
    """A log that got a second key, another one, or gave it up."""

    entry: Entry
    vkey: str
    """The second key from now on; empty for none."""
    file: Path | None
    """Where its private half stands."""
    trouble: str
    """Why the configuration does not name it; empty when it does."""


@attempt("set the log's second key")
def set_second(context: Context, actor: Actor, *, reason: str, passphrase: bytes = b"") -> Seconded:
    """Give the log a new second key, or another one in place of the one it has.

    Raises:
        BadInput: no reason is given, or the log's first key is locked with another passphrase.
        Refusal: the actor is no admin.
        StorageFailure: the log's keys are not here, or the disk says no.
    """
    private = MLDSA44PrivateKey.generate()
    successor = SecondSigner(context.ledger.origin, private)
    path = second_file(context.root, successor.verifier)
    _check(context, actor, reason)
    check_shared(first_file(context.root, context.ledger.keys), passphrase)
    write_log_key(path, private, passphrase)
    try:
        entry = _record(context, actor, successor, reason)
    except (Refusal, BadInput, Conflict, IntegrityFailure):
        path.unlink(missing_ok=True)  # after any other error it might be the log's key already
        raise
    vkey = successor.verifier.vkey
    return Seconded(entry=entry, vkey=vkey, file=path, trouble=_name_in_configuration(context, vkey))


@attempt("drop the log's second key")
def drop_second(context: Context, actor: Actor, *, reason: str) -> Seconded:
    """Let checkpoints count with the Ed25519 signature alone again.

    Raises:
        BadInput: no reason is given, or there is no second key.
        Refusal: the actor is no admin.
        StorageFailure: the log's keys are not here, or the disk says no.
    """
    _check(context, actor, reason)
    if context.ledger.keys.second is None:
        raise BadInput("the log has no second key")
    entry = _record(context, actor, None, reason)
    return Seconded(entry=entry, vkey="", file=None, trouble=_name_in_configuration(context, ""))


def _check(context: Context, actor: Actor, reason: str) -> None:
    if not reason.strip():
        raise BadInput("a change of the log's keys needs a reason: --reason TEXT")
    roles.require(principals(context.ledger), actor.handle, _DUTY, at=context.now)


def _record(context: Context, actor: Actor, successor: SecondSigner | None, reason: str) -> Entry:
    before = context.ledger.keys.second
    event = ev.SecondLogKeySet(
        second_key=successor.verifier.vkey if successor else "",
        previous=before.vkey if before else "",
        reason=reason,
    )

    def decide(source: Source) -> Sequence[ev.Event]:
        roles.require(principals(source), actor.handle, _DUTY, at=context.now)
        return [event]

    (entry,) = perform(context, actor, decide, writing=lambda: context.ledger.handing_over(SecondKey(successor)))
    return entry


def _name_in_configuration(context: Context, vkey: str) -> str:
    try:
        now = config.load(context.root).ledger.second_key
        text = (context.root / config.FILE_NAME).read_text(encoding="utf-8")
        config.save(context.root, config.with_second_key(text, now, vkey))
    except (QuarterdeckError, OSError) as error:
        return str(error)
    return ""
