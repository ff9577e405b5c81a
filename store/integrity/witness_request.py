"""What a log asks a witness, c2sp.org/tlog-witness `add-checkpoint`: a head, and that it extends an earlier one."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.errors import BadInput
from store.integrity.merkle import HASH_BYTES, MAX_PROOF
from store.integrity.note import MAX_SIGNATURES, decode_base64

MAX_REQUEST = 64 * 1024
"""Bytes: far more than 63 proof lines and a checkpoint with a handful of signatures need."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddCheckpoint:
    """One request; nothing of it is checked."""

    old: int
    """The size of the head that the witness is believed to know; 0 for none."""
    proof: tuple[bytes, ...] = ()
    """The consistency proof from `old` (RFC 9162 section 2.1.4); empty for `old` = 0."""
    checkpoint: bytes = field(repr=False)
    """The log's signed note."""


def write_request(request: AddCheckpoint) -> bytes:
    """Return the bytes of the request."""
    lines = [f"old {request.old}", *(b64encode(item).decode() for item in request.proof)]
    return "\n".join([*lines, "", ""]).encode() + request.checkpoint


def parse_request(data: bytes) -> AddCheckpoint:
    """Return the request in `data`; its checkpoint is looked at by whoever checks the signatures.

    Raises:
        BadInput: it is longer than `MAX_REQUEST` or not exactly of the form of tlog-witness.
    """
    if len(data) > MAX_REQUEST:
        raise BadInput(f"witness request: longer than {MAX_REQUEST:,} bytes")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not checkpoint:
        raise BadInput("witness request: no checkpoint after a blank line")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise BadInput("witness request: its first lines are not ASCII") from None
    old = _OLD.fullmatch(first)
    if not old:
        raise BadInput("witness request: the first line is not 'old' and a plain decimal size")
    return AddCheckpoint(old=int(old[1]), proof=parse_hashes(lines), checkpoint=checkpoint)


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Return the hashes of a proof, each one line of canonical base64.

    Raises:
        BadInput: too many, not canonical base64, or not 32 bytes long.
    """
    if len(lines) > MAX_PROOF:
        raise BadInput(f"witness request: more than {MAX_PROOF} proof lines")
    hashes = []
    for number, line in enumerate(lines, start=1):
        item = decode_base64(line)
        if item is None:
            raise BadInput(f"witness request: proof line {number} is not canonical base64")
        if len(item) != HASH_BYTES:
            raise BadInput(f"witness request: proof line {number} is not a hash of {HASH_BYTES} bytes")
        hashes.append(item)
    return tuple(hashes)


def merge_lines(note: bytes, lines: bytes) -> bytes:
    """Return the note with the signature lines in `lines` added that it does not hold yet; nothing is checked.

    Raises:
        BadInput: `lines` are not signature lines, or there are too many.
    """
    text, blank, present = note.rpartition(b"\n\n")
    added = lines.splitlines(keepends=True)
    if not blank or not added or any(not line.startswith("— ".encode()) or line[-1:] != b"\n" for line in added):
        raise BadInput("note: these are no signature lines")
    whole = dict.fromkeys([*present.splitlines(keepends=True), *added])
    if len(whole) > MAX_SIGNATURES:
        raise BadInput(f"note: more than {MAX_SIGNATURES} signatures")
    return text + blank + b"".join(whole)
