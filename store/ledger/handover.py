"""How one of a log's keys gives way to another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from store.integrity.logkeys import LogKeys
from store.integrity.note import NoteSigner, SecondSigner
from store.ledger.signers import Signers


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The log goes over to another Ed25519 key."""

    signer: NoteSigner

    @property
    def said(self) -> tuple[str, str]:
        """What the entry's data must say: (field, value)."""
        return "log_key", self.signer.verifier.vkey

    def keys(self, before: LogKeys, seq: int) -> LogKeys:
        """Return the log's keys after the entry with this number."""
        return before.rotated(seq, self.signer.verifier)

    def signers(self, before: Signers) -> Signers:
        """Return what signs afterwards."""
        return replace(before, first=self.signer)


@dataclass(frozen=True, slots=True)
class SecondKey:
    """The log gets a second key, another one, or (None) gives it up."""

    signer: SecondSigner | None

    @property
    def said(self) -> tuple[str, str]:
        """What the entry's data must say: (field, value)."""
        return "second_key", self.signer.verifier.vkey if self.signer else ""

    def keys(self, before: LogKeys, seq: int) -> LogKeys:
        """Return the log's keys after the entry with this number."""
        return before.seconded(seq, self.signer.verifier if self.signer else None)

    def signers(self, before: Signers) -> Signers:
        """Return what signs afterwards."""
        return replace(before, second=self.signer)


Handover = FirstKey | SecondKey
