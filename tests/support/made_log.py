"""A log that lives in memory: enough of one to ask a witness about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.merkle import EMPTY_ROOT, consistency_proof, frontier_from_nodes, leaf_hash, node_hash
from store.integrity.note import NoteSigner
from store.integrity.witness_request import AddCheckpoint, write_request


@dataclass
class MadeLog:
    """A log of leaves `0`, `1`, …; another `salt` makes another history of the same log."""

    origin: str = "log.example/a"
    seed: bytes = bytes(range(32))
    salt: bytes = b""
    forked_at: int = 0
    """From which leaf on the salt counts."""
    leaves: list[bytes] = field(default_factory=list)

    @property
    def signer(self) -> NoteSigner:
        return NoteSigner(self.origin, Ed25519PrivateKey.from_private_bytes(self.seed))

    @property
    def vkey(self) -> str:
        return self.signer.verifier.vkey

    def get(self, level: int, index: int) -> bytes:
        if level == 0:
            salt = self.salt if index >= self.forked_at else b""
            return leaf_hash(salt + str(index).encode())
        return node_hash(self.get(level - 1, 2 * index), self.get(level - 1, 2 * index + 1))

    def root(self, size: int) -> bytes:
        return frontier_from_nodes(size, self.get).root() if size else EMPTY_ROOT

    def note(self, size: int) -> bytes:
        return sign_checkpoint(Checkpoint(origin=self.origin, size=size, root=self.root(size)), self.signer)

    def request(self, old: int, size: int, *, proof_from: int | None = None) -> bytes:
        start = old if proof_from is None else proof_from
        proof = consistency_proof(start, size, self.get) if start <= size else []
        return write_request(AddCheckpoint(old=old, proof=tuple(proof), checkpoint=self.note(size)))
