"""A change request as its own entries make it: what every decision about one begins with."""

from __future__ import annotations

from store.domain import change as rules
from store.domain.change import Change
from store.services.source import Source, recorded


def change_of(source: Source, request: str) -> Change:
    """Return a request, folded from its own entries. Raises NotFound."""
    return rules.replay(request, recorded(source.entries(on={"request": request})))
