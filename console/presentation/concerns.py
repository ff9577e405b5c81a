"""Findings and anomalies as rows and lines. Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from functools import partial

from console.presentation.activity import sentence
from console.presentation.spans import Cell, Line, Span, fact, line
from console.presentation.times import age, ago, ago_short, due, when
from console.presentation.words import Mark, counted, severity, status
from store.clock import parse_timestamp
from store.projections.anomalies import AnomalyRow
from store.projections.findings import FindingRow
from store.services.findings.concerns import Concern, Concerns

_LABEL = 10
_fact = partial(fact, room=_LABEL)
_RANK = {"critical": 0, "high": 1, "warning": 2, "info": 3}


def weight(name: str) -> Mark:
    """Return how the severity of a finding or an anomaly is shown."""
    return severity("medium" if name == "warning" else name)


def rows(found: Concerns, now: datetime, *, everything: bool) -> list[tuple[str, tuple[Cell, ...]]]:
    """Return (id, cells) of what is open, with `everything` also of what is over: worst and soonest first."""
    both: list[FindingRow | AnomalyRow] = [*found.findings, *found.anomalies]
    open_ = [one for one in both if one.state == "open"]
    over = [one for one in both if one.state != "open"] if everything else []
    open_.sort(key=lambda one: (one.id not in found.overdue, _RANK.get(one.severity, 9), _since(one)))
    over.sort(key=_since, reverse=True)
    return [(one.id, _cells(one, now, late=one.id in found.overdue)) for one in (*open_, *over)]


def _since(one: FindingRow | AnomalyRow) -> str:
    return one.opened_at if isinstance(one, FindingRow) else one.time


def _cells(one: FindingRow | AnomalyRow, now: datetime, *, late: bool) -> tuple[Cell, ...]:
    """Return a row: state, severity, id, where, what, who, due or age."""
    mark = weight(one.severity)
    where = f"{one.environment or '*'}/{one.project or '*'}" if one.environment or one.project else "-"
    state = status("overdue" if late else one.state)
    if isinstance(one, FindingRow):
        who, time = one.assignee or "-", _due(one, now)
        what = f"{one.title}{f' ({one.about})' if one.about else ''}"
    else:
        who, time = one.principal or "-", Span(age(parse_timestamp(one.time), now), "muted")
        what = f"unusual: {one.summary}"
    shown = "text" if one.state == "open" else "muted"
    return (
        Span(f"{state.symbol} {state.word}", state.tone),
        Span(f"{mark.symbol} {mark.word}", mark.tone if one.state == "open" else "muted"),
        Span(one.id, shown),
        Span(where, "strong" if one.state == "open" else "muted"),
        Span(what, shown),
        Span(who, "muted"),
        time,
    )


def _due(row: FindingRow, now: datetime) -> Span:
    if row.state != "open":
        return Span("closed", "muted")
    until = parse_timestamp(row.due)
    return (
        Span(due(until, now).removeprefix("due in "), "warn") if until > now else Span(ago_short(until, now), "danger")
    )


def headline(found: Concerns, *, everything: bool, acts: Container[str]) -> Line:
    """Return whether anything stands open, and the keys of those `acts` that can be done on the row of the cursor."""
    findings = sum(row.state == "open" for row in found.findings)
    unusual = sum(row.state == "open" for row in found.anomalies)
    shows = line(("w", "key"), (" shows open ones" if everything else " shows all", "muted"))
    if not findings and not unusual:
        return (*line(("✓ no finding and no anomaly is open   ", "ok")), *shows)
    words = " and ".join(
        [counted(findings, "finding")] * bool(findings) + [counted(unusual, "anomaly", "anomalies")] * bool(unusual)
    )
    late = f", {len(found.overdue)} overdue" if found.overdue else ""
    keys: list[tuple[str, str]] = []
    if "close" in acts:
        keys += [("X", "key"), (" closes it  ", "muted")]
    if "acknowledge" in acts:
        keys += [("A", "key"), (" acknowledges it  ", "muted")]
    tone = "danger" if found.overdue else "warn"
    return (*line((f"! {words} open{late}   ", tone)), *line(*keys), *shows)


def concern_lines(one: Concern, now: datetime) -> list[Line]:
    """Return one finding or anomaly in depth: what, why, who, by when, what was said and done."""
    if one.finding is not None:
        return _finding(one, one.finding, now)
    return _anomaly(one, one.anomaly, now) if one.anomaly is not None else []


def _finding(one: Concern, row: FindingRow, now: datetime) -> list[Line]:
    mark, opened = weight(row.severity), parse_timestamp(row.opened_at)
    lines = [
        line((f"{mark.symbol} {mark.word} ", mark.tone), (row.id, "title"), ("  finding, ", "muted"), row.source),
        line((row.title, "strong")),
        _fact("opened", f"by {row.opened_by} {ago(opened, now)}", (f"  #{row.opened_seq}", "muted")),
    ]
    if row.state == "open":
        until = parse_timestamp(row.due)
        lines.append(
            _fact("due", (f"{when(until, now)}  ", "text"), (due(until, now), "warn" if until > now else "danger"))
        )
    lines.append(_fact("for", row.assignee or "nobody yet"))
    if row.about:
        lines.append(_fact("about", (row.about, "strong"), "   ", ("enter", "key"), (" opens it", "muted")))
    if row.summary:
        lines.append(_fact("more", row.summary))
    if row.done:
        lines.append(_fact("done", (row.done, "ok"), (f"  by {row.closed_by}", "muted")))
    lines += [line(), line(("What was said and done", "title"))]
    told = [(step.seq, step.time, step.actor, f"{step.step} {step.words}") for step in one.story]
    told += [(note.seq, note.time, note.actor, f"noted {note.note}") for note in one.notes]
    return [*lines, *(_told(*step, now) for step in sorted(told))]


def _anomaly(one: Concern, row: AnomalyRow, now: datetime) -> list[Line]:
    mark = weight(row.severity)
    numbers = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.numbers.items())
    lines = [
        line((f"{mark.symbol} {mark.word} ", mark.tone), (row.id, "title"), ("  anomaly, ", "muted"), row.rule),
        line((row.summary, "strong")),
        _fact("noticed", ago(parse_timestamp(row.time), now), (f"  #{row.seq}", "muted")),
        _fact("about", (f"#{row.about}", "strong"), "   ", ("enter", "key"), (" opens it", "muted")),
    ]
    if one.about is not None:
        lines.append(_fact("", *((span.text, span.tone) for span in sentence(one.about))))
    if row.principal is not None:
        lines.append(_fact("who", row.principal))
    if numbers:
        lines.append(_fact("numbers", numbers))
    if row.state != "open":
        lines.append(_fact("seen by", (row.acknowledged_by or "", "strong"), f": {row.note}"))
    else:
        lines.append(
            _fact("next", "somebody other than the one it is about says why it was all right, or opens an incident")
        )
    if one.notes:
        lines += [line(), line(("What was said", "title"))]
        lines += [_told(note.seq, note.time, note.actor, note.note, now) for note in one.notes]
    return lines


def _told(seq: int, time: str, actor: str, words: str, now: datetime) -> Line:
    return line((f"#{seq} ", "muted"), (actor, "strong"), f" {words}  ", (ago(parse_timestamp(time), now), "muted"))
