"""One entry of the ledger in a sentence: who did what to what, with the words they gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from console.presentation.about import place
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
    usual = (mark.symbol, mark.tone, f"{{who}} {mark.word} *{{id}}*")
    symbol, tone, template = _REVERTED if _reverts(statement) else _SENTENCES.get(statement.kind, usual)
    return line((f"{symbol} ", tone), *_filled(template, statement))


def _reverts(statement: Statement) -> bool:
    """Return whether a rollback goes to the release that should be live already: over what somebody changed there."""
    target = statement.data.get("target")
    return (
        statement.kind == "rollback.started"
        and isinstance(target, Mapping)
        and target.get("release") == statement.data.get("previous")
    )


def _filled(template: str, statement: Statement) -> list[tuple[str, str]]:
    """Return a template's words, what stands between stars strong; the words of others are never a template."""
    on, data = statement.on, statement.data
    known = {
        "who": statement.actor,
        "id": _subject(on),
        "place": place(on.get("environment", "-"), on.get("project", "-")),
        "principal": on.get("principal", ""),
        "request": on.get("request", "its release"),
        "modules": _listed(data.get("changes")) or counted(_number(data.get("modules")), "module"),
        "parts": counted(_number(data.get("components")), "component"),
    }
    parts: list[tuple[str, str]] = []
    for position, run in enumerate(template.split("*")):
        tone = "strong" if position % 2 else "text"
        for piece in re.split(r"(\{\w+\}|: \{\w+\?\})", run):
            name = piece.strip(": {}?")
            if not piece.endswith("}"):
                parts.append((piece, tone))
            elif piece.endswith("?}"):
                parts.append((f": {data[name]}" if data.get(name) else "", tone))
            else:
                parts.append((known.get(name) or on.get(name) or str(data.get(name, "")), tone))
    return [(words, tone) for words, tone in parts if words]


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else ""


def _subject(on: Mapping[str, str]) -> str:
    return next((on[name] for name in _FIRST if name in on), next(iter(on.values()), ""))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


_REVERTED = ("◀", "warn", "{who} puts *{place}* back to what it should be: {reason?}")
_SENTENCES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "artifact.ingested": ("+", "muted", "{place} {name} arrived, {parts}"),
        "artifact.deletion-imported": ("-", "muted", "{place} {name} deleted in an imported history"),
        "history.imported": ("+", "info", "{place} history imported: {versions} versions"),
        "artifact.refused": ("✗", "warn", "*{path}* could not be read: {reason?}"),
        "request.submitted": ("○", "info", "{who} handed in *{request}* for {place}"),
        "request.escalated": ("▲", "warn", "*{request}* goes on to the next role: {reason?}"),
        "approval.granted": ("✓", "ok", "{who} approved *{request}*: {note?}"),
        "approval.refused": ("✗", "danger", "{who} refused *{request}*: {reason?}"),
        "deployment.verified": ("●", "ok", "{place} *{id}* verified, {request} is live"),
        "deployment.failed": ("✗", "danger", "{place} *{id}* failed: {reason?}"),
        "deployment.undone": ("◀", "ok", "{place} *{id}* took back what {undoes} had brought"),
        "rollback.started": ("◀", "warn", "{who} rolls back *{place}*: {reason?}"),
        "revert.started": ("◀", "warn", "reverting *{place}* by itself: {reason?}"),
        "rehearsal.started": ("◀", "info", "{who} rehearses a rollback of *{place}*: {reason?}"),
        "rollback.rehearsed": ("◀", "info", "{place} rollback rehearsed: {summary?}"),
        "enforcement.halted": ("!", "danger", "*{place}* is not reverted any more: {reason?}"),
        "modules.observed": ("○", "info", "{place} installed: {modules}"),
        "drift.opened": ("!", "danger", "{place} *{id}* {name}: {summary?}"),
        "drift.changed": ("!", "danger", "{place} *{id}* changed again: {summary?}"),
        "drift.reopened": ("○", "warn", "{who} took back the acknowledgement of *{id}*: {reason?}"),
        "drift.acknowledged": ("○", "muted", "{who} acknowledged *{id}*: {note?}"),
        "drift.resolved": ("✓", "ok", "{place} *{id}* is over: {how?}"),
        "anomaly.noticed": ("▲", "warn", "*{anomaly}* unusual: {summary?}"),
        "anomaly.acknowledged": ("○", "muted", "{who} looked at *{anomaly}*: {note?}"),
        "attempt.refused": ("✗", "warn", "{principal} tried to {act} and was refused: {reason?}"),
        "incident.opened": ("■", "danger", "{who} opened *{id}*: {title?}"),
        "incident.noted": ("·", "muted", "{who} on *{id}*: {note?}"),
        "incident.closed": ("✓", "ok", "{who} closed *{id}*: {cause?}"),
        "finding.opened": ("!", "warn", "{who} opened *{finding}*: {title?}"),
        "finding.raised": ("!", "warn", "*{finding}* raised: {title?}"),
        "finding.assigned": ("·", "muted", "{who} handed *{finding}* to {assignee}: {note?}"),
        "finding.noted": ("·", "muted", "{who} on *{finding}*: {note?}"),
        "finding.closed": ("✓", "ok", "{who} closed *{finding}*: {done?}"),
        "glass.broken": ("■", "danger", "{who} broke glass *{glass}* on {environment}: {justification?}"),
        "glass.ended": ("■", "info", "{who} ended *{glass}*: {reason?}"),
        "glass.reviewed": ("✓", "ok", "{who} reviewed *{glass}*: {note?}"),
        "playbook.started": ("▸", "info", "{who} started *{playbook}* for {incident}: {title?}"),
        "playbook.ticked": ("✓", "muted", "{who} did step {step} of *{playbook}*: {note?}"),
        "policy.proposed": ("§", "info", "*{request}* proposes another policy"),
        "policy.adopted": ("§", "ok", "{who} brought the policy of *{request}* into force"),
        "policy.reviewed": ("§", "ok", "{who} reviewed the policy: {note?}"),
        "connectors.reviewed": ("§", "ok", "{who} reviewed the connectors: {note?}"),
        "request.commented": ("·", "info", "{who} on *{request}*, {name}: {comment?}"),
        "clock.corrected": ("!", "warn", "{who} says that a clock was ahead: {reason?}"),
        "entry.annotated": ("·", "muted", "{who} on *{id}*: {note?}"),
    }
)
"""Kind → symbol, tone, and the sentence: `{…}` a name or a field, `: {…?}` a field that may be missing."""
