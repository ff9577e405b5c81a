"""Who signs for a person: something that holds a key and returns SSHSIG blobs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from store.integrity import sshsig
from store.integrity.keyfile import generate_log_key, load_log_key, load_private_key
from store.integrity.keyhead import AskPassphrase
from store.integrity.sshkey import PublicKey, public_half

__all__ = ["KeyFileSigner", "Signer", "generate_log_key", "load_log_key"]


class Signer(Protocol):
    """Signs statements with one key of one person. May block (a touch, a passphrase): never in the UI thread."""

    @property
    def public(self) -> PublicKey:
        """The key whose signatures it makes."""
        ...

    @property
    def via(self) -> str:
        """Which way a signature comes, for the record: `key file`, `agent`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the raw SSHSIG blob over `message` in the namespace `quarterdeck@v1`.

        Raises:
            BadInput: the key is gone or its holder said no; nothing was signed.
        """
        ...


class KeyFileSigner:
    """Signs with a private key file, which is opened once, here."""

    via = "key file"

    def __init__(self, path: Path, passphrase: AskPassphrase | None = None) -> None:
        """Open the key file at `path`, asking `passphrase` if it is encrypted.

        Raises:
            BadInput: there is no key at `path` that may sign here.
        """
        self._private = load_private_key(path, passphrase)
        self.public = public_half(self._private, comment=path.name)

    def sign(self, message: bytes) -> bytes:
        """Return the raw SSHSIG blob over `message`."""
        return sshsig.sign(self._private, message)
