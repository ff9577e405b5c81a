"""One entry of the ledger in a sentence: who did what to what, with the words they gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.presentation.spans import Line, line
from console.presentation.times import clock, stamp
from console.presentation.words import counted, kind
from store.clock import parse_timestamp
from store.integrity.entry import Entry, Statement

_FIRST = ("incident", "drift", "deployment", "request", "environment", "project", "principal")


def moment(entry: Entry, today: str) -> str:
    """Return when, in at most eleven cells: the time for `today` (RFC 3339), else month, day and time."""
    at = parse_timestamp(entry.statement.time)
    return clock(at)[:5] + "Z" if entry.statement.time[:10] == today[:10] else stamp(at)[5:16]


def sentence(entry: Entry) -> Line:
    """Return what an entry says: its symbol in its tone, then the sentence."""
    statement = entry.statement
    mark = kind(statement.kind)
    tone = _TONES.get(statement.kind, mark.tone)
    return line((f"{_SYMBOLS.get(statement.kind, mark.symbol)} ", tone), *_words(statement))


def _words(statement: Statement) -> tuple[str | tuple[str, str], ...]:
    on, data, who = statement.on, statement.data, statement.actor
    place = f"{on.get('environment', '-')}/{on.get('project', '-')}"
    match statement.kind:
        case "artifact.ingested":
            parts = counted(_number(data.get("components")), "component")
            return (place, f" {data.get('name', 'an export')} arrived, {parts}")
        case "artifact.refused":
            return ((f"{data.get('path', 'a file')}", "strong"), f" could not be read: {data.get('reason', '')}")
        case "request.submitted":
            return ((on["request"], "strong"), f" {place} handed in by {who}")
        case "approval.granted":
            return (f"{who} approved ", (on["request"], "strong"), *_said(data, "note"))
        case "approval.refused":
            return (f"{who} refused ", (on["request"], "strong"), *_said(data, "reason"))
        case "deployment.verified":
            what = f" {on['request']}" if "request" in on else " the earlier release"
            return (place, (f" {on['deployment']}", "strong"), f" verified:{what} is live")
        case "deployment.failed":
            return (place, (f" {on['deployment']}", "strong"), f" failed: {data.get('reason', '')}")
        case "rollback.started":
            return (f"{who} rolls back ", (place, "strong"), *_said(data, "reason"))
        case "drift.opened" | "drift.changed":
            return (place, (f" {on['drift']} ", "strong"), f"{data.get('name', '')} {data.get('summary', '')}".strip())
        case "drift.acknowledged":
            return (f"{who} acknowledged ", (on["drift"], "strong"), *_said(data, "note"))
        case "drift.resolved":
            return ((on["drift"], "strong"), f" is over: {data.get('how', '')}")
        case "incident.opened":
            return ((on["incident"], "strong"), f" {data.get('title', '')}, opened by {who}")
        case "incident.noted" | "entry.annotated":
            return (f"{who} on ", (_subject(on), "strong"), *_said(data, "note"))
        case "incident.closed":
            return ((on["incident"], "strong"), " closed", *_said(data, "cause"))
        case _:
            return (f"{who} ", kind(statement.kind).word, " ", (_subject(on), "strong"))


def _said(data: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return (f": {data[field]}",) if data.get(field) else ()


def _subject(on: Mapping[str, str]) -> str:
    return next((on[name] for name in _FIRST if name in on), next(iter(on.values()), ""))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


_SYMBOLS = {
    "approval.refused": "✗",
    "deployment.failed": "✗",
    "artifact.refused": "✗",
    "drift.resolved": "✓",
    "drift.acknowledged": "○",
    "incident.closed": "✓",
    "incident.noted": "·",
    "entry.annotated": "·",
}
_TONES = {
    "approval.refused": "danger",
    "deployment.failed": "danger",
    "deployment.verified": "ok",
    "artifact.refused": "warn",
    "drift.resolved": "ok",
    "drift.acknowledged": "muted",
    "incident.closed": "ok",
    "incident.noted": "muted",
    "entry.annotated": "muted",
}
