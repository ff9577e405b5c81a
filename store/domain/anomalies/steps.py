"""Steps out of order or skipped: what should have come before, and did not. Services refuse it; a file may hold it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from store.clock import SKEW
from store.domain import events as ev
from store.domain.anomalies.found import ORDER, Act, Found

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Anomalies


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What the ledger holds before a step, about the same request and the same place."""

    request: Sequence[ev.Recorded] = ()
    """Entries of the request that is deployed, oldest first."""
    started: bool = True
    """Of a verified deployment: something says that it began."""
    earlier: str | None = None
    """The environment a release comes from; None where policy names none."""
    was_there: bool = True
    """The release was verified in `earlier`."""
    deployed_minutes: int | None = None
    """Of a live change: so long ago the last deployment there was verified; None: never."""


def judge(act: Act, event: ev.Event, before: Before, rules: Anomalies) -> Iterator[Found]:
    """Yield every step that is missing before this one."""
    match event:
        case ev.DeploymentStarted():
            yield from _deployment(act, event, before)
        case ev.DeploymentVerified() if not before.started:
            yield _found(act, f"{event.deployment} was verified, and nothing says that it began", (("starts", 0),))
        case ev.DriftOpened() if any(fnmatchcase(event.environment, glob) for glob in rules.first_time):
            last = before.deployed_minutes
            when = f"the last deployment was {_span(last)} before" if last is not None else "nothing was deployed there"
            measures = () if last is None else (("minutes_since_deployment", last),)
            words = f"{event.name} changed live in {event.environment}, and no request asked for it: {when}"
            yield _found(act, words, (("requests", 0), *measures), severity="info")  # the drift itself is told
        case _:
            pass


def late(act: Act, newest: Act | None) -> Iterator[Found]:
    """Yield a finding where an act claims a time long before an act that the ledger holds before it."""
    if newest is not None and newest.at - act.at > SKEW and act.key:
        minutes = int((newest.at - act.at).total_seconds() // 60)
        words = f"entry {act.seq} claims to be {_span(minutes)} older than entry {newest.seq}, which came before it"
        yield _found(act, words, (("minutes", minutes), ("entry_before", newest.seq)))


def _span(minutes: int) -> str:
    """Return a length of time as people say it; the exact number stands among the measures."""
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _deployment(act: Act, event: ev.DeploymentStarted, before: Before) -> Iterator[Found]:
    seen = [one.event for one in before.request]
    handed_in = sum(isinstance(one, ev.RequestSubmitted) and one.digest == event.digest for one in seen)
    approvals = [one for one in seen if isinstance(one, ev.ApprovalGranted) and one.digest == event.digest]
    gates = sum(isinstance(one, ev.GateEvaluated) and one.digest == event.digest for one in seen)
    if not handed_in:
        yield _found(act, f"{event.request} was deployed and never handed in as it stood", (("submissions", 0),))
    if not gates:
        yield _found(act, f"{event.request} was deployed and no gate had looked at it", (("gates", 0),))
    if not any(one.complete for one in approvals) and event.glass is None:
        words = f"{event.request} was deployed before its approvals were complete, and no glass was broken"
        yield _found(act, words, (("approvals", len(approvals)),))
    if before.earlier is not None and not before.was_there:
        words = f"release {event.target.release[:12]} went to {event.environment} and was never in {before.earlier}"
        yield _found(act, words, (("verified_there", 0),))


def _found(act: Act, summary: str, measures: tuple[tuple[str, int], ...], *, severity: str = "") -> Found:
    return Found(
        rule=ORDER,
        about=act.seq,
        summary=summary,
        measures=measures,
        principal=act.actor if act.key else None,
        project=act.project,
        environment=act.environment,
        severity=severity,
    )
