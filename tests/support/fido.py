"""A FIDO key in software: the signatures of a security key (PROTOCOL.u2f), with the flags a test asks for."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.integrity import sshsig
from store.integrity.sshkey import SK_ED25519, public_key
from store.integrity.wire import string

APPLICATION = b"ssh:"


class SoftwareFido:
    """Signs as an sk-ssh-ed25519 key does."""

    via = "agent"

    def __init__(self, *, touched: bool = True, pin: bool = False, counter: int = 1) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.touched, self.pin, self.counter = touched, pin, counter
        raw = self._private.public_key().public_bytes_raw()
        self.public = public_key(string(SK_ED25519.encode()) + string(raw) + string(APPLICATION))

    def sign(self, message: bytes) -> bytes:
        return sshsig.assemble(self.public, sshsig.NAMESPACE, self.answer(sshsig.signed_data(message)))

    def answer(self, asked: bytes) -> bytes:
        """Return the SSH signature over the bytes an agent is asked to sign."""
        facts = bytes([self.touched * 0x01 | self.pin * 0x04]) + self.counter.to_bytes(4, "big")
        data = sha256(APPLICATION).digest() + facts + sha256(asked).digest()
        self.counter += 1
        return string(SK_ED25519.encode()) + string(self._private.sign(data)) + facts
