"""`Z`: take back what one did last, from any screen."""

from __future__ import annotations

from typing import Any

from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Confirm
from store.domain.severity import is_production
from store.services import undoing


async def undo(pane: Pane[Any], desk: Desk) -> None:
    """Show what would be taken back, ask why, and record it; or say why it cannot be."""
    me = desk.me()
    found = await desk.threads.read(undoing.last_act, desk.context, me.handle)
    facts = (
        f"Your last act: entry {found.entry}, {found.kind}.",
        f"An entry under your signature says that it is taken back: {found.words}.",
    )
    place = found.environment if is_production(found.environment) else None
    answer = await pane.ask(Confirm(found.words, facts, verb="undo", environment=place, reason="why, for the ledger"))
    if answer.confirmed:
        entry = await pane.perform(lambda: found.record(me, answer.reason), doing="taking it back")
        pane.say(f"taken back: {found.words} (entry {entry.seq})")
