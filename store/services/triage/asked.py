"""What every source of things that need somebody is handed, and what one is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from store.domain import roles
from store.domain.roles import Principals
from store.services.context import Context
from store.services.triage.item import Item


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One look at what needs somebody: every source sees the same instant, and the same people."""

    context: Context
    people: Principals
    handle: str | None
    """Who asks; None for somebody without a key."""
    at: str
    """The instant (RFC 3339)."""
    chain: str = ""
    """How the last verification found the ledger, where it found it unsound."""

    def may(self, act: str, project: str, environment: str) -> bool:
        """Say whether who asks may do `act` there now."""
        return self.handle is not None and roles.may(
            self.people, self.handle, act, project=project, environment=environment, at=self.at
        )


Asks: TypeAlias = Callable[[Asked], Iterable[Item]]
"""Reads what it needs and yields what needs somebody, the newest first; its rules are pure, in `store.domain`."""
