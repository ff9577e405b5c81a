"""The public half of a key that vouches for notes: its name, its kind, and whether a signature is its own."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store.errors import BadInput, IntegrityFailure
from store.integrity import mldsa
from store.integrity.edwards import check_public_key

ED25519 = 0x01
COSIGNATURE = 0x04
"""cosignature/v1: an Ed25519 signature over a time and the text (c2sp.org/tlog-cosignature)."""
ML_DSA_44 = 0x06
"""subtree/v1: an ML-DSA-44 signature over a time and what the checkpoint says (c2sp.org/tlog-cosignature)."""
_MAX_TIME = 2**63 - 1
_NAME_TROUBLE = re.compile(r"[\s+\x00-\x1f\x7f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that vouches for notes under a name."""

    name: str
    key_id: bytes
    """First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public)."""
    type: int
    """`ED25519`, `COSIGNATURE` or `ML_DSA_44`."""
    public: bytes
    """The raw public key: 32 bytes of Ed25519, 1,312 of ML-DSA-44."""

    @staticmethod
    def create(name: str, public: bytes, *, type: int = ED25519) -> Verifier:  # noqa: A002 - the format's word
        """Return the verifier of a raw public key.

        Raises:
            BadInput: the name, the type or the key is wrong.
        """
        if not is_key_name(name):
            raise BadInput("note key: a name must not be empty, hold spaces, control characters or '+'")
        if type not in {ED25519, COSIGNATURE, ML_DSA_44}:
            raise BadInput(f"note key: signature type 0x{type:02x} is not known here")
        (mldsa.check_public_key if type == ML_DSA_44 else check_public_key)(public)
        identity = sha256(name.encode() + b"\n" + bytes([type]) + public).digest()
        return Verifier(name, identity[:4], type, public)

    @staticmethod
    def from_vkey(vkey: str) -> Verifier:
        """Return the verifier that a line `name+key id+base64(type ‖ key)` names.

        Raises:
            BadInput: the line is not exactly that.
        """
        parts = _VKEY.fullmatch(vkey)
        key = decode_base64(parts[3]) if parts else None
        if not parts or not key:
            raise BadInput("note key: not a verifier key of the form name+key id+base64")
        verifier = Verifier.create(parts[1], key[1:], type=key[0])
        if verifier.key_id.hex() != parts[2]:
            raise BadInput("note key: the key id does not belong to this name and key")
        return verifier

    @property
    def vkey(self) -> str:
        """The key as one line that other tools read."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.type]) + self.public).decode()}"

    def check(self, text: str, signature: bytes) -> int | None:
        """Check a signature field (without its key id); return the cosignature's Unix time, None for others.

        Raises:
            IntegrityFailure: the signature is not this key's over `text`.
        """
        if self.type == ED25519:
            is_good, time = self._is_signed(signature, text.encode()), None
        else:
            time = int.from_bytes(signature[: mldsa.TIME_BYTES], "big")
            signature = signature[mldsa.TIME_BYTES :]
            if time > _MAX_TIME:
                raise IntegrityFailure(f"note: {self.name} cosigned at an impossible time")
            if self.type == COSIGNATURE:
                is_good = self._is_signed(signature, cosigned_message(text, time))
            else:
                is_good = mldsa.is_signed(self.public, signature, mldsa.signed_message(self.name, text, time))
        if not is_good:
            raise IntegrityFailure(f"note: the signature of {self.name}+{self.key_id.hex()} is wrong")
        return time

    def _is_signed(self, signature: bytes, message: bytes) -> bool:
        try:  # a signature of any other length than 64 bytes is an invalid one, too
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def cosigned_message(text: str, time: int) -> bytes:
    """Return what a cosignature/v1 signs (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def is_key_name(name: str) -> bool:
    """Say whether `name` may stand in a signature line: not empty, no space, control character or `+`."""
    return bool(name) and not _NAME_TROUBLE.search(name)


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of canonical standard base64 (one text a value, RFC 4648 section 3.5), else None."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
