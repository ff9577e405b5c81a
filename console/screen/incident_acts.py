"""Opening an incident, from any screen."""

from __future__ import annotations

from typing import Any

from console.presentation.spans import Line, line
from console.presentation.words import severity
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Ask, Choose
from store.services import incidents


async def open_incident(
    pane: Pane[Any], desk: Desk, *, project: str | None = None, environment: str | None = None
) -> None:
    """Ask for severity and title, open an incident about this place (None: everything), and say its id."""
    place = f"{environment}/{project}" if environment else "everything"
    options: list[tuple[str, Line]] = [
        (name, line((f"{severity(name).symbol} ", severity(name).tone), name))
        for name in reversed(incidents.SEVERITIES)
    ]
    level = await pane.ask(Choose(f"Incident on {place}: how bad is it?", options))
    if level is None:
        return
    facts = ["the ledger's head and what should be live everywhere are pinned to it"]
    title = await pane.ask(Ask(f"Incident on {place}", facts=facts, placeholder="what is wrong, in a few words"))
    if title is None:
        return
    entry = await pane.perform(
        lambda: incidents.open_incident(
            desk.context, desk.me(), title=title, severity=level, project=project, environment=environment
        ),
        doing="opening an incident",
    )
    pane.say(f"opened {entry.statement.on['incident']}: entry {entry.seq}; c adds notes, t on it replays the moment")
