"""What every service is handed: the opened workspace, and who acts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from store import archive, projections
from store.clock import Clock, timestamp
from store.config import Config
from store.domain import events as ev
from store.domain.memo import Memo
from store.errors import IntegrityFailure
from store.ledger import Ledger
from store.services.policy.book import Fixed, Policies
from store.services.source import Source, recorded

if TYPE_CHECKING:  # a program that only opens a workspace and reads its entries imports none of these
    from store.domain.policy import Policy
    from store.domain.policy.in_force import InForce
    from store.integrity.signer import Signer

__all__ = ["SYSTEM", "TABLES", "Actor", "Context", "Source", "fresh_nonce", "named", "next_id", "recorded"]

TABLES = (*archive.TABLES, *projections.TABLES)
"""The tables that stand beside the ledger's own in its file."""
SYSTEM = ev.SYSTEM


def fresh_nonce() -> str:
    """Return 128 random bits in hex: what keeps two otherwise equal statements apart."""
    return os.urandom(16).hex()


@dataclass(frozen=True, kw_only=True)
class Context:
    """An opened workspace, as services need it."""

    root: Path
    config: Config
    ledger: Ledger
    clock: Clock
    policies: Policies
    """Which policy is in force, and was when."""
    nonce: Callable[[], str] = fresh_nonce
    """Where nonces come from; the demo's are the same every time when its ledger has to be."""

    memo: Memo = field(default_factory=Memo, compare=False, repr=False)
    """What is known of parts of exports that were taken in lately."""
    recent: archive.Recent = field(default_factory=archive.Recent, compare=False, repr=False)
    """What was archived lately; asked only inside transactions, and so by one thread at a time."""

    @property
    def rules(self) -> InForce:
        """The policy in force at the newest commit, and since when."""
        return self.policies.now()

    @property
    def policy(self) -> Policy:
        """The policy in force at the newest commit."""
        return self.policies.now().policy

    def under(self, policy: Policy) -> Context:
        """Return this workspace as if `policy` were and had always been in force: what a change of it would mean."""
        return replace(self, policies=Fixed(policy))

    @property
    def now(self) -> str:
        """The current instant as statements write it."""
        return timestamp(self.clock.now())


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A principal with the key in hand that proves it."""

    handle: str
    signer: Signer


def next_id(source: Source, prefix: str, kinds: Sequence[str], key: str) -> int:
    """Return the number after the newest `prefix`-id that entries of `kinds` carry in `on[key]`.

    Raises:
        IntegrityFailure: what the newest of them carries is no id.
    """
    for entry in source.entries(kinds=kinds, limit=1, newest_first=True):
        last = entry.statement.on.get(key, "")
        try:
            return int(last.removeprefix(f"{prefix}-")) + 1
        except ValueError:
            raise IntegrityFailure(f"entry {entry.seq}: {last[:40]!a} is no id {prefix}-…") from None
    return 1


def named(prefix: str, number: int) -> str:
    """Return an id such as `CR-0042`."""
    return f"{prefix}-{number:04d}"
