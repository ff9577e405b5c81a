"""How often drift is reverted by itself before it is left to people: no endless fight with whoever changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from store.clock import parse_timestamp
from store.domain import events as ev

MOST: Final = 3
"""Attempts within the window; the next one is an alarm instead."""
WINDOW: Final = 3600.0
"""Seconds."""
LOOKED_AT: Final = 200
_HUMAN: Final = (
    "environment.edited",
    "deployment.started",
    "rollback.started",
    "drift.acknowledged",
    "drift.adopted",
)
KINDS: Final = ("revert.started", "enforcement.halted", *_HUMAN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Go:
    """Revert; this is the n-th attempt since a person last acted."""

    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Halt:
    """Stop, and say so."""

    attempts: int


@dataclass(frozen=True, slots=True)
class Halted:
    """It was stopped before, and nobody has acted since."""


def judge(past: Sequence[ev.Recorded], *, project: str, since: datetime) -> Go | Halt | Halted:
    """Return what is to be done about drift, from the entries of an environment, the newest first."""
    attempts = 0
    for item in past:
        if is_human(item, project):
            break
        match item.event:
            case ev.EnforcementHalted(project=where) if where == project:
                return Halted()
            case ev.RevertStarted(project=where, cause="drift") if where == project:
                attempts += parse_timestamp(item.time) >= since
            case _:
                pass
    return Halt(attempts=attempts) if attempts >= MOST else Go(attempt=attempts + 1)


def is_halted(past: Sequence[ev.Recorded], project: str) -> bool:
    """Say whether reverting was stopped after a person last acted here; `past` is the newest first."""
    for item in past:
        if is_human(item, project):
            return False
        if isinstance(item.event, ev.EnforcementHalted) and item.event.project == project:
            return True
    return False


def is_human(item: ev.Recorded, project: str) -> bool:
    """Say whether a person acted on this project's environment: that gives the automatic reverts a new start."""
    match item.event:
        case ev.EnvironmentEdited():
            return True
        case (
            ev.DeploymentStarted(project=where)
            | ev.RollbackStarted(project=where)
            | ev.DriftAcknowledged(project=where)
            | ev.DriftAdopted(project=where)
        ):
            return where == project
        case _:
            return False
