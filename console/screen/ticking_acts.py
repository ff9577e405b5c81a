"""Ticking off, from any screen: a request's checklist, and the steps of a playbook. Each tick is a signed entry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from console.presentation.spans import line
from console.presentation.times import ago
from console.presentation.words import severity
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Ask, Choose
from console.widgets.tick_list import TickDialog, Ticked, TickRow
from store.clock import parse_timestamp
from store.domain.playbooks import Run
from store.errors import Refusal
from store.projections import incidents
from store.services.incidents import playbooks
from store.services.requests import ticking
from store.services.requests.ticking import Item


async def tick_checklist(pane: Pane[Any], desk: Desk, request: str) -> None:
    """Show the checklist of a request and tick item by item, until it is closed.

    Raises:
        NotFound: there is no such request.
    """
    context = desk.context

    async def read() -> tuple[Sequence[Item], list[TickRow], str]:
        found = await pane.fetch(lambda: ticking.checklist(context, request), doing="reading the checklist")
        blocked = await pane.fetch(lambda: ticking.blocked(context, request, desk.handle), doing="asking the policy")
        why = "; ".join(blocked[:1]) if found else "its template asks for no checklist"
        return found, [_item(item, context.clock.now()) for item in found], why

    found, rows, why = await read()
    facts = [line(("an item you tick goes into the ledger under your signature: you looked, and it holds", "muted"))]
    title = line((f" {request} ", "badge-info"), ("  checklist", "title"))
    async with _staying(pane, TickDialog(title, facts, rows, blocked=why)) as dialog:
        while (ticked := await dialog.answered()) is not None:
            note = await _note(pane, rows, ticked, "what you saw")
            if note is None:
                continue
            item = found[ticked.number - 1].item
            entry = await pane.perform(
                partial(ticking.tick, context, desk.me(), request, item, note=note),
                doing=f"ticking an item of {request}",
            )
            pane.say(f"ticked item {ticked.number} of {request}: entry {entry.seq}")
            found, rows, why = await read()
            dialog.show_rows(rows, blocked=why, at=ticked.number)


@asynccontextmanager
async def _staying(pane: Pane[Any], dialog: TickDialog) -> AsyncIterator[TickDialog]:
    """Show a list until it is closed or nobody asks it any more."""
    await pane.app.push_screen(dialog)
    try:
        yield dialog
    finally:
        dialog.end()


async def work_playbook(pane: Pane[Any], desk: Desk, *, incident: str | None = None) -> None:
    """Choose an open incident (where none is named) and a playbook, start or go on with it, and tick its steps.

    Raises:
        Refusal: no incident is open.
    """
    incident = incident or await _incident(pane, desk)
    run = await _run(pane, desk, incident) if incident is not None else None
    if run is not None:
        await _steps(pane, desk, run)


async def _steps(pane: Pane[Any], desk: Desk, name: str) -> None:
    context = desk.context

    async def read() -> tuple[Run, list[TickRow]]:
        run = (await pane.fetch(lambda: playbooks.runs(context.ledger), doing="reading the playbook"))[name]
        now = context.clock.now()
        return run, [
            TickRow(text=step.text, by=step.by or "", when=_when(step.at, step.seq, now), note=step.note)
            for step in run.steps
        ]

    run, rows = await read()
    title = line((f" {run.id} ", "badge-info"), (f"  {run.title} for {run.incident}", "title"))
    facts = [line((f"started by {run.by}; steps may be ticked in any order, each under a signature", "muted"))]
    async with _staying(pane, TickDialog(title, facts, rows)) as dialog:
        while (ticked := await dialog.answered()) is not None:
            at = ticked.number
            note = await _note(pane, rows, ticked, "what was done, or why it was left out")
            if note is None:
                continue
            entry = await pane.perform(
                partial(playbooks.tick, context, desk.me(), name, at, note=note),
                doing=f"ticking step {at} of {name}",
            )
            pane.say(f"ticked step {at} of {name}: entry {entry.seq}")
            _, rows = await read()
            dialog.show_rows(rows, at=at)


async def _note(pane: Pane[Any], rows: list[TickRow], ticked: Ticked, placeholder: str) -> str | None:
    """Return the note that goes with a tick, empty for none; None when the person thought better of it."""
    if not ticked.noted:
        return ""
    facts = [line((rows[ticked.number - 1].text, "strong"))]
    return await pane.ask(Ask(f"Tick {ticked.number}, with a note", facts=facts, placeholder=placeholder))


async def _incident(pane: Pane[Any], desk: Desk) -> str | None:
    def read() -> tuple[incidents.IncidentRow, ...]:
        with desk.context.ledger.reading() as connection:
            return incidents.listing(connection, state="open")

    found = await pane.fetch(read, doing="reading incidents")
    if not found:
        raise Refusal(["no incident is open: a playbook is worked through for one"], would_unblock=["`i` opens one"])
    if len(found) == 1:
        return found[0].id
    options = [
        (row.id, line((f"{row.id}  ", "strong"), *severity(row.severity).line(), f"  {row.title}")) for row in found
    ]
    return await pane.ask(Choose("Playbook: for which incident?", options))


async def _run(pane: Pane[Any], desk: Desk, incident: str) -> str | None:
    """Return the run to go on with, begun now where that is chosen; None: neither."""
    context = desk.context
    every = await pane.fetch(lambda: playbooks.runs(context.ledger), doing="reading playbooks")
    under_way = [run for run in every.values() if run.incident == incident]
    options = [(run.id, line((f"{run.id}  ", "strong"), f"{run.title}  {_progress(run)}")) for run in under_way]
    options += [
        (f"new {name}", line("start  ", (f"{name}  ", "strong"), (f"{one.title}, {len(one.steps)} steps", "muted")))
        for name, one in context.policy.playbooks.items()
    ]
    chosen = await pane.ask(Choose(f"Playbook for {incident}", options))
    if chosen is None or not chosen.startswith("new "):
        return chosen
    name = chosen.removeprefix("new ")
    entry = await pane.perform(
        lambda: playbooks.start(context, desk.me(), name, incident), doing=f"starting the playbook {name}"
    )
    pane.say(f"started {entry.statement.on['playbook']}: entry {entry.seq}")
    return str(entry.statement.on["playbook"])


def _progress(run: Run) -> str:
    return f"{run.done} of {len(run.steps)} steps ticked"


def _item(item: Item, now: datetime) -> TickRow:
    return TickRow(text=item.item, by=item.by or "", when=_when(item.at, item.seq, now), note=item.note)


def _when(at: str | None, seq: int | None, now: datetime) -> str:
    return f"{ago(parse_timestamp(at), now)}, #{seq}" if at and seq is not None else ""
