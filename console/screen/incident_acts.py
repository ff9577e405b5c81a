"""What is done with incidents, from any screen: opened, noted on, closed, and glass broken for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.presentation.spans import Line, line
from console.presentation.words import severity
from console.screen.asking import ask_and_record
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.words_form import Wanted, WordsForm
from console.widgets.dialogs import Ask, Choose, Confirm
from store.domain.severity import is_production
from store.services import incidents
from store.services.glass import breaking


async def open_incident(
    pane: Pane[Any], desk: Desk, *, project: str | None = None, environment: str | None = None
) -> str | None:
    """Ask for severity and title, open an incident about this place (None: everything), and say its id.

    Return the id, None where the person left it.
    """
    place = f"{environment}/{project}" if environment else "everything"
    options: list[tuple[str, Line]] = [
        (name, line((f"{severity(name).symbol} ", severity(name).tone), name))
        for name in reversed(incidents.SEVERITIES)
    ]
    level = await pane.ask(Choose(f"Incident on {place}: how bad is it?", options))
    if level is None:
        return None
    facts = ["the ledger's head and what should be live everywhere are pinned to it"]
    title = await pane.ask(Ask(f"Incident on {place}", facts=facts, placeholder="what is wrong, in a few words"))
    if title is None:
        return None
    entry = await pane.perform(
        lambda: incidents.open_incident(
            desk.context, desk.me(), title=title, severity=level, project=project, environment=environment
        ),
        doing="opening an incident",
    )
    incident = entry.statement.on["incident"]
    pane.say(
        f"opened {incident}: entry {entry.seq}",
        "`9` shows it: there `c` adds notes, `P` works through a playbook, `t` replays the moment",
    )
    return incident


async def note_incident(pane: Pane[Any], desk: Desk, incident: str) -> None:
    """Add a note to an open incident."""
    await ask_and_record(
        pane,
        Ask(f"Note on {incident}", placeholder="goes into the ledger under your signature"),
        lambda words: incidents.note(desk.context, desk.me(), incident, words),
        doing=f"noting on {incident}",
        done=f"noted on {incident}",
    )


async def close_incident(pane: Pane[Any], desk: Desk, incident: str, title: str) -> None:
    """Ask for cause, fix and what was learned, and close an incident."""
    fields = (
        Wanted(name="cause", label="cause", hint="why it happened", prose=True),
        Wanted(name="fix", label="fix", hint="what ended it", prose=True),
        Wanted(name="learned", label="learned", hint="what is to be done otherwise from now on", prose=True),
    )
    head = line((" CLOSE ", "badge-info"), f"  {incident}  ", (title, "title"))
    facts = [line(("an incident is closed for good; glass that stands for it ends with it", "muted"))]
    given = await pane.ask(WordsForm(head, fields, verb="close it", facts=facts))
    if given is not None:
        entry = await pane.perform(
            lambda: incidents.close(desk.context, desk.me(), incident, **given), doing=f"closing {incident}"
        )
        pane.say(f"closed {incident}: entry {entry.seq}")


async def break_glass(
    pane: Pane[Any], desk: Desk, incident: str, places: Sequence[str], *, project: str | None
) -> None:
    """Ask where and why, with everything it means, and break glass for an open incident."""
    place = places[0] if len(places) == 1 else None
    if place is None:
        options = [(name, line((name, "strong"))) for name in places]
        place = await pane.ask(Choose(f"Break glass for {incident}: where?", options))
    if place is None:
        return
    terms = desk.context.policy.break_glass
    answer = await pane.ask(
        Confirm(
            f"{incident}: act past the approvals",
            [
                line(("where   ", "muted"), (place, "strong"), f", {project or 'every project'}"),
                line(
                    ("how long ", "muted"), f"{terms.hours} h, then it ends by itself; also when {incident} is closed"
                ),
                line(("after   ", "muted"), f"somebody else reviews it within {terms.review_due_hours} h"),
                line(("told    ", "muted"), "everybody at once; every screen says so while it stands"),
            ],
            verb="break glass",
            environment=place if is_production(place) else None,
            reason="justification: why it cannot wait for approvals",
        )
    )
    if not answer.confirmed:
        pane.say("no glass was broken", tone="info")
        return
    entry = await pane.perform(
        lambda: breaking.break_glass(
            desk.context, desk.me(), incident, environment=place, project=project, justification=answer.reason
        ),
        doing="breaking glass",
    )
    glass, until = entry.statement.on["glass"], str(entry.statement.data["until"])
    pane.say(f"{glass} stands until {until[:16]}Z: deploy and roll back past the approvals (entry {entry.seq})")
