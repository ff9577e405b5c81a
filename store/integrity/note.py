"""Signed notes, c2sp.org/signed-note v1.0.0: a text, and lines that say which keys vouch for it."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store.errors import BadInput, IntegrityFailure
from store.integrity import mldsa
from store.integrity.edwards import check_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

ED25519 = 0x01
COSIGNATURE = 0x04
"""cosignature/v1: an Ed25519 signature over a time and the text (c2sp.org/tlog-cosignature)."""
ML_DSA_44 = 0x06
"""subtree/v1: an ML-DSA-44 signature over a time and what the checkpoint says (c2sp.org/tlog-cosignature)."""

MAX_SIGNATURES = 100
MAX_NOTE = 1_000_000
MAX_TIME = 2**63 - 1
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME_TROUBLE = re.compile(r"[\s+\x00-\x1f\x7f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", re.ASCII)


class NoKnownSignature(IntegrityFailure):
    """The note is well formed, but none of the keys asked about signed it."""


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
            if time > MAX_TIME:
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


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes = field(repr=False)
    """The field after the key id."""
    time: int | None = None
    """When a cosignature says it was made, in seconds since 1970; None for plain signatures."""


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note that at least one known key vouches for."""

    text: str
    """What is signed, with its final newline."""
    signatures: tuple[NoteSignature, ...]
    """The lines of known keys, checked, one a key, in the note's order."""
    unknown: tuple[NoteSignature, ...] = ()
    """The lines of keys nobody asked about: not checked, worth nothing."""


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


def make_note(text: str, signatures: Sequence[NoteSignature]) -> bytes:
    """Return the note of `text` with these signature lines, which are not checked.

    Raises:
        BadInput: `text` does not end in a newline or holds control characters, or there is no signature.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise BadInput("note: the text must end in a newline and hold no control characters")
    if not 0 < len(signatures) <= MAX_SIGNATURES:
        raise BadInput(f"note: 1 to {MAX_SIGNATURES} signatures, not {len(signatures)}")
    return f"{text}\n{''.join(map(signature_line, signatures))}".encode()


def signature_line(signature: NoteSignature) -> str:
    """Return the line `— name base64(key id ‖ signature)`, newline included."""
    return f"{_MARK}{signature.name} {b64encode(signature.key_id + signature.signature).decode()}\n"


def open_note(note: bytes, verifiers: Sequence[Verifier]) -> OpenedNote:
    """Return what `note` says, once every signature of a key in `verifiers` has been checked.

    A known key with a wrong signature spoils the whole note; unknown keys are listed and ignored.

    Raises:
        NoKnownSignature: none of `verifiers` signed it.
        IntegrityFailure: malformed, a known signature is wrong, or two verifiers claim one name and key id.
    """
    text, lines = _split(note)
    known: dict[tuple[str, bytes], NoteSignature] = {}
    unknown: list[NoteSignature] = []
    for line in lines:
        identity = (line.name, line.key_id)
        candidates = [verifier for verifier in verifiers if (verifier.name, verifier.key_id) == identity]
        if len(candidates) > 1:
            raise IntegrityFailure(f"note: two keys claim to be {line.name}+{line.key_id.hex()}")
        if not candidates:
            unknown.append(line)
            continue
        time = candidates[0].check(text, line.signature)
        known.setdefault(identity, NoteSignature(line.name, line.key_id, line.signature, time))
    if not known:
        raise NoKnownSignature("note: signed by no key that is known here")
    return OpenedNote(text, tuple(known.values()), tuple(unknown))


def note_text(note: bytes) -> str:
    """Return the text of a well-formed note without checking any signature: to look up whose it might be.

    Raises:
        IntegrityFailure: the note is malformed.
    """
    return _split(note)[0]


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


def _split(note: bytes) -> tuple[str, list[NoteSignature]]:
    if len(note) > MAX_NOTE:
        raise IntegrityFailure(f"note: longer than {MAX_NOTE:,} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise IntegrityFailure("note: not valid UTF-8") from None
    if _CONTROL.search(whole):
        raise IntegrityFailure("note: holds control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise IntegrityFailure("note: no signature lines after a blank line")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise IntegrityFailure(f"note: more than {MAX_SIGNATURES} signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_MARK) or not is_key_name(name) or data is None or len(data) < 5:
        raise IntegrityFailure("note: a line after the text is no signature line")
    return NoteSignature(name, data[:4], data[4:])
