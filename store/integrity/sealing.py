"""Sealing bytes so that they can be destroyed: a data key for each, wrapped by the workspace's key (AES-256-GCM).

Whoever destroys the wrapped data key has destroyed the bytes, even where a copy of the ciphertext is left. What an
entry says of them is a commitment, SHA-256(salt || bytes): without the salt, which is destroyed too, it tells nothing.
"""

from __future__ import annotations

import base64
import hmac
import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.durable import sync_folder
from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure

_HEADER: Final = "quarterdeck sealing key v1"
_NONCE: Final = 12
_PRINT_LETTERS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class SealingKey:
    """The two secrets of a workspace: what wraps data keys, and what fingerprints are made with."""

    wrapping: bytes = field(repr=False)
    printing: bytes = field(repr=False)

    def fingerprint(self, secret: bytes) -> str:
        """Return ten letters (50 bits) that are this secret's own in this workspace."""
        digest = hmac.digest(self.printing, b"fingerprint\0" + secret, "sha256")
        return base64.b32encode(digest).decode().lower()[:_PRINT_LETTERS]

    def blinded(self, text: str) -> str:
        """Return what may be recorded in the place of a hash over bytes that hold secrets."""
        return "sealed:" + hmac.digest(self.printing, b"revision\0" + text.encode(), "sha256").hex()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """Bytes nobody can read without the workspace's key, and what proves that they are the ones."""

    salt: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    """The data key: nonce and ciphertext."""
    body: bytes = field(repr=False)
    """Nonce and ciphertext."""


def new_key() -> SealingKey:
    """Return a fresh key."""
    return SealingKey(wrapping=os.urandom(32), printing=os.urandom(32))


def seal(key: SealingKey, data: bytes, *, about: bytes) -> Sealed:
    """Return `data` sealed under a data key of its own, bound to what it is `about` (an artifact's digest)."""
    data_key, nonce, outer = AESGCM.generate_key(256), os.urandom(_NONCE), os.urandom(_NONCE)
    return Sealed(
        salt=os.urandom(32),
        wrapped=outer + AESGCM(key.wrapping).encrypt(outer, data_key, about),
        body=nonce + AESGCM(data_key).encrypt(nonce, data, about),
    )


def unseal(key: SealingKey, sealed: Sealed, *, about: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        IntegrityFailure: another key sealed it, it is about something else, or it was changed.
    """
    try:
        wrapped, body = sealed.wrapped, sealed.body
        data_key = AESGCM(key.wrapping).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about)
        return AESGCM(data_key).decrypt(body[:_NONCE], body[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise IntegrityFailure("the sealed bytes were changed, or another key sealed them") from None


def commitment(salt: bytes, data: bytes) -> str:
    """Return the salted commitment to `data`: SHA-256(salt || data), 64 hex digits."""
    return sha256(salt + data).hexdigest()


def load(path: Path) -> SealingKey:
    """Return the key in the file at `path`, which nobody but its owner may read.

    Raises:
        NotFound: there is none.
        BadInput: others may read it, or it is no sealing key.
        StorageFailure: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"{path}: the sealing key is not here") from None
    except OSError as error:
        raise StorageFailure(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077:
            raise BadInput(f"{path}: others may read this key; chmod 600 it")
        text = file.read(1024).decode("ascii", errors="replace")
    lines = text.splitlines()
    try:
        wrapping, printing = (base64.b64decode(line, validate=True) for line in lines[1:3])
    except ValueError:
        raise BadInput(f"{path}: no sealing key") from None
    if lines[0] != _HEADER or len(wrapping) != 32 or len(printing) != 32:
        raise BadInput(f"{path}: no sealing key")
    return SealingKey(wrapping=wrapping, printing=printing)


def create(path: Path) -> SealingKey:
    """Write a fresh key to `path` (mode 0600), durably, and return it; one that is there already is returned instead.

    Raises:
        StorageFailure: the folder cannot be written.
    """
    key = new_key()
    lines = (_HEADER, base64.b64encode(key.wrapping).decode(), base64.b64encode(key.printing).decode())
    building = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write("\n".join((*lines, "")).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(building, path)  # unlike rename, fails when somebody was faster
        except FileExistsError:
            return load(path)
        finally:
            building.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise StorageFailure(f"{path}: the sealing key cannot be written: {error.strerror}") from error
    return key
