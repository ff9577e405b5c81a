"""Holding a ledger file against the heads that were kept outside of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.errors import IntegrityFailure, StorageFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import consistency_proof
from store.integrity.note import COSIGNATURE, Verifier, open_note
from store.ledger.heads import HeadStore
from store.ledger.report import Contradiction, Problem
from store.ledger.span import Rules
from store.ledger.state import disagreement, newest_note
from store.ledger.tree import Nodes, Position

Kept = tuple[HeadStore, bytes | StorageFailure]
"""A store, and the note it keeps or why that cannot be read."""


@dataclass(kw_only=True, slots=True)
class Anchors:
    """What the kept heads say."""

    problems: list[Problem] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)
    size: int = 0
    """Size of the largest kept head that agrees; 0 when none does."""
    vouched: dict[str, int] = field(default_factory=dict)
    """Witness by name → size of the largest head it cosigned that agrees."""

    def witnessed(self, quorum: int) -> tuple[int, int]:
        """Return (size, witnesses): the largest size up to which `quorum` witnesses or more vouch for the file."""
        sizes = sorted(self.vouched.values(), reverse=True)
        if not 0 < quorum <= len(sizes):
            return 0, len(sizes)
        return sizes[quorum - 1], sum(size >= sizes[quorum - 1] for size in sizes)


def read_heads(heads: Sequence[HeadStore]) -> list[Kept]:
    """Return what each store keeps; stores that keep nothing yet are left out."""
    found: list[Kept] = []
    for store in heads:
        try:
            note = store.read()
        except StorageFailure as error:
            found.append((store, error))
        else:
            if note is not None:
                found.append((store, note))
    return found


def compare_heads(
    connection: sqlite3.Connection,
    kept: Sequence[Kept],
    rules: Rules,
    position: Position,
    total: int,
    witnesses: Sequence[Verifier],
) -> Anchors:
    """Compare every kept head with a file of `total` entries that was checked up to `position`."""
    anchors = Anchors()
    for store, note in kept:
        if isinstance(note, StorageFailure):
            anchors.problems.append(Problem(seq=0, problem="head", detail=str(note)))
            continue
        try:
            head = rules.keys.open(note)
            cosigners = _cosigners(note, rules.keys.for_note(note), witnesses)
        except IntegrityFailure as error:
            anchors.problems.append(Problem(seq=0, problem="head", detail=f"{store.path}: {error}"))
            continue
        problem = _disagreement(connection, rules.origin, position, total, head)
        if problem:
            short = head.origin == rules.origin and head.size > total
            kind = "shorter" if short else "diverged"
            anchors.problems.append(Problem(seq=head.size, problem=kind, detail=f"{store.path} {problem}"))
            anchors.contradictions.append(_evidence(connection, total, head, note))
        else:
            anchors.size = max(anchors.size, head.size)
            for name in cosigners:
                anchors.vouched[name] = max(anchors.vouched.get(name, 0), head.size)
    return anchors


def _disagreement(
    connection: sqlite3.Connection, origin: str, position: Position, total: int, head: Checkpoint
) -> str | None:
    if head.size == position.size == total and head.origin == origin:
        same = head.root == position.head().root  # from the bytes, not from stored nodes
        return None if same else f"remembers other first {head.size} entries than the ones here"
    try:
        return disagreement(connection, origin, total, head)
    except IntegrityFailure as error:
        return f"cannot be compared: {error}"


def _evidence(connection: sqlite3.Connection, total: int, head: Checkpoint, note: bytes) -> Contradiction:
    proof: tuple[bytes, ...] = ()
    if head.size <= total:
        try:
            proof = tuple(consistency_proof(head.size, total, Nodes(connection).get))
        except IntegrityFailure:
            proof = ()  # the tree has gaps, which is told elsewhere
    return Contradiction(kept=note, ours=newest_note(connection), proof=proof)


def _cosigners(note: bytes, log: Verifier, witnesses: Sequence[Verifier]) -> frozenset[str]:
    """Return who of the witnesses vouches for the note: by name, so that no witness counts twice.

    Raises:
        IntegrityFailure: a witness known here signed it wrongly, which spoils the whole note.
    """
    known = {(one.name, one.key_id): one for one in witnesses if one.type == COSIGNATURE}
    opened = open_note(note, [log, *known.values()])
    return frozenset(line.name for line in opened.signatures if (line.name, line.key_id) in known)
