"""Signed notes, c2sp.org/signed-note v1.0.0: a text, and lines that say which keys vouch for it."""

from store.integrity.note.notes import (
    MAX_NOTE,
    MAX_SIGNATURES,
    NoKnownSignature,
    NoteSignature,
    OpenedNote,
    make_note,
    note_text,
    open_note,
    signature_line,
)
from store.integrity.note.signing import Cosigner, NoteSigner, SecondSigner
from store.integrity.note.verifier import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    Verifier,
    decode_base64,
    is_key_name,
)

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "ML_DSA_44",
    "Cosigner",
    "NoKnownSignature",
    "NoteSignature",
    "NoteSigner",
    "OpenedNote",
    "SecondSigner",
    "Verifier",
    "decode_base64",
    "is_key_name",
    "make_note",
    "note_text",
    "open_note",
    "signature_line",
]
