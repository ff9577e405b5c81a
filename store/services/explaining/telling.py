"""An entry in words, and the section of the page it belongs to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from store.domain import events as ev
from store.domain import testdata
from store.domain.events import to_parts

SECTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("why", "Why, what, and what was expected", "nothing was stated"),
    ("changes", "What it changes", "nothing changes"),
    ("impact", "Permissions and connectors", "no effect on permissions or connectors"),
    ("risk", "Risk", "nobody has assessed it yet"),
    ("tests", "Tests and test data", "no test, report or test data is recorded"),
    ("gates", "Gates", "no gate has run yet"),
    ("approvals", "Who decided, with which key", "nobody has decided yet"),
    ("accepted", "Risks accepted: waivers and broken glass", "nothing was waived, no glass was broken"),
    ("deployment", "How it went live", "it was never deployed"),
    ("after", "What happened after", "nothing since"),
    ("record", "The rest of its record", "nothing else"),
)
"""Id, title, and what to say of an empty one; in the order of the page."""
_PREFIXES: Final[Mapping[str, str]] = MappingProxyType({
    "testdata.": "tests", "report.": "tests", "risk.": "risk", "gate.": "gates",
    "approval.": "approvals", "checklist.": "approvals", "request.escalated": "approvals",
    "exception.": "accepted", "glass.": "accepted",
    "deployment.": "deployment", "rehearsal.": "after", "rollback.": "after",
    "revert.": "after", "release.": "after", "drift.": "after",
    "incident.": "after", "finding.": "after", "anomaly.": "after", "enforcement.": "after", "entry.": "after",
    "playbook.": "after", "duty.": "after",
})  # fmt: skip
_PHASES: Final[Mapping[str, str]] = MappingProxyType(
    {"submit": "on submit", "asked": "when asked", "deploy": "before the push"}
)
_MOST: Final = 600
_UNTOLD: Final = frozenset({"nonce", "digest", "manifest", "policy", "seen_size", "seen_root", "artifacts", "target"})


def section_of(event: ev.Event) -> str:
    """Return the id of the section that an entry stands in by its kind."""
    kind = event.kind if isinstance(event, ev.Unknown) else event.KIND
    return next((section for prefix, section in _PREFIXES.items() if kind.startswith(prefix)), "record")


def words(event: ev.Event) -> tuple[str, str, str]:
    """Return (label, sentence, state) of an entry; a kind without words of its own is told by its fields."""
    match event:
        case ev.DataRecorded():
            return "test data", testdata.words(event), event.handling
        case ev.GateEvaluated():
            text = _then(event.reason, event.unblock and f"would unblock: {event.unblock}")
            return event.gate, f"{text} ({_PHASES.get(event.phase, event.phase)})", _verdict(event)
        case ev.ApprovalGranted():
            last = "; with this one the rule is met" if event.complete else ""
            risk = f" at {event.risk} risk" if event.risk else ""
            via = f", signed with its {event.via}" if event.via else ""
            said = f"{event.note}; " if event.note else ""
            return "approved", f"{said}request digest {event.digest[:16]}{risk}{via}{last}", "approved"
        case ev.ApprovalRefused():
            return "refused", event.reason, "refused"
        case ev.RequestOpened() | ev.RequestEdited() | ev.RequestSubmitted() | ev.RequestWithdrawn():
            return _request(event)
        case ev.AnomalyNoticed() | ev.AnomalyAcknowledged():
            return _anomaly(event)
        case ev.RequestEscalated():
            return "escalated", event.reason, "overdue"
        case ev.RiskAssessed():
            text = f"{event.points} points make it {event.computed}, declared {event.declared} ({event.phase})"
            return "risk", text, event.level
        case ev.EntryAnnotated() | ev.IncidentNoted():
            return "note", event.note, ""
        case ev.IncidentOpened():
            return event.incident, f"{event.title} ({event.severity})", "opened"
        case ev.IncidentClosed():
            return event.incident, f"cause: {event.cause}; fix: {event.fix}; learned: {event.learned}", "closed"
        case _:
            return _delivery(event)


def _anomaly(event: ev.AnomalyNoticed | ev.AnomalyAcknowledged) -> tuple[str, str, str]:
    if isinstance(event, ev.AnomalyAcknowledged):
        return event.anomaly, event.note, "acknowledged"
    numbers = ", ".join(f"{one.name.replace('_', ' ')} {one.value}" for one in event.measures)
    return event.anomaly, f"{event.summary} (entry {event.about}; {numbers})", "unusual"


def _request(
    event: ev.RequestOpened | ev.RequestEdited | ev.RequestSubmitted | ev.RequestWithdrawn,
) -> tuple[str, str, str]:
    match event:
        case ev.RequestOpened():
            promoted = f", promoting {event.from_request}" if event.from_request else ""
            return "opened", f"{event.request} for {event.environment}/{event.project}{promoted}", ""
        case ev.RequestEdited():
            return "edited", f"now digest {event.digest[:16]}; approvals for the earlier one are void", ""
        case ev.RequestSubmitted():
            return "submitted", f"digest {event.digest[:16]}", ""
        case ev.RequestWithdrawn():
            return "withdrawn", event.reason, ""


def _delivery(event: ev.Event) -> tuple[str, str, str]:
    match event:
        case ev.DeploymentStarted():
            under = f", under {event.glass}" if event.glass else ""
            text = f"release {event.target.release[:16]} pushed over {event.expected[:40]}{under}"
            return event.deployment, text, "started"
        case ev.DeploymentVerified():
            lost = "; ".join(event.credentials_missing or ())
            text = f"read back: release {event.target.release[:16]} is what stands there"
            return event.deployment, _then(text, lost and f"credentials missing: {lost}"), "verified"
        case ev.DeploymentFailed():
            return event.deployment, f"{event.stage}: {event.reason}", "failed"
        case ev.DeploymentUndone():
            text = (
                f"what {event.undoes} had brought is gone: {len(event.removed)} removed, {len(event.restored)} restored"
            )
            return event.deployment, text, "undone"
        case ev.RollbackStarted():
            undone = f", undoing {', '.join(event.takes_along)}" if event.takes_along else ""
            under = f", under {event.glass}" if event.glass else ""
            text = f"back to release {event.target.release[:16]}{undone}{under}: {event.reason}"
            return event.deployment, text, "rollback"
        case ev.RevertStarted():
            return event.deployment, f"pushed again by quarterdeck itself: {event.reason}", "revert"
        case ev.RehearsalStarted():
            text = f"back to release {event.target.release[:16]} and here again: {event.reason}"
            return event.deployment, text, "rehearsal"
        case ev.RollbackRehearsed():
            return "rehearsal", event.summary, "pass" if event.passed else "failed"
        case ev.ReleaseQuarantined():
            return "quarantine", f"release {event.release[:16]}: {event.reason}", "quarantined"
        case ev.QuarantineLifted():
            return "quarantine", f"release {event.release[:16]}: {event.reason}", "lifted"
        case _:
            return _drift(event)


def _drift(event: ev.Event) -> tuple[str, str, str]:
    match event:
        case ev.DriftOpened():
            return event.drift, f"{event.name}: {event.summary}", "open"
        case ev.DriftChanged():
            return event.drift, event.summary, "changed"
        case ev.DriftAcknowledged():
            return event.drift, event.note, "acknowledged"
        case ev.DriftAdopted():
            return event.drift, f"{event.request} asks to make it the desired state", "adopted"
        case ev.DriftResolved():
            return event.drift, event.how, "resolved"
        case _:
            return _finding(event)


def _finding(event: ev.Event) -> tuple[str, str, str]:
    match event:
        case ev.FindingOpened() | ev.FindingRaised():
            return event.finding, f"{event.title} ({event.severity}, due {event.due})", "opened"
        case ev.FindingClosed():
            return event.finding, f"done: {event.done}", "closed"
        case _:
            return _by_fields(event)


def _by_fields(event: ev.Event) -> tuple[str, str, str]:
    if isinstance(event, ev.Unknown):
        kind, on, data = event.kind, event.on, event.data
    else:
        kind, (on, data) = event.KIND, to_parts(event)
    told = [
        f"{name.replace('_', ' ')}: {_flat(value)}" for name, value in data.items() if name not in _UNTOLD and value
    ]
    ids = [value for name, value in on.items() if name not in {"project", "environment", "request", "deployment"}]
    return kind, "; ".join([*ids, *told])[:_MOST], ""


def _flat(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value[:20])
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in list(value.items())[:20])
    return str(value)


def _verdict(event: ev.GateEvaluated) -> str:
    if event.passed:
        return "pass"
    return "waived" if getattr(event, "waived", "") else "fail"


def _then(first: str, second: str) -> str:
    return f"{first}; {second}" if second else first
