"""A change request as its own entries make it: what every decision about one begins with."""

from __future__ import annotations

from dataclasses import replace

from store.domain import change as rules
from store.domain import events as ev
from store.domain.change import Change
from store.services.attested import attested
from store.services.delivery.moving import placed
from store.services.requests.restores import newest
from store.services.source import Source, recorded


def change_of(source: Source, request: str) -> Change:
    """Return a request, folded from its own entries. Raises NotFound.

    Whoever can write the file can append ticks of its checklist: those that nobody signed are left out. Approvals
    count for where the release was to go when they were given, and not across a restore.
    """
    change = placed(source, rules.replay(request, recorded(source.entries(on={"request": request}))))
    change = rules.outlived(change, newest(source))
    if not change.ticks:
        return change
    signed = {one.seq for one in attested(source, [ev.ChecklistTicked.KIND], lambda *_: True, on={"request": request})}
    return replace(change, ticks=tuple(one for one in change.ticks if one.seq in signed))
