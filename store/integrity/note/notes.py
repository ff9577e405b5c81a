"""Making a note, and opening one: its text, its signature lines, and which of them known keys made."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.errors import BadInput, IntegrityFailure
from store.integrity.note.verifier import Verifier, decode_base64, is_key_name

MAX_SIGNATURES = 100
MAX_NOTE = 1_000_000
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoKnownSignature(IntegrityFailure):
    """The note is well formed, but none of the keys asked about signed it."""


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
