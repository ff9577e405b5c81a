"""Holding a ledger file against the heads that were kept outside of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.errors import IntegrityFailure, StorageFailure
from store.integrity.checkpoint import Checkpoint, open_checkpoint
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
    cosigned: int = 0
    """Witnesses that cosigned that head."""


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
            head = open_checkpoint(note, [rules.verifier])
        except IntegrityFailure as error:
            anchors.problems.append(Problem(seq=0, problem="head", detail=f"{store.path}: {error}"))
            continue
        problem = _disagreement(connection, rules.origin, position, total, head)
        if problem:
            short = head.origin == rules.origin and head.size > total
            kind = "shorter" if short else "diverged"
            anchors.problems.append(Problem(seq=head.size, problem=kind, detail=f"{store.path} {problem}"))
            anchors.contradictions.append(_evidence(connection, total, head, note))
        elif head.size > anchors.size:
            anchors.size = head.size
            anchors.cosigned = _count_cosignatures(note, rules.verifier, witnesses)
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


def _count_cosignatures(note: bytes, log: Verifier, witnesses: Sequence[Verifier]) -> int:
    """Return how many of the witnesses vouch for the note: by name, so that no witness counts twice."""
    try:
        opened = open_note(note, [log, *witnesses])
    except IntegrityFailure:
        return 0
    cosigners = {(witness.name, witness.key_id) for witness in witnesses if witness.type == COSIGNATURE}
    return len({line.name for line in opened.signatures if (line.name, line.key_id) in cosigners})
