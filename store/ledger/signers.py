"""What signs for a log."""

from __future__ import annotations

from dataclasses import dataclass

from store.integrity.note import NoteSigner, SecondSigner


@dataclass(frozen=True, slots=True)
class Signers:
    """The private keys of a log that are here."""

    first: NoteSigner | None
    """The Ed25519 key; None when it is not here."""
    second: SecondSigner | None = None
    """The ML-DSA-44 key beside it; None where the log has none, or it is not here."""
