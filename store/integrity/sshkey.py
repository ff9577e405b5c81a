"""SSH public keys: which may be enrolled, and what is known about them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store.errors import BadInput
from store.integrity.edwards import check_public_key
from store.integrity.keyfile import PrivateKey, load_private_key
from store.integrity.note import decode_base64
from store.integrity.wire import Reader, WireError

__all__ = ["PrivateKey", "PublicKey", "load_private_key", "parse_public_key", "public_half", "public_key"]

ED25519 = "ssh-ed25519"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
MIN_RSA_BITS, MAX_RSA_BITS = 3072, 16384
MAX_LINE = 16_384

CryptoKey: TypeAlias = Ed25519PublicKey | RSAPublicKey | ec.EllipticCurvePublicKey

_CURVES: dict[str, ec.EllipticCurve] = {
    "nistp256": ec.SECP256R1(),
    "nistp384": ec.SECP384R1(),
    "nistp521": ec.SECP521R1(),
}
_REFUSED = {
    "ssh-dss": "DSA keys are too weak",
    "ssh-mldsa44-ed25519@openssh.com": "ML-DSA keys are not supported yet; use ssh-ed25519",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com": "webauthn keys are not supported; use a FIDO key of ssh-keygen",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """An SSH public key that may sign here. Two are equal when type and blob are, whatever the comment says."""

    type: str
    """As SSH calls it: `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`, …"""
    blob: bytes = field(repr=False)
    """The key in SSH's wire encoding: what a signature has to carry, byte for byte."""
    comment: str = field(default="", compare=False)
    """Free text from the key file: outside text, worth nothing."""
    bits: int = field(compare=False)
    """The size people know the key by: 256 for Ed25519 and P-256, 3072 and more for RSA."""
    application: str | None = field(default=None, compare=False)
    """A FIDO key's application (`ssh:`); None for keys that are no hardware."""
    key: CryptoKey = field(repr=False, compare=False)
    """The key itself."""

    @property
    def hardware(self) -> bool:
        """It lives in a FIDO device, whose signatures say whether it was touched."""
        return self.application is not None

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as ssh-keygen -l prints it."""
        return "SHA256:" + b64encode(sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The key as one line of a .pub file."""
        return f"{self.type} {b64encode(self.blob).decode()} {self.comment}".rstrip()


def parse_public_key(line: str) -> PublicKey:
    """Return the key of one line `type base64 comment`, if it may be enrolled.

    Raises:
        BadInput: not such a line, or a key that must not sign: DSA, short RSA, a certificate, a low-order or
            non-canonical Ed25519 key, or a type not known here.
    """
    words = line.split(maxsplit=2)
    if len(words) < 2 or len(line) > MAX_LINE or not line.strip().isprintable():
        raise BadInput("SSH key: needs one line: type, base64 and a comment")
    blob = decode_base64(words[1])
    if blob is None:
        _check_type(words[0])
        raise BadInput("SSH key: the second word is not canonical base64")
    key = public_key(blob, comment=words[2].strip() if len(words) > 2 else "")
    if key.type != words[0]:
        raise BadInput(f"SSH key: the line says {words[0][:40]}, the key inside is {key.type}")
    return key


def public_key(blob: bytes, *, comment: str = "") -> PublicKey:
    """Return the key that `blob` (SSH wire encoding) is, if it may be enrolled.

    Raises:
        BadInput: as `parse_public_key`.
    """
    reader = Reader(blob)
    try:
        name = reader.string().decode("ascii")
        _check_type(name)
        key, bits, application = _TYPES[name](reader, name)
        reader.end()
    except WireError as error:
        raise BadInput(f"SSH key: {error}") from None
    except UnicodeDecodeError:
        raise BadInput("SSH key: a name in it is not text") from None
    return PublicKey(type=name, blob=blob, comment=comment, bits=bits, application=application, key=key)


def public_half(private: PrivateKey, *, comment: str = "") -> PublicKey:
    """Return the public key of `private`, under the rules of enrolment.

    Raises:
        BadInput: the key may not sign here.
    """
    line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    blob = decode_base64(line.split()[1].decode())
    assert blob is not None
    return public_key(blob, comment=comment)


def _check_type(name: str) -> None:
    if name in _TYPES:
        return
    shown = ascii(name)[1:60].rstrip("'")
    if "-cert-v0" in name:
        raise BadInput(f"SSH key: {shown} is a certificate; enrol the key itself")
    raise BadInput(f"SSH key: {_REFUSED.get(name, f'{shown} is no type of key that may sign here')}")


def _ed25519(reader: Reader, _: str) -> tuple[CryptoKey, int, str | None]:
    raw = reader.string()
    check_public_key(raw)
    return Ed25519PublicKey.from_public_bytes(raw), 256, None


def _sk_ed25519(reader: Reader, name: str) -> tuple[CryptoKey, int, str | None]:
    key, bits, _ = _ed25519(reader, name)
    return key, bits, reader.string().decode()


def _ecdsa(reader: Reader, name: str) -> tuple[CryptoKey, int, str | None]:
    curve_name = reader.string().decode("ascii")
    expected = "nistp256" if name == SK_ECDSA else name.rpartition("-")[2]
    if curve_name != expected:
        raise BadInput(f"SSH key: a {name} key must be on the curve {expected}")
    curve = _CURVES[curve_name]
    point = reader.string()
    if point[:1] != b"\4":
        raise BadInput("SSH key: an ECDSA point must be written uncompressed")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point), curve.key_size, None
    except ValueError:
        raise BadInput(f"SSH key: not a point on the curve {curve_name}") from None


def _sk_ecdsa(reader: Reader, name: str) -> tuple[CryptoKey, int, str | None]:
    key, bits, _ = _ecdsa(reader, name)
    return key, bits, reader.string().decode()


def _rsa(reader: Reader, _: str) -> tuple[CryptoKey, int, str | None]:
    exponent, modulus = reader.mpint(), reader.mpint()
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise BadInput(f"SSH key: RSA with {bits} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} may sign here")
    if not 3 <= exponent < 2**32 or exponent % 2 == 0 or modulus % 2 == 0:
        raise BadInput("SSH key: no sound RSA key")
    try:
        return RSAPublicNumbers(exponent, modulus).public_key(), bits, None
    except ValueError:
        raise BadInput("SSH key: no sound RSA key") from None


_TYPES: dict[str, Callable[[Reader, str], tuple[CryptoKey, int, str | None]]] = {
    ED25519: _ed25519,
    SK_ED25519: _sk_ed25519,
    "ecdsa-sha2-nistp256": _ecdsa,
    "ecdsa-sha2-nistp384": _ecdsa,
    "ecdsa-sha2-nistp521": _ecdsa,
    SK_ECDSA: _sk_ecdsa,
    RSA: _rsa,
}
