"""What is worth telling people who are not looking: which entries, how bad they are, and in which words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from store.domain import events as ev
from store.domain import secrets
from store.domain.component import Json
from store.domain.policy import SEVERITIES, NotificationRule, Policy
from store.domain.severity import of_drift

BUILT_IN: Final = "warning"
"""What a channel is told of while no policy says otherwise: this and worse."""
SEVERITIES_OF: Final[Mapping[str, str]] = {
    "ledger.restored": "critical",
    "clock.corrected": "high",
    "log.key-rotated": "high",
    "log.second-key-set": "high",
    "principal.added": "warning",
    "role.granted": "warning",
    "key.added": "warning",
    "key.revoked": "warning",
    "artifact.refused": "warning",
    "environment.frozen": "warning",
    "approval.refused": "warning",
    "attempt.refused": "warning",
    "request.commented": "warning",
    "deployment.failed": "high",
    "deployment.undone": "warning",
    "rollback.started": "high",
    "release.quarantined": "warning",
    "drift.opened": "high",
    "drift.changed": "high",
    "incident.opened": "high",
    "glass.broken": "critical",
    "glass.ended": "warning",
    "policy.adopted": "warning",
    "exception.granted": "warning",
    "artifact.unsealed": "warning",
    "artifact.shredded": "warning",
    "principal.suspended": "warning",
    "revert.started": "high",
    "enforcement.halted": "critical",
    "finding.opened": "warning",
    "finding.raised": "warning",
    "finding.overdue": "warning",
    "duty.due-soon": "warning",
    "duty.overdue": "warning",
    "request.escalated": "high",
}
"""Kind → how bad, where it is more than `info`; a severity of its own that an entry states overrules, and drift is
worse in production."""
_DRIFTS: Final = frozenset({"drift.opened", "drift.changed"})
_TOLD: Final = (
    "title", "summary", "reason", "note", "why", "justification", "name", "path", "outcome", "comment", "requester",
    "due", "done", "command", "concerns",
)  # fmt: skip
"""The members of `data` that are repeated: one line each, without secrets. Nothing else of an entry is."""
_MENTIONS: Final = str.maketrans({"<": "‹", ">": "›", "@": "(at)"})
"""What chat programs would read as a link, a person or everybody in the room."""
_LONGEST: Final = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One entry as it is told, to one channel."""

    seq: int
    channel: str
    severity: str
    title: str
    body: str


def severity_of(kind: str, on: Mapping[str, str], data: Mapping[str, Json]) -> str:
    """Return how bad an entry is: what it says of itself, else what its kind usually is, drift by where it stands."""
    stated = data.get("severity")
    if isinstance(stated, str) and stated in SEVERITIES:
        return stated
    if kind in _DRIFTS:
        return of_drift(on.get("environment", ""))
    return SEVERITIES_OF.get(kind, "info")


def notices(record: ev.Recorded, *, policy: Policy, channels: Sequence[str], ledger: str) -> tuple[Notice, ...]:
    """Return who is told of an entry, and what: one notice a channel, none where no rule asks for it.

    While policy holds no rules, every channel is told of what is `BUILT_IN` or worse.
    """
    on, data = ev.to_parts(record.event)
    kind = record.event.kind if isinstance(record.event, ev.Unknown) else record.event.KIND
    severity = severity_of(kind, on, data)
    rules: Iterable[NotificationRule] = policy.notifications.values() or (
        NotificationRule(channels=tuple(channels), severity=BUILT_IN),
    )
    asked = [channel for rule in rules if _asks(rule, kind, severity, on) for channel in rule.channels]
    told = dict.fromkeys(channel for channel in asked if channel in channels)
    if not told:
        return ()
    title = f"{severity.upper()} {_safe(' '.join(on.values()))}: {_safe(kind)}"
    body = _body(record, on, data, ledger)
    return tuple(Notice(seq=record.seq, channel=one, severity=severity, title=title[:200], body=body) for one in told)


def _asks(rule: NotificationRule, kind: str, severity: str, on: Mapping[str, str]) -> bool:
    if SEVERITIES.index(severity) < SEVERITIES.index(rule.severity):
        return False
    return (
        any(fnmatchcase(kind, glob) for glob in rule.events)
        and _covers(rule.projects, on.get("project"))
        and _covers(rule.environments, on.get("environment"))
    )


def _covers(globs: Sequence[str], name: str | None) -> bool:
    """Say whether one of the globs covers `name`; what is about no place at all is covered by `*` alone."""
    return any(glob == "*" or (name is not None and fnmatchcase(name, glob)) for glob in globs)


def _body(record: ev.Recorded, on: Mapping[str, str], data: Mapping[str, Json], ledger: str) -> str:
    where = "/".join(on[key] for key in ("environment", "project") if key in on)
    lines = [f"{_safe(record.actor)} at {record.time}{f' on {_safe(where)}' if where else ''}"]
    stated = data.get("content")
    sources: list[Mapping[str, Json]] = [data, *([stated] if isinstance(stated, dict) else [])]
    for source in sources:
        lines += [f"{name}: {_safe(_words(source[name]))}" for name in _TOLD if source.get(name)]
    return "\n".join([*lines, f"entry {record.seq} of {_safe(ledger)}"])


def _words(value: Json) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _safe(text: str) -> str:
    """Return one line that no terminal, mail or chat program takes for anything else, and that holds no secret."""
    line = secrets.redact(text).translate(_MENTIONS)
    shown = "".join(char if unicodedata.category(char)[0] not in "CZ" else " " for char in line)
    return " ".join(shown.split())[:_LONGEST]
