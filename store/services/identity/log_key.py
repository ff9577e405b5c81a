"""The log's own key: found, unlocked with its passphrase, and handed over to the next one.

The first key stands in `keys/log.key`; one that the log was handed over to, in `keys/log.key.<its key id>`. The
entries say which of them signs now, so that a crash in the middle of a rotation leaves nothing to repair.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store import config
from store.config import Config
from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput, Conflict, IntegrityFailure, QuarterdeckError, Refusal
from store.integrity.entry import Entry
from store.integrity.keyfile import (
    AskPassphrase,
    is_encrypted,
    is_locked,
    load_log_key,
    load_second_key,
    write_log_key,
)
from store.integrity.logkeys import LogKeys
from store.integrity.note import NoteSigner, SecondSigner, Verifier
from store.ledger.handover import FirstKey
from store.ledger.keychain import keys_of
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals

KEY_FILE: Final = "keys/log.key"
VARIABLE: Final = "QUARTERDECK_LOG_PASSPHRASE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What signs for a log, or why nothing here does."""

    signer: NoteSigner | None
    second: SecondSigner | None = None
    """What signs beside it, where the log has a second key."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """A log handed over to another key."""

    entry: Entry
    file: Path
    """Where the new private key stands."""
    vkey: str
    trouble: str
    """Why the configuration still names the old key; empty when it names the new one. Both open the ledger."""


def from_environment() -> bytes:
    """Return the passphrase that QUARTERDECK_LOG_PASSPHRASE holds; empty for none."""
    return os.environb.get(VARIABLE.encode(), b"")


def find(root: Path, settings: Config, ledger: Path, ask: AskPassphrase | None) -> Found:
    """Return what signs for the log of this workspace now; `ask` is called only for an encrypted key.

    Where the file is no key of a log, or readable by others, nothing does, and it says why: reading needs no key.
    """
    try:
        return _found(root, settings, ledger, ask)
    except BadInput as error:
        return Found(signer=None, why=f"the log's private key cannot be used: {error}")


def _found(root: Path, settings: Config, ledger: Path, ask: AskPassphrase | None) -> Found:
    keys = _keys(root, settings, ledger)
    path = _file_of(root, keys.newest) if keys and keys.rotations else root / KEY_FILE
    if not path.exists():
        return Found(signer=None, why=f"the log's private key is not here ({path.name})")
    second = second_file(root, keys.second) if keys and keys.second else None
    if second and not second.exists():
        return Found(signer=None, why=f"the log's second private key is not here ({second.name})")
    passphrase = b""
    if is_encrypted(path) or (second and is_locked(second)):
        passphrase = (ask or from_environment)()
        if not passphrase:
            return Found(signer=None, why=f"the log's key needs its passphrase ({VARIABLE})")
    origin = settings.ledger.origin
    try:
        return Found(
            signer=NoteSigner(origin, load_log_key(path, lambda: passphrase)),
            second=SecondSigner(origin, load_second_key(second, passphrase)) if second else None,
        )
    except BadInput:
        if not passphrase:
            raise
        return Found(signer=None, why=f"that is not the passphrase of the log's key ({path.name})")


def expected_second(settings: Config) -> Verifier | None:
    """Return the second key that the configuration expects the log to have had; None where it names none.

    Raises:
        BadInput: what stands there is no verifier key.
    """
    vkey = settings.ledger.second_key
    return Verifier.from_vkey(vkey) if vkey else None


@attempt("rotate the log's key")
def rotate(context: Context, actor: Actor, *, reason: str, passphrase: bytes = b"") -> Rotated:
    """Hand the log over to a new key, in an entry that an admin signs and the old key's last checkpoint covers.

    Raises:
        BadInput: no reason is given.
        Refusal: the actor is no admin.
        StorageFailure: the old key is not here, or the disk says no.
    """
    if not reason.strip():
        raise BadInput("a rotation needs a reason: --reason TEXT")
    roles.require(principals(context.ledger), actor.handle, "rotate the log's key", at=context.now)
    before = context.ledger.signer.verifier
    private = Ed25519PrivateKey.generate()
    successor = NoteSigner(context.ledger.origin, private)
    path = _file_of(context.root, successor.verifier)

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


def _keys(root: Path, settings: Config, ledger: Path) -> LogKeys | None:
    """Return the log's keys; None for a log whose keys were never changed here, which need not be read for that."""
    files = (root / KEY_FILE).parent.glob(f"{Path(KEY_FILE).name}.*")
    if settings.ledger.second_key or any(files):
        return keys_of(ledger, Verifier.from_vkey(settings.ledger.log_key))
    return None


def second_file(root: Path, key: Verifier) -> Path:
    """Return where the private half of a second key stands."""
    return root / f"{KEY_FILE}.mldsa44-{key.key_id.hex()}"


def _file_of(root: Path, key: Verifier) -> Path:
    return root / f"{KEY_FILE}.{key.key_id.hex()}"
