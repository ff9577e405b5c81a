"""Receipts, c2sp.org/tlog-proof: one entry's place in the log, checkable by anybody, offline."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import HASH_BYTES, MAX_PROOF, leaf_hash, verify_inclusion
from store.integrity.note import NoKnownSignature, Verifier, decode_base64, open_note

MAX_BYTES = 1_200_000
_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a .tlog-proof file says; nothing of it is checked before `verify_proof`."""

    index: int
    """The leaf's number, from 0: an entry's `seq` − 1."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, from the leaf's sibling upwards, 32 bytes each."""
    checkpoint: bytes = field(repr=False)
    """The signed note the proof leads to, verbatim."""
    extra: bytes | None = None
    """Free to use and signed by nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """What a good proof shows."""

    checkpoint: Checkpoint
    """The head that the log signed and that holds the entry."""
    witnesses: tuple[str, ...]
    """The names of the witnesses asked about who saw that head."""


def write_proof(proof: Proof) -> bytes:
    """Return the bytes of the .tlog-proof file."""
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {b64encode(proof.extra).decode()}")
    lines.append(f"index {proof.index}")
    lines += [b64encode(item).decode() for item in proof.hashes]
    return "\n".join([*lines, "", ""]).encode() + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Return what a .tlog-proof file says.

    Raises:
        BadInput: it is not exactly of the form of c2sp.org/tlog-proof.
    """
    if len(data) > MAX_BYTES:
        raise BadInput("proof: the file is too long")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError:
        raise BadInput("proof: not valid UTF-8") from None
    if lines.pop(0) != _HEADER or not blank or not checkpoint:
        raise BadInput(f"proof: not a {_HEADER} file with a checkpoint after a blank line")
    extra = _base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if not index:
        raise BadInput("proof: the line 'index <number>' is missing")
    hashes = tuple(map(_base64, lines))
    if len(hashes) > MAX_PROOF or any(len(item) != HASH_BYTES for item in hashes):
        raise BadInput(f"proof: not at most {MAX_PROOF} hashes of {HASH_BYTES} bytes")
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify_proof(
    proof: Proof, body: bytes, *, log: Verifier, witnesses: Sequence[Verifier] = (), quorum: int = 0
) -> Proven:
    """Check that the log whose key is `log` holds the entry with these `body` bytes.

    The log's name is the origin of the checkpoint; at least `quorum` of `witnesses` must have seen that head.

    Raises:
        NoKnownSignature: the log did not sign it (an IntegrityFailure).
        IntegrityFailure: another origin, a wrong signature, too few witnesses, or the entry is not in it.
    """
    opened = open_note(proof.checkpoint, [log, *witnesses])
    signed = {(line.name, line.key_id) for line in opened.signatures}
    if (log.name, log.key_id) not in signed:
        raise NoKnownSignature(f"proof: the checkpoint is not signed by {log.name}")
    try:
        checkpoint = Checkpoint.parse(opened.text)
    except BadInput as error:
        raise IntegrityFailure(str(error)) from None
    if checkpoint.origin != log.name:
        raise IntegrityFailure(f"proof: of the log {checkpoint.origin}, not of {log.name}")
    seen = tuple(witness.name for witness in witnesses if (witness.name, witness.key_id) in signed)
    # One witness is one name, however many keys it has.
    if len(set(seen)) < quorum:
        raise IntegrityFailure(f"proof: {len(set(seen))} of {quorum} wanted witnesses have seen this head")
    verify_inclusion(proof.index, checkpoint.size, leaf_hash(body), proof.hashes, checkpoint.root)
    return Proven(checkpoint=checkpoint, witnesses=seen)


def _base64(text: str) -> bytes:
    data = decode_base64(text)
    if data is None:
        raise BadInput("proof: a line is not canonical base64")
    return data
