"""The private half of a key that vouches for notes: a log's own, its second one, and a witness's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from store.errors import BadInput
from store.integrity import mldsa
from store.integrity.note.notes import NoteSignature, make_note
from store.integrity.note.verifier import COSIGNATURE, ML_DSA_44, Verifier, cosigned_message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


class NoteSigner:
    """A private key that vouches for notes under a name; deterministic, so signing again changes nothing."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private: Ed25519PrivateKey | None = private
        self._load: Callable[[], Ed25519PrivateKey] = lambda: private
        self.verifier = Verifier.create(name, private.public_key().public_bytes_raw())

    @classmethod
    def later(cls, name: str, public: bytes, load: Callable[[], Ed25519PrivateKey]) -> NoteSigner:
        """Return the signer of the key whose raw public half is `public`; the private one is loaded to sign.

        Raises:
            BadInput: `public` is no key.
        """
        signer = cls.__new__(cls)
        signer._private, signer._load = None, load
        signer.verifier = Verifier.create(name, public)
        return signer

    @property
    def name(self) -> str:
        """The name in the signature line; a log's is its origin."""
        return self.verifier.name

    def key(self) -> Ed25519PrivateKey:
        """Return the private key, loaded now if it was not before.

        Raises:
            BadInput: it cannot be loaded, or is another one than its file said.
        """
        if self._private is None:
            private = self._load()
            if private.public_key().public_bytes_raw() != self.verifier.public:
                raise BadInput(f"the private key of {self.name} does not belong to the public one beside it")
            self._private = private
        return self._private

    def sign(self, text: str) -> bytes:
        """Return the signed note of `text`.

        Raises:
            BadInput: `text` does not end in a newline or holds control characters.
        """
        return make_note(text, [self.signature(text)])

    def sign_envelope(self, encoded: bytes) -> bytes:
        """Return the raw signature over a DSSE pre-authentication encoding, which no note can be mistaken for.

        Raises:
            BadInput: `encoded` is no such encoding.
        """
        if not encoded.startswith(b"DSSEv1 "):
            raise BadInput("the log key signs notes and DSSE envelopes only")
        return self.key().sign(encoded)

    def signature(self, text: str) -> NoteSignature:
        """Return only this key's signature over `text`."""
        return NoteSignature(self.name, self.verifier.key_id, self.key().sign(text.encode()))


class SecondSigner:
    """A log's ML-DSA-44 key, which signs beside its Ed25519 one. Not deterministic: each signature is another one."""

    def __init__(self, name: str, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.verifier = Verifier.create(name, private.public_key().public_bytes_raw(), type=ML_DSA_44)

    @property
    def name(self) -> str:
        """The name in the signature line: the log's origin."""
        return self.verifier.name

    def signature(self, text: str) -> NoteSignature:
        """Return only this key's signature over a checkpoint's `text`; it says nothing about time."""
        time = 0
        signed = self._private.sign(mldsa.signed_message(self.name, text, time))
        return NoteSignature(self.name, self.verifier.key_id, time.to_bytes(8, "big") + signed, time)


class Cosigner:
    """A witness's private key; its signature also says when."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verifier = Verifier.create(name, private.public_key().public_bytes_raw(), type=COSIGNATURE)

    def signature(self, text: str, *, time: int) -> NoteSignature:
        """Return the cosignature/v1 over a checkpoint's `text`, made at `time` (seconds since 1970, > 0)."""
        field = time.to_bytes(8, "big") + self._private.sign(cosigned_message(text, time))
        return NoteSignature(self.verifier.name, self.verifier.key_id, field, time)
