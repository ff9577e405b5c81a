"""Signatures of people, PROTOCOL.sshsig: made by ssh-agent, a key file or ssh-keygen, checked by anybody.

Stricter than ssh-keygen where leniency buys nothing: one hash, an empty reserved field, no bytes left over.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from store.errors import BadInput, IntegrityFailure
from store.integrity.note import decode_base64
from store.integrity.sshkey import RSA, PrivateKey, PublicKey, public_half
from store.integrity.wire import Reader, WireError, mpint, string

NAMESPACE = "quarterdeck@v1"
HASH = "sha512"
MAX_BLOB = 49_152
"""No larger signature fits into an entry."""

_MAGIC = b"SSHSIG"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_ARMOR = re.compile(rf"{_BEGIN}\r?\n((?:[A-Za-z0-9+/=]{{1,76}}\r?\n)+){_END}\s*", re.ASCII)
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-512": hashes.SHA512(),
    "rsa-sha2-256": hashes.SHA256(),
}
_TOUCHED, _PIN = 0x01, 0x04


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a good signature shows about how it was made. The last three are None unless a FIDO key signed."""

    key: PublicKey
    algorithm: str
    """The signature algorithm: `ssh-ed25519`, `rsa-sha2-512`, …"""
    touched: bool | None = None
    """Somebody touched the device."""
    pin: bool | None = None
    """The device had asked for a PIN or a fingerprint."""
    counter: int | None = None
    """The device's counter; going backwards over time hints at a copied key."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """An SSHSIG blob, taken apart and not yet believed."""

    public: bytes
    namespace: bytes
    algorithm: str
    signature: bytes
    facts: bytes = field(default=b"")
    """What a FIDO device adds: flags (1 byte) and counter (4 bytes)."""


def sign(private: PrivateKey, message: bytes, namespace: str = NAMESPACE) -> bytes:
    """Return the SSHSIG blob of `private` over `message`.

    Raises:
        BadInput: the key may not sign here.
    """
    public = public_half(private)
    algorithm = "rsa-sha2-512" if public.type == RSA else public.type
    raw = _raw_signature(private, signed_data(message, namespace))
    return assemble(public, namespace, string(algorithm.encode()) + string(raw))


def signed_data(message: bytes, namespace: str = NAMESPACE) -> bytes:
    """Return the bytes that the key itself signs (PROTOCOL.sshsig section 3): what an agent is asked to sign."""
    return _signed_data(message, namespace.encode())


def assemble(public: PublicKey, namespace: str, signature: bytes) -> bytes:
    """Return the SSHSIG blob around an SSH `signature` (its algorithm and value), as an agent returns it."""
    fields = (public.blob, namespace.encode(), b"", HASH.encode(), signature)
    return _MAGIC + (1).to_bytes(4, "big") + b"".join(map(string, fields))


def signing_key(blob: bytes) -> bytes:
    """Return the public key blob that a signature claims, unchecked: to look up whose it might be.

    Raises:
        IntegrityFailure: the blob is no SSHSIG signature that is accepted here.
    """
    return _take_apart(blob).public


def verify(
    blob: bytes,
    message: bytes,
    key: PublicKey,
    namespace: str = NAMESPACE,
    *,
    require_touch: bool = False,
    require_pin: bool = False,
) -> Verified:
    """Check that `blob` is a signature of `key` over `message` in `namespace`.

    Raises:
        IntegrityFailure: it is not, or what is required of a FIDO key is missing: the line says which.
    """
    parts = _take_apart(blob)
    if parts.namespace != namespace.encode():
        raise IntegrityFailure(f"signature: made for {ascii(parts.namespace)[1:60]}, not for {namespace}")
    if parts.public != key.blob:
        raise IntegrityFailure("signature: made with another key")
    if parts.algorithm != key.type and not (key.type == RSA and parts.algorithm in _RSA_HASHES):
        raise IntegrityFailure(f"signature: {ascii(parts.algorithm)[1:60]} is not accepted of a {key.type} key")
    data = _signed_data(message, parts.namespace)
    if key.application is not None:
        data = sha256(key.application.encode()).digest() + parts.facts + sha256(data).digest()
    try:
        _check_raw(key, parts, data)
    except (InvalidSignature, WireError):
        raise IntegrityFailure("signature: wrong, or over something else") from None
    verified = _facts(key, parts)
    if require_touch and not verified.touched:
        raise IntegrityFailure("signature: policy wants a FIDO key that was touched")
    if require_pin and not verified.pin:
        raise IntegrityFailure("signature: policy wants a FIDO key that asked for a PIN")
    return verified


def armor(blob: bytes) -> str:
    """Return the blob as ssh-keygen writes it to a .sig file."""
    encoded = b64encode(blob).decode()
    lines = [encoded[start : start + 70] for start in range(0, len(encoded), 70)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def dearmor(text: str) -> bytes:
    """Return the blob of a .sig file's text.

    Raises:
        BadInput: the text is not exactly one armored signature.
    """
    parts = _ARMOR.fullmatch(text) if len(text) < 2 * MAX_BLOB else None
    blob = decode_base64("".join(parts[1].split())) if parts else None
    if blob is None:
        raise BadInput("signature file: not one SSH signature in its BEGIN and END lines")
    return blob


def _signed_data(message: bytes, namespace: bytes) -> bytes:
    if not namespace:
        raise BadInput("signature: a namespace must not be empty")
    fields = (namespace, b"", HASH.encode(), sha512(message).digest())
    return _MAGIC + b"".join(map(string, fields))


def _take_apart(blob: bytes) -> _Parts:
    if len(blob) > MAX_BLOB:
        raise IntegrityFailure("signature: too long")
    try:
        return _read(Reader(blob))
    except WireError as error:
        raise IntegrityFailure(f"signature: {error}") from None


def _read(reader: Reader) -> _Parts:
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise WireError("no SSHSIG signature")
    if (version := reader.number(4)) != 1:
        raise WireError(f"version {version} is not known here")
    public, namespace, reserved, hash_name = (reader.string() for _ in range(4))
    inner = Reader(reader.string())
    reader.end()
    if reserved:
        # It is no part of what ssh-keygen checks: with it, one signature would have many spellings.
        raise WireError("the reserved field is not empty")
    if hash_name != HASH.encode():
        raise WireError(f"made with hash {ascii(hash_name)[1:40]}, not with {HASH}")
    algorithm, signature = inner.string().decode("ascii", "backslashreplace"), inner.string()
    if algorithm.startswith("webauthn-"):
        raise WireError("webauthn signatures are not supported")
    if algorithm.startswith("ssh-mldsa44"):
        raise WireError("ML-DSA signatures are not supported yet")
    if algorithm == RSA:
        raise WireError("ssh-rsa (SHA-1) is not accepted")
    facts = inner.take(5) if algorithm.startswith("sk-") else b""
    inner.end()
    return _Parts(public, namespace, algorithm, signature, facts)


def _facts(key: PublicKey, parts: _Parts) -> Verified:
    if not parts.facts:
        return Verified(key=key, algorithm=parts.algorithm)
    flags, counter = parts.facts[0], int.from_bytes(parts.facts[1:], "big")
    return Verified(
        key=key,
        algorithm=parts.algorithm,
        touched=bool(flags & _TOUCHED),
        pin=bool(flags & _PIN),
        counter=counter,
    )


def _check_raw(key: PublicKey, parts: _Parts, data: bytes) -> None:
    match key.key:
        case Ed25519PublicKey():
            key.key.verify(parts.signature, data)
        case RSAPublicKey():
            # Some agents drop leading zero bytes; ssh-keygen puts them back, and so do we.
            signature = parts.signature.rjust((key.bits + 7) // 8, b"\0")
            key.key.verify(signature, data, padding.PKCS1v15(), _RSA_HASHES[parts.algorithm])
        case ec.EllipticCurvePublicKey():
            reader = Reader(parts.signature)
            der = encode_dss_signature(reader.mpint(), reader.mpint())
            reader.end()
            key.key.verify(der, data, ec.ECDSA(_curve_hash(key.bits)))


def _raw_signature(private: PrivateKey, data: bytes) -> bytes:
    match private:
        case Ed25519PrivateKey():
            return private.sign(data)
        case RSAPrivateKey():
            return private.sign(data, padding.PKCS1v15(), hashes.SHA512())
        case ec.EllipticCurvePrivateKey():
            der = private.sign(data, ec.ECDSA(_curve_hash(private.key_size)))
            return b"".join(map(mpint, decode_dss_signature(der)))


def _curve_hash(bits: int) -> hashes.HashAlgorithm:
    """Return the hash that RFC 5656 section 6.2.1 ties to a curve's size."""
    if bits <= 256:
        return hashes.SHA256()
    return hashes.SHA384() if bits <= 384 else hashes.SHA512()
