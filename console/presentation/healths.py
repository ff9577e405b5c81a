"""What is owed, by whom, by when, and what was last done, as rows and lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation.spans import Cell, Line, Span, fact, line
from console.presentation.times import age, ago, ago_short, due, when
from console.presentation.words import Mark, counted
from store.clock import parse_timestamp
from store.domain.duties import Duty, State
from store.services.health.health import Health
from store.services.health.last_done import Done
from store.services.policy.standing import Proposal

_STATES = {
    State.OVERDUE: Mark("!", "OVERDUE", "danger", "!!"),
    State.SOON: Mark("●", "soon", "warn", "*"),
    State.OWED: Mark("○", "owed", "muted", ".."),
    State.ENDED: Mark("–", "ended", "muted", "--"),
}
_KEYS = {
    "finding": "enter",
    "policy-review": "v",
    "glass-review": "enter",
    "connector-review": "enter",
}
"""Kind of duty → the key that handles it, or leads to where it is handled; another one has its command only."""
_LABEL = 11


def key_of(one: Duty | Done | Proposal) -> str:
    """Return what tells a row from all others."""
    match one:
        case Duty():
            return f"{one.kind} {one.key}"
        case Done():
            return f"{one.kind} {one.key} done"
        case Proposal():
            return one.row.id


def duty_cells(one: Duty, now: datetime) -> tuple[Cell, ...]:
    """Return a duty in the list: state, what about, what, who, due, key."""
    mark = _STATES[one.state]
    shown = "muted" if one.state is State.ENDED else "text"
    return (
        Span(f"{mark.symbol} {mark.word}", mark.tone),
        Span(one.key, "strong" if one.state in {State.OVERDUE, State.SOON} else "muted"),
        Span(one.what, shown),
        Span(_who(one.who), "muted"),
        _day(one.due, now),
        Span(_KEYS.get(one.kind, "y"), "key"),
    )


def proposal_cells(one: Proposal, now: datetime) -> tuple[Cell, ...]:
    """Return a proposal for another policy in the list."""
    words = f"policy proposed: {one.row.title} ({counted(len(one.changes), 'key')} would change)"
    since = age(parse_timestamp(one.row.updated_at), now)
    return (Span("○ " + one.row.state, "warn"), Span(one.row.id, "strong"), words,
            Span(one.row.requester, "muted"), Span(since, "muted"), Span("enter", "key"))  # fmt: skip


def done_cells(one: Done, now: datetime) -> tuple[Cell, ...]:
    """Return what was last done in the list."""
    mark = Mark("✓", "done", "ok", "ok") if one.good else Mark("✗", "failed", "danger", "XX")
    if one.time is None:
        mark = Mark("·", "never", "muted", ".")
    last = Span(ago_short(parse_timestamp(one.time), now), "muted") if one.time is not None else Span("never", "muted")
    return (Span(f"{mark.symbol} {mark.word}", mark.tone), Span(one.key, "muted"), Span(one.what, "muted"), "", last,
            Span("e" if one.seq is not None else "y", "key"))  # fmt: skip


def _who(who: Sequence[str]) -> str:
    return ", ".join(who[:2]) + (f" +{len(who) - 2}" if len(who) > 2 else "") if who else "-"


def _day(text: str | None, now: datetime) -> Span:
    if text is None:
        return Span("-", "muted")
    try:
        until = parse_timestamp(text)
    except (ValueError, OverflowError):
        return Span("unreadable", "danger")
    return Span(due(until, now).removeprefix("due "), "muted") if until > now else Span(ago_short(until, now), "danger")


def headline(found: Health, proposals: int) -> Line:
    """Return whether something is overdue, and which key to press."""
    late, soon = len(found.overdue), found.count(State.SOON)
    asked = f", {counted(proposals, 'proposal')} for the policy" if proposals else ""
    if late:
        first = found.overdue[0]
        head = line((f"! {late} overdue, {soon} soon{asked}   ", "danger"))
        return (*head, *line((_KEYS.get(first.kind, "y"), "key"), (f" {_does(first)}", "muted")))
    tone = "warn" if soon or proposals else "ok"
    mark = "!" if soon or proposals else "✓"
    return line(
        (f"{mark} nothing is overdue, {soon} soon{asked}   ", tone),
        ("w", "key"),
        (" shows the policy's source", "muted"),
    )


def _does(one: Duty) -> str:
    return {"v": "reviews the policy", "enter": f"opens {one.key}"}.get(_KEYS.get(one.kind, ""), "copies its command")


def duty_lines(one: Duty, now: datetime) -> list[Line]:
    """Return a duty in depth: since when, by when, who, and what handles it."""
    mark = _STATES[one.state]
    lines = [
        line((f"{mark.symbol} {mark.word} ", mark.tone), (one.kind, "muted"), "  ", (one.key, "title")),
        line(one.what),
    ]
    if one.since is not None:
        lines.append(_fact("since", one.since, now))
    if one.due is not None:
        lines.append(_fact("due", one.due, now))
    lines.append(fact("who", _who_may(one), room=_LABEL))
    lines.append(fact("handled by", (one.command, "key"), room=_LABEL))
    return lines


def _who_may(one: Duty) -> str:
    """Return who sees to a duty: by name, anybody for what needs no role, or that nobody may."""
    anybody = "anybody at this machine" if one.anybody else "nobody may: an admin grants the role"
    return ", ".join(one.who[:8]) or anybody


def done_lines(one: Done, now: datetime) -> list[Line]:
    """Return what was last done in depth."""
    lines = [line((one.kind, "muted"), "  ", (one.key, "title")), line(one.what)]
    lines.append(_fact("last", one.time, now) if one.time is not None else fact("last", "never", room=_LABEL))
    lines.append(fact("again by", (one.command, "key"), room=_LABEL))
    return lines


def _fact(label: str, text: str, now: datetime) -> Line:
    try:
        instant = parse_timestamp(text)
    except (ValueError, OverflowError):
        return fact(label, (text[:40], "danger"), room=_LABEL)
    words = due(instant, now) if instant > now or label == "due" else ago(instant, now)
    return fact(label, f"{when(instant, now)}  ", (words, "muted"), room=_LABEL)
