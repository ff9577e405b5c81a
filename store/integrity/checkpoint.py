"""Checkpoints, c2sp.org/tlog-checkpoint: a log's name, its size and its root, in a signed note."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from store.errors import BadInput, IntegrityFailure
from store.integrity.merkle import EMPTY_ROOT, HASH_BYTES
from store.integrity.note import (
    NoteSigner,
    SecondSigner,
    Verifier,
    decode_base64,
    is_key_name,
    make_note,
    open_note,
)

MAX_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """One head of a log: whoever holds it can prove any later change of what came before.

    Raises:
        BadInput: on construction, when it could not be written so that everybody reads it alike.
    """

    origin: str
    """The log's name: a schema-less URL."""
    size: int
    """How many entries."""
    root: bytes
    """The 32-byte Merkle root over them."""
    extensions: tuple[str, ...] = ()
    """Further non-empty lines that other logs may add; ours never does."""

    def __post_init__(self) -> None:
        if not is_key_name(self.origin):
            raise BadInput("checkpoint: the origin must not be empty, hold spaces, control characters or '+'")
        if not 0 <= self.size <= MAX_SIZE:
            raise BadInput("checkpoint: the size is out of range")
        if len(self.root) != HASH_BYTES:
            raise BadInput(f"checkpoint: a root has {HASH_BYTES} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise BadInput("checkpoint: size 0 with the root of something")
        if any(not line or "\n" in line for line in self.extensions):
            raise BadInput("checkpoint: an extension line must not be empty")

    def text(self) -> str:
        """Return the text that is signed: origin, size, base64 root and extensions, one a line."""
        return "\n".join((self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions, ""))

    @staticmethod
    def parse(text: str) -> Checkpoint:
        """Return the checkpoint that a note's text is.

        Raises:
            BadInput: it is not exactly a checkpoint: leading zeros, spaces, odd base64, an empty line.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:
            raise BadInput("checkpoint: needs an origin, a size and a root, each with its newline")
        origin, size, encoded, *extensions = lines[:-1]
        root = decode_base64(encoded)
        if not _SIZE.fullmatch(size):
            raise BadInput("checkpoint: the size is no plain decimal number")
        if root is None:
            raise BadInput("checkpoint: the root is not canonical base64")
        return Checkpoint(origin=origin, size=int(size), root=root, extensions=tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, *signers: NoteSigner | SecondSigner) -> bytes:
    """Return the note of `checkpoint`, signed by all `signers` (two of a kind where a log changes its key).

    Raises:
        BadInput: a signer's name is not the checkpoint's origin.
    """
    for signer in signers:
        if signer.name != checkpoint.origin:
            raise BadInput(f"checkpoint: the key of {signer.name} does not sign for {checkpoint.origin}")
    text = checkpoint.text()
    return make_note(text, [signer.signature(text) for signer in signers])


def open_checkpoint(note: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """Return the checkpoint of a note that at least one of `verifiers` signed and none signed wrongly.

    Raises:
        NoKnownSignature: none of `verifiers` signed it (an IntegrityFailure).
        IntegrityFailure: the note or the checkpoint is malformed, or a known signature is wrong.
    """
    opened = open_note(note, verifiers)
    try:
        return Checkpoint.parse(opened.text)
    except BadInput as error:
        raise IntegrityFailure(str(error)) from None
