"""Real Ed25519 keys in real OpenSSH files."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from store.integrity.signer import KeyFileSigner, Signer
from store.services.identity.people import bare_line


def new_key(path: Path) -> KeyFileSigner:
    """Write a fresh key to `path` and return what signs with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    return KeyFileSigner(path)


def line_of(signer: Signer) -> str:
    """Return the public key as entries keep it."""
    return bare_line(signer.public)
