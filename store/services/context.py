"""What every service is handed: the opened workspace, and who acts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from store import archive, projections
from store.clock import Clock, timestamp
from store.config import Config
from store.domain import events as ev
from store.domain.policy import Policy
from store.integrity.entry import Entry
from store.integrity.signer import Signer
from store.ledger import Ledger

TABLES = (*archive.TABLES, *projections.TABLES)
"""The tables that stand beside the ledger's own in its file."""
SYSTEM = "system"
"""The actor of what quarterdeck itself observes: ingests, gates, read-backs, drifts."""


def fresh_nonce() -> str:
    """Return 128 random bits in hex: what keeps two otherwise equal statements apart."""
    return secrets.token_hex(16)


@dataclass(frozen=True, kw_only=True)
class Context:
    """An opened workspace, as services need it."""

    root: Path
    config: Config
    ledger: Ledger
    clock: Clock
    policy: Policy
    nonce: Callable[[], str] = fresh_nonce
    """Where nonces come from; the demo's are the same every time when its ledger has to be."""

    @property
    def now(self) -> str:
        """The current instant as statements write it."""
        return timestamp(self.clock.now())


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A principal with the key in hand that proves it."""

    handle: str
    signer: Signer


class Source(Protocol):
    """Where entries are read from: the ledger, or the writer inside its transaction."""

    def entries(
        self,
        *,
        kinds: Sequence[str] | None = None,
        on: Mapping[str, str] | None = None,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Yield matching entries in order."""
        ...


def recorded(entries: Iterable[Entry]) -> Iterator[ev.Recorded]:
    """Yield what each entry records, decoded."""
    for entry in entries:
        statement = entry.statement
        event = ev.decode(statement.kind, statement.on, statement.data)
        yield ev.Recorded(seq=entry.seq, time=statement.time, actor=statement.actor, event=event)


def next_id(source: Source, prefix: str, kinds: Sequence[str], key: str) -> int:
    """Return the number after the newest `prefix`-id that entries of `kinds` carry in `on[key]`."""
    for entry in source.entries(kinds=kinds, limit=1, newest_first=True):
        return int(entry.statement.on[key].removeprefix(f"{prefix}-")) + 1
    return 1


def named(prefix: str, number: int) -> str:
    """Return an id such as `CR-0042`."""
    return f"{prefix}-{number:04d}"
