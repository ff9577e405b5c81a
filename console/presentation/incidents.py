"""Incidents as rows and lines: the timeline, the playbooks, the glass, what stood live at the start. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from functools import partial

from console.presentation.activity import moment, sentence
from console.presentation.spans import Cell, Line, Span, fact, line
from console.presentation.times import age, ago, due, stamp
from console.presentation.words import counted, severity, short_digest, status
from store.clock import parse_timestamp, timestamp
from store.domain.glass import Glass
from store.domain.playbooks import Run
from store.projections.incidents import IncidentRow
from store.services.incidents.viewing import Happening, IncidentView, Pinned

_LABEL = 10
_fact = partial(fact, room=_LABEL)
_ANSWERS = (("comment", "c", "adds a note"), ("close", "X", "closes it"))
"""Act, its key, and what it does to the incident that the line above the list names."""


def row_cells(row: IncidentRow, now: datetime) -> tuple[Cell, ...]:
    """Return an incident in the list: state, severity, id, where, title, age."""
    mark, state = severity(row.severity), status(row.state)
    here = row.state == "open"
    shown = "text" if here else "muted"
    return (
        Span(f"{state.symbol} {state.word}", state.tone),
        Span(f"{mark.symbol} {mark.word}", mark.tone if here else "muted"),
        Span(row.id, shown),
        Span(where(row), "strong" if here else "muted"),
        Span(row.title, shown),
        Span(age(parse_timestamp(row.opened_at), now), "muted"),
    )


def where(row: IncidentRow) -> str:
    """Return what an incident is about."""
    return f"{row.environment or '*'}/{row.project or '*'}" if row.environment or row.project else "everything"


def headline(rows: Sequence[IncidentRow], now: datetime, *, acts: Container[str]) -> Line:
    """Return whether an incident is open, and which of the `acts` that can be done now are worth a key."""
    found = [row for row in rows if row.state == "open"]
    if not found:
        closed = f"   {counted(len(rows), 'closed one')}" if rows else ""
        opens = line(("i", "key"), (" opens one", "muted")) if "incident" in acts else ()
        return (*line(("✓ no incident is open   ", "ok")), *opens, *line((closed, "muted")))
    first = found[0]
    more = f", {len(found) - 1} more open" if len(found) > 1 else ""
    since = ago(parse_timestamp(first.opened_at), now)
    head = line((f"! {first.id} opened {since}{more}: ", "danger"), (first.title, "danger"))
    keys = [line((key, "key"), (f" {does}", "muted")) for act, key, does in _ANSWERS if act in acts]
    told = [span for position, one in enumerate(keys) for span in (*line((", " if position else "   ", "muted")), *one)]
    return (*head, *told)


def view_lines(view: IncidentView, now: datetime) -> list[Line]:
    """Return an incident in depth."""
    row, opened = view.row, parse_timestamp(view.row.opened_at)
    mark, state = severity(row.severity), status(row.state)
    lines = [
        line((f"{mark.symbol} {mark.word} ", mark.tone), (row.id, "title"), "  ", (where(row), "strong"),
             "  ", (f"{state.symbol} {state.word}", state.tone)),
        line((row.title, "strong")),
        _fact("opened", f"by {row.opened_by} {stamp(opened)}  ", (ago(opened, now), "muted")),
    ]  # fmt: skip
    if view.closed is not None:
        lines += [
            _fact("closed", f"{stamp(parse_timestamp(row.closed_at))}  " if row.closed_at else "",
                  (f"#{row.closed_seq}", "muted")),
            _fact("cause", view.closed.cause),
            _fact("fix", view.closed.fix),
            _fact("learned", view.closed.learned),
        ]  # fmt: skip
    lines += [part for run in view.runs for part in _run(run)]
    lines += [_glass(one, now) for one in view.glass]
    today = timestamp(now)
    lines += [
        line(),
        line(("Timeline", "title"), ("   its own entries, and what was done at its place around it", "muted")),
    ]
    lines += [_happening(one, row, today) for one in view.timeline]
    pinned = (f"   pinned at entry {view.at_seq}; ", "muted"), ("t", "key"), (" goes there", "muted")
    lines += [line(), line(("When it began", "title"), *pinned)]
    lines += [_pinned(one) for one in view.pinned] or [line(("nothing was live anywhere", "muted"))]
    return lines


def _run(run: Run) -> list[Line]:
    """Return a playbook with its steps."""
    head = _fact("playbook", (run.id, "strong"), f" {run.title}", (f"  {run.done} of {len(run.steps)} done", "muted"))
    steps = [
        line(" " * _LABEL, ("✓ ", "ok"), step.text, (f"  {step.by}{f': {step.note}' if step.note else ''}", "muted"))
        if step.by is not None
        else line(" " * _LABEL, ("○ ", "warn"), step.text)
        for step in run.steps
    ]
    return [head, *steps]


def _glass(one: Glass, now: datetime) -> Line:
    """Return a broken glass: by whom, until when, and how its review stands."""
    at = timestamp(now)
    if one.reviewed_by is not None:
        state = (f"reviewed by {one.reviewed_by}: {one.note}", "ok")
    elif one.stands(at):
        state = (f"STANDS until {one.until[:16]}Z", "danger")
    else:
        until = parse_timestamp(one.review_due)
        state = (f"its review is {due(until, now)}", "warn" if until > now else "danger")
    return _fact("glass", (one.id, "strong"), f" {one.by} on {one.environment}: {one.justification}  ", state)


def _happening(one: Happening, row: IncidentRow, today: str) -> Line:
    mark = ("▸ ", "key") if one.own else ("  ", "muted")
    before = one.entry.seq < row.opened_seq
    told = sentence(one.entry)
    shown = tuple(Span(span.text, "muted") for span in told) if before else told
    return line(mark, (f"{moment(one.entry, today):<11} ", "muted"), (f"#{one.entry.seq} ", "faint"), *shown)


def _pinned(one: Pinned) -> Line:
    if one.now == one.release:
        state = ("= same now", "muted")
    else:
        state = (f"≠ now {short_digest(one.now)}" if one.now else "≠ nothing now", "warn")
    return line("  ", (one.environment, "strong"), ("/", "muted"), (one.project, "strong"), "  ",
                (short_digest(one.release), "info"), "  ", state)  # fmt: skip
