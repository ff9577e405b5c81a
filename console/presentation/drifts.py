"""Drifts in words: the line above the list, the cells of a row, what is said of the one that is selected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from console.presentation.spans import Cell, Line, Span, line, width
from console.presentation.times import age, ago, when
from console.presentation.words import Mark, counted, short_digest
from console.presentation.words import severity as severity_mark
from console.presentation.words import status as status_mark
from store.clock import parse_timestamp
from store.domain.severity import is_production
from store.projections.deployments import DeploymentRow
from store.services.drift.drift_list import Detail, Listed

_ANSWERED = {
    "acknowledged": Mark("○", "ackn", "muted", "--"),
    "adopted": Mark("○", "adopt", "info", "--"),
    "resolved": Mark("✓", "ended", "muted", "ok"),
}
_SHORTER = re.compile(r"\Achanged live: ")


def headline(listed: Sequence[Listed], places: int, room: int, *, acts: bool = True) -> Line:
    """Return what is wrong and what to press, in `room` cells. `places`: environments that carry something.

    Without `acts` (a read-only console) no key is named that could not act.
    """
    standing = [one for one in listed if one.row.status != "resolved"]
    still_open = [one for one in standing if one.row.status == "open"]
    known = len(standing) - len(still_open)
    aside = f", {known} already answered" if known else ""
    if still_open:
        names = sorted({one.row.environment for one in still_open}, key=lambda name: (not is_production(name), name))
        wrong = line((f"! {counted(len(still_open), 'open drift')} on {', '.join(names)}", "danger"))
        keys = (Span("  "), *_press("R", "reverts"), *_press("u", "adopts"), *_press("A", "acknowledges"))
        short = line("  ", (" R u A ", "key"), "answer it")
        if not acts:
            whole = (*wrong, *line((aside, "muted")))
            return whole if width(whole) <= room else wrong
        ways = ((*wrong, *line((aside, "muted")), *keys), (*wrong, *line((aside, "muted")), *short), (*wrong, *short))
        return next((way for way in ways if width(way) <= room), wrong)
    if standing:
        return line(("○ no open drift", "ok"), (aside, "muted"), "  until it is reverted or adopted, live differs")
    if not places:
        return line(("· nothing is deployed yet, so nothing can drift", "muted"))
    return line(
        ("✓ no drift", "ok"), f"  live was as desired when it was last seen on {counted(places, 'environment')}"
    )


def row_cells(one: Listed, now: datetime) -> tuple[Cell, ...]:
    """Return severity, component, where, since, seen, id and what happened."""
    row = one.row
    mark = severity_mark(one.severity) if row.status == "open" else _ANSWERED.get(row.status, status_mark(row.status))
    tone = "muted" if row.status == "resolved" else "strong"
    seen = age(parse_timestamp(one.seen), now) if one.seen else "never"
    return (
        mark.line(),
        Span(row.name, tone),
        Span(
            f"{row.environment}/{row.project}",
            "danger" if row.status == "open" and is_production(row.environment) else "text",
        ),
        Span(age(parse_timestamp(row.opened_at), now), "text" if row.status == "open" else "muted"),
        Span(seen, "muted"),
        Span(row.id, "muted"),
        Span(_SHORTER.sub("~ ", what(one)), "text" if row.status != "resolved" else "muted"),
    )


def what(one: Listed) -> str:
    """Return what happened in words: what changed, or how it was answered."""
    row = one.row
    match row.status:
        case "acknowledged":
            return f"{row.summary} — “{row.note or ''}”"
        case "adopted":
            return f"{row.summary} — {row.note or 'a request'} asks to keep it"
        case "resolved":
            return f"{row.summary} — ended: {row.note or 'live equals desired'}"
        case _:
            return row.summary


def about(one: Listed, detail: Detail | None, now: datetime) -> tuple[Line, ...]:
    """Return who, where, since when, and between which releases."""
    row = one.row
    opened = parse_timestamp(row.opened_at)
    mark = severity_mark(one.severity) if row.status == "open" else status_mark(row.status)
    head = line(
        (row.id, "title"), "  ", (row.name, "strong"), f"  {row.environment}/{row.project}  ", *mark.line(),
        (f"  {ago(opened, now)}", "text"), (f", {when(opened, now)}  {row.kind}  entry {row.opened_seq}", "muted"),
    )  # fmt: skip
    lines = [head]
    if row.status == "open":
        updated = (
            f", changed again {ago(parse_timestamp(row.updated_at), now)}" if row.updated_seq > row.opened_seq else ""
        )
        lines.append(line(("!  ", "danger"), row.summary, (f"  {_seen(one, now)}{updated}", "muted")))
    else:
        lines.append(line(("○  ", "muted"), what(one), (f"  {_seen(one, now)}", "muted")))
    if detail is not None:
        lines.append(
            line(
                ("desired ", "muted"),
                *_release(detail.deployed, row.release),
                ("   previous ", "muted"),
                *_release(detail.before, None),
            )
        )
    return tuple(lines)


def column_labels(one: Listed, detail: Detail, now: datetime) -> tuple[Line, Line, Line]:
    """Return the headings of desired, live and previous."""
    return (
        line(("desired ", "strong"), *_release(detail.deployed, one.row.release)),
        line(("live ", "strong"), (_seen(one, now), "muted")),
        line(("previous ", "strong"), *_release(detail.before, None)),
    )


def _seen(one: Listed, now: datetime) -> str:
    return f"seen {ago(parse_timestamp(one.seen), now)}" if one.seen else "never seen live"


def _release(row: DeploymentRow | None, digest: str | None) -> tuple[tuple[str, str], ...]:
    if row is None:
        return ((short_digest(digest), "info"),) if digest else (("none", "muted"),)
    by = row.request or row.cause
    return (short_digest(row.release), "info"), (f" {row.id} ({by})", "muted")


def _press(key: str, word: str) -> tuple[Span, ...]:
    return Span(f" {key} ", "key"), Span(f"{word} ", "text")
