"""Verdicts of gates as the command line shows them, wherever they stand: a waived one always says so."""

from __future__ import annotations

from console.cli.output import note, say
from store.domain.change import OPEN_STATES, Change
from store.projections.requests import GateRow

_WORDS = {"pass": "pass", "waived": "WAIVED", "fail": "FAIL"}


def say_gate(verdict: str, gate: str, reason: str, unblock: str) -> None:
    """Print one verdict, and below it what would unblock it."""
    say(f"  {_WORDS[verdict]}  {gate}: {reason}")
    if verdict == "fail" and unblock:
        say(f"        would unblock: {unblock}")


def note_next(change: Change) -> None:
    """Say what to do once a gate of the request may judge otherwise: a draft is handed in, which runs its gates."""
    if change.state == "draft":
        note(f"then: quarterdeck request submit {change.id}")
    elif change.state in OPEN_STATES:
        note(f"then: quarterdeck gate run {change.id}")


def gate_json(row: GateRow) -> dict[str, object]:
    """Return one verdict as JSON prints it."""
    return {
        "gate": row.gate,
        "passed": bool(row.passed),
        "verdict": row.verdict,
        "waived": row.waived or None,
        "reason": row.reason,
        "unblock": row.unblock,
        "request_digest": row.digest,
        "inputs": row.inputs,
        "entry": row.seq,
    }
