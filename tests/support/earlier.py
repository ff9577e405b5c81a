"""Entries as the code of an earlier day recorded them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from store.domain import events as ev


def without_lapses(now: Callable[..., ev.LedgerOpened | ev.LedgerRestored]) -> Callable[..., Any]:
    """Return a maker of these entries from before anything could lapse: they say nothing of it."""
    unsaid: Any = {"lapses": None}  # what is None is left out

    def then(*, lapses: bool, **said: Any) -> Any:
        return replace(now(**said), **unsaid)

    return then
