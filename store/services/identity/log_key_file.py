"""The log's own key as it stands on the disk: which file signs now, and what unlocks it.

The first key stands in `keys/log.key`; one that the log was handed over to, in `keys/log.key.<its key id>`. The
entries say which of them signs now, so that a crash in the middle of a rotation leaves nothing to repair.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.config import Config
from store.errors import BadInput
from store.integrity.keyhead import AskPassphrase, plain_ed25519, read_private
from store.integrity.logkeys import LogKeys
from store.integrity.note import NoteSigner, SecondSigner, Verifier
from store.ledger.keychain import keys_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE: Final = "keys/log.key"
VARIABLE: Final = "QUARTERDECK_LOG_PASSPHRASE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What signs for a log, or why nothing here does."""

    signer: NoteSigner | None
    second: SecondSigner | None = None
    """What signs beside it, where the log has a second key."""
    why: str = ""


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
    path = first_file(root, keys)
    if not path.exists():
        return Found(signer=None, why=f"the log's private key is not here ({path.name})")
    second = second_file(root, keys.second) if keys and keys.second else None
    public = None if second else plain_ed25519(read_private(path))
    if public:  # the usual case: what reads private keys is imported by the first signature
        return Found(signer=NoteSigner.later(settings.ledger.origin, public, partial(_load, path)))
    return _unlocked(settings.ledger.origin, path, second, ask)


def _load(path: Path) -> Ed25519PrivateKey:
    from store.integrity.keyfile import load_log_key

    return load_log_key(path)


def _unlocked(origin: str, path: Path, second: Path | None, ask: AskPassphrase | None) -> Found:
    from store.integrity.keyfile import is_encrypted, is_locked, load_log_key, load_second_key

    if second and not second.exists():
        return Found(signer=None, why=f"the log's second private key is not here ({second.name})")
    passphrase = b""
    if is_encrypted(path) or (second and is_locked(second)):
        passphrase = (ask or from_environment)()
        if not passphrase:
            return Found(signer=None, why=f"the log's key needs its passphrase ({VARIABLE})")
    try:
        return Found(
            signer=NoteSigner(origin, load_log_key(path, lambda: passphrase)),
            second=SecondSigner(origin, load_second_key(second, passphrase)) if second else None,
        )
    except BadInput:
        if not passphrase:
            raise
        return Found(signer=None, why=f"that is not the passphrase of the log's key ({path.name})")


def check_shared(other: Path | None, passphrase: bytes) -> None:
    """Make sure that a key that is to be locked with `passphrase` will open together with the log's `other` key.

    One passphrase is asked for and unlocks both; with two, nothing here could sign for the log again.

    Raises:
        BadInput: the other one needs another passphrase.
    """
    from store.integrity.keyfile import is_encrypted, is_locked, load_log_key, load_second_key

    if other is None or not passphrase or not other.exists():
        return
    try:
        if is_locked(other):
            load_second_key(other, passphrase)
        elif is_encrypted(other):
            load_log_key(other, lambda: passphrase)
    except BadInput:
        raise BadInput(
            f"{other.name} has another passphrase, and one has to open both of the log's keys; nothing was changed."
            " To change it: give the second key up (quarterdeck log-key second --drop), rotate, and take a new one"
        ) from None


def expected_second(settings: Config) -> Verifier | None:
    """Return the second key that the configuration expects the log to have had; None where it names none.

    Raises:
        BadInput: what stands there is no verifier key.
    """
    vkey = settings.ledger.second_key
    return Verifier.from_vkey(vkey) if vkey else None


def _keys(root: Path, settings: Config, ledger: Path) -> LogKeys | None:
    """Return the log's keys; None for a log whose keys were never changed here, which need not be read for that."""
    files = (root / KEY_FILE).parent.glob(f"{Path(KEY_FILE).name}.*")
    if settings.ledger.second_key or any(files):
        return keys_of(ledger, Verifier.from_vkey(settings.ledger.log_key))
    return None


def second_file(root: Path, key: Verifier) -> Path:
    """Return where the private half of a second key stands."""
    return root / f"{KEY_FILE}.mldsa44-{key.key_id.hex()}"


def first_file(root: Path, keys: LogKeys | None) -> Path:
    """Return where the key stands that signs now; `keys` are None for a log whose keys were never changed."""
    return file_of(root, keys.newest) if keys and keys.rotations else root / KEY_FILE


def file_of(root: Path, key: Verifier) -> Path:
    """Return where a key stands that the log was handed over to."""
    return root / f"{KEY_FILE}.{key.key_id.hex()}"
