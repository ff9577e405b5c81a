"""Recording that somebody looked at the inventory of connectors."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import events as ev
from store.domain.roles import require
from store.errors import Conflict
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.connectors.inventory import Inventory, inventory
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals


@attempt("review the connectors")
def review(context: Context, actor: Actor, seen: Inventory, *, note: str = "") -> Entry:
    """Record that `actor` reviewed the inventory as it was `seen`; what comes later is new again.

    Raises:
        Refusal: no role of theirs lets them.
        Conflict: the inventory is another one by now.
    """
    now = inventory(context)
    if now.digest != seen.digest:
        raise Conflict("the connectors changed while they were being reviewed; look again")
    count = sum(item.in_use for item in now.items)

    def decide(source: Source) -> Sequence[ev.Event]:
        require(principals(source), actor.handle, "review connectors", project="*", environment="*", at=context.now)
        return [ev.ConnectorsReviewed(inventory=seen.digest, connectors=count, note=note.strip())]

    return perform(context, actor, decide, blobs=[seen.snapshot])[0]
