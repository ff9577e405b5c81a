"""Private keys in files of the OpenSSH format: read with care, written once with mode 0600."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from store.durable import sync_folder
from store.errors import BadInput, StorageFailure
from store.integrity.keyhead import AskPassphrase, read_private

PrivateKey: TypeAlias = Ed25519PrivateKey | RSAPrivateKey | EllipticCurvePrivateKey
_LOCKED = b"BEGIN ENCRYPTED PRIVATE KEY"


def load_private_key(path: Path, passphrase: AskPassphrase | None = None) -> PrivateKey:
    """Return the private key in the OpenSSH file at `path`; `passphrase` is called only if it is encrypted.

    Raises:
        BadInput: no such file, readable by others, not an OpenSSH key, a wrong passphrase, or a kind of key
            that cannot sign from a file (FIDO keys sign through ssh-agent).
    """
    data = read_private(path)
    try:
        key = _load(data, None)
    except TypeError:
        # cryptography's word for "encrypted, and no passphrase was given"
        if passphrase is None:
            raise BadInput(f"{path}: the key is encrypted and there is nobody to ask for its passphrase") from None
        key = _load_encrypted(path, data, passphrase())
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(f"{path}: not an OpenSSH private key that can sign here{_advice(data)}") from None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey | EllipticCurvePrivateKey):
        raise BadInput(f"{path}: DSA keys are too weak")
    return key


def is_encrypted(path: Path) -> bool:
    """Say whether the private key at `path` needs a passphrase.

    Raises:
        BadInput: no such file, or readable by others.
    """
    try:
        _load(read_private(path), None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return False


def generate_log_key(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Return a new Ed25519 key after `write_log_key`, which see for the errors."""
    key = Ed25519PrivateKey.generate()
    write_log_key(path, key, passphrase)
    return key


def write_log_key(path: Path, key: Ed25519PrivateKey | MLDSA44PrivateKey, passphrase: bytes = b"") -> None:
    """Write a log's key to a new file at `path` with mode 0600, durably.

    Encrypted when there is a passphrase: an Ed25519 key with bcrypt and AES, as ssh-keygen does; an ML-DSA-44 key,
    which OpenSSH's format does not hold, as PKCS #8 with PBES2 (RFC 9881, RFC 8018).

    Raises:
        BadInput: there is something at `path` already; it is left alone.
        StorageFailure: the file could not be written.
    """
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    form = PrivateFormat.OpenSSH if isinstance(key, Ed25519PrivateKey) else PrivateFormat.PKCS8
    text = key.private_bytes(Encoding.PEM, form, protection)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BadInput(f"{path}: already exists; a log's key is never overwritten") from None
    except OSError as error:
        raise StorageFailure(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise StorageFailure(f"{path}: cannot be written: {error.strerror}") from None


def load_log_key(path: Path, passphrase: AskPassphrase | None = None) -> Ed25519PrivateKey:
    """Return the log's key that `generate_log_key` wrote; `passphrase` is called only if it is encrypted.

    Raises:
        BadInput: as `load_private_key`, or it is no Ed25519 key.
    """
    key = load_private_key(path, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path}: a log's key is an Ed25519 key")
    return key


def is_locked(path: Path) -> bool:
    """Say whether the second key at `path` needs a passphrase.

    Raises:
        BadInput: no such file, or readable by others.
    """
    return _LOCKED in read_private(path)


def load_second_key(path: Path, passphrase: bytes = b"") -> MLDSA44PrivateKey:
    """Return the ML-DSA-44 key that `write_log_key` wrote.

    Raises:
        BadInput: no such file, readable by others, no ML-DSA-44 key, or not its passphrase.
    """
    data = read_private(path)
    locked = _LOCKED in data
    try:
        key = load_pem_private_key(data, passphrase if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        why = "needs its passphrase, and that is not it" if locked else "is not a private key in PKCS #8"
        raise BadInput(f"{path}: {why}") from None
    if not isinstance(key, MLDSA44PrivateKey):
        raise BadInput(f"{path}: a log's second key is an ML-DSA-44 key")
    return key


def _load(data: bytes, passphrase: bytes | None) -> object:
    return load_ssh_private_key(data, passphrase)


def _load_encrypted(path: Path, data: bytes, passphrase: bytes) -> object:
    try:
        return _load(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInput(f"{path}: wrong passphrase, or a key that cannot sign here{_advice(data)}") from None


def _advice(data: bytes) -> str:
    if b"BEGIN OPENSSH PRIVATE KEY" not in data:
        return " (ssh-keygen -p -f FILE rewrites a PEM key in OpenSSH's format)"
    return " (a FIDO key signs through ssh-agent)"
