"""What every health check is handed, and what one is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from store.domain import roles
from store.domain.duties import Duty
from store.domain.roles import Principals
from store.services.context import Context, Source


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at the workspace: every check sees the same instant, and the same entries."""

    context: Context
    source: Source
    at: str
    """The instant (RFC 3339)."""
    people: Principals

    def able(self, act: str, *, project: str = "*", environment: str = "*") -> tuple[str, ...]:
        """Return who may do `act` there now."""
        return tuple(roles.able(self.people, act, project=project, environment=environment, at=self.at))

    @property
    def began(self) -> str:
        """When the ledger was opened: from here on is owed what nobody ever did."""
        first = next(iter(self.source.entries(limit=1)), None)
        return first.statement.time if first is not None else self.at


Check: TypeAlias = Callable[[Look], Iterable[Duty]]
"""Reads what it needs and yields what is owed; its rules are pure and stand in `store.domain`."""
