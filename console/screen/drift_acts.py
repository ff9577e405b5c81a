"""What a person answers to a drift: it is known and may stand for now, or what is live should stay."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from console.personal.drafts import Draft
from console.screen.asking import ask_and_record
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Ask
from store.domain import events as ev
from store.errors import Unstated
from store.projections.drifts import DriftRow
from store.services.drift import drifting
from store.services.drift.drift_list import Listed

_NOT_ADOPTED = "not adopted; nothing was changed"


def why_not(name: str, one: Listed) -> str | None:
    """Return why a drift cannot be answered so, with what would unblock it; None when it can."""
    row = one.row
    if name in {"revert", "adopt", "acknowledge"} and row.status == "resolved":
        return f"{row.id} ended already: {row.note}"
    match name:
        case "revert":
            return "\n".join(one.revert_blocked) or None
        case "adopt" if row.status == "adopted":
            return f"{row.note} asks to keep it already\n→ review and deploy {row.note}, or revert"
        case "acknowledge" if row.status == "acknowledged":
            return f"acknowledged already: “{row.note}”\n→ revert or adopt it"
        case "acknowledge" if row.status == "adopted":
            return f"{row.note} asks to keep it already"
        case "adopt" | "acknowledge":
            return "\n".join(one.answer_blocked) or None
        case _:
            return None


async def adopt(pane: Pane[Any], desk: Desk, row: DriftRow) -> None:
    """Ask for the title and the reason of a request that keeps what is live, and open it."""
    facts = (*facts_of(row), "A request asks to keep what is live.")
    title = await pane.ask(
        Ask(f"Adopt {row.id}: title of the request", facts=facts, value=f"Keep {row.name} as it is live")
    )
    if title is None:
        pane.say(_NOT_ADOPTED, tone="info")
        return
    why = await pane.ask(Ask(f"Adopt {row.id}: why should it stay?", facts=facts, placeholder="why, for the approvers"))
    if why is None:
        pane.say(_NOT_ADOPTED, tone="info")
        return
    content = drifting.usual_content(row.id, title=title, why=why)

    def ask_for(content: ev.RequestContent) -> str:
        opened, _ = drifting.adopt(desk.context, desk.me(), row.id, content=content)
        return str(opened.statement.on["request"])

    try:
        request = await pane.perform(partial(ask_for, content), doing=f"adopting {row.id}")
    except Unstated as unstated:
        from console.screen.request_writing import state_the_rest

        draft = Draft(project=row.project, environment=row.environment, fields=vars(content))
        await state_the_rest(pane, desk, row.id, draft, ask_for, notice=str(unstated))
        return
    pane.say(f"{request} asks to keep {row.id}", f"it is a draft: 2, then S submits {request}")


async def acknowledge(pane: Pane[Any], desk: Desk, drift: str, *, facts: Iterable[str]) -> None:
    """Ask why a drift may stand for now and record that it is known. `facts`: where and what it is."""
    facts = (*facts, "Live stays as it is.")
    entry = await ask_and_record(
        pane,
        Ask(f"Acknowledge {drift}", facts=facts, placeholder="why it may stand for now"),
        lambda note: drifting.acknowledge(desk.context, desk.me(), drift, note=note),
        doing=f"acknowledging {drift}",
        done=f"acknowledged {drift}",
        then="; it stands until live is as it should be",
    )
    if entry is None:
        pane.say("not acknowledged; nothing was changed", tone="info")


def facts_of(row: DriftRow) -> tuple[str, str]:
    """Return where a drift is and what it is."""
    return f"{row.environment}/{row.project}: {row.name}", row.summary
