"""What is broken: the chain, what differs live, what failed, what is out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.push import Reach
from store.domain.severity import of_drift
from store.projections import anomalies, artifacts, deployments, drifts, incidents
from store.projections.anomalies import AnomalyRow
from store.projections.deployments import DeploymentRow
from store.services.context import Context, recorded
from store.services.delivery import reverting
from store.services.delivery.interrupted import begun, ways_on
from store.services.triage.asked import Asked
from store.services.triage.item import Item

_FAILED = 50
_UNUSUAL = 50
_REFUSED = 5
_TOLD_FOR = timedelta(days=7)


def chain(asked: Asked) -> Iterator[Item]:
    """Yield the alarm that goes before everything: what cannot be trusted makes every other item doubtful."""
    word = asked.chain or asked.context.ledger.contradiction
    if word:
        yield Item(
            key="ledger",
            kind="chain",
            severity="critical",
            environment="-",
            project="-",
            what=f"the ledger does not check: {word}",
            reason="nothing more should be approved or deployed on the strength of it until a person has looked",
            since=asked.at,
            mine=True,
        )


def drift(asked: Asked) -> Iterator[Item]:
    """Yield every open drift."""
    with asked.context.ledger.reading() as connection:
        rows = drifts.listing(connection)
    for row in rows:
        if row.status == "open":
            yield Item(
                key=row.id,
                kind="drift",
                severity=of_drift(row.environment),
                environment=row.environment,
                project=row.project,
                what=f"{row.name}: {row.summary}",
                act="handle drift",
                reason="live is not what was approved and deployed",
                since=row.updated_at,
                mine=asked.may("handle drift", row.project, row.environment),
            )


def halted(asked: Asked) -> Iterator[Item]:
    """Yield every place where quarterdeck stopped to put live back by itself."""
    for halt in reverting.halts(asked.context):
        yield Item(
            key=f"#{halt.seq}",
            kind="halted",
            severity="critical",
            environment=halt.environment,
            project=halt.project,
            what=f"not reverted any more: {halt.reason}",
            act="handle drift",
            reason="live differs and quarterdeck has stopped to put it back by itself",
            since=halt.time,
            mine=asked.may("handle drift", halt.project, halt.environment),
        )


def failed(asked: Asked) -> Iterator[Item]:
    """Yield every deployment that failed and after which nothing else went there."""
    with asked.context.ledger.reading() as connection:
        rows = [row for row in deployments.listing(connection, limit=_FAILED) if row.state == "failed"]
        settled = {(d.environment, d.project): d.started_seq for d in deployments.desired(connection)}
    for row in rows:
        if row.started_seq > settled.get((row.environment, row.project), 0):
            yield Item(
                key=row.id,
                kind="failed",
                severity="high",
                environment=row.environment,
                project=row.project,
                what=f"{row.cause} failed: {_how_far(asked.context, row)}",
                act="roll back",
                since=row.ended_at or row.started_at,
                mine=asked.may("deploy", row.project, row.environment),
            )


def _how_far(context: Context, row: DeploymentRow) -> str:
    """Return why a deployment failed, how far it came, and the ways on."""
    words = [row.reason or "no reason recorded"]
    entries = context.ledger.entries(kinds=["deployment.failed"], on={"deployment": row.id}, newest_first=True, limit=1)
    for item in recorded(entries):
        if isinstance(item.event, ev.DeploymentFailed) and item.event.changed is not None:
            failed = item.event
            reach = Reach(changed=failed.changed or (), unsure=failed.unsure or (), untouched=failed.untouched or ())
            words += [reach.in_words(), *ways_on(begun(context.ledger, row.id))]
    return "; ".join(words)


def rolled_back(asked: Asked) -> Iterator[Item]:
    """Yield to whoever asked for a release or approved it that it was rolled back, for a week or until it is lifted."""
    with asked.context.ledger.reading() as connection:
        rows = deployments.quarantined(connection)
    for row in rows:
        found = next(recorded(asked.context.ledger.entries(after=row.seq - 1, until=row.seq)))
        event = found.event
        concerned = isinstance(event, ev.ReleaseQuarantined) and asked.handle in (event.concerns or ())
        if concerned and parse_timestamp(asked.at) < parse_timestamp(found.time) + _TOLD_FOR:
            yield Item(
                key=row.deployment,
                kind="rolled-back",
                severity="medium",
                environment=row.environment,
                project=row.project,
                what=f"your release {row.release[:12]} is in quarantine: {row.reason}",
                reason="you asked for it or approved it: mend it, or say why its quarantine may be lifted",
                since=found.time,
                mine=True,
            )


def incident(asked: Asked) -> Iterator[Item]:
    """Yield every open incident."""
    with asked.context.ledger.reading() as connection:
        rows = incidents.listing(connection, state="open")
    for row in rows:
        yield Item(
            key=row.id,
            kind="incident",
            severity=row.severity,
            environment=row.environment or "-",
            project=row.project or "-",
            what=row.title,
            act="annotate",
            reason="it is open until cause, fix and what was learned are written down",
            since=row.opened_at,
            mine=asked.may("open an incident", row.project or "*", row.environment or "*"),
        )


def unusual(asked: Asked) -> Iterator[Item]:
    """Yield every anomaly that nobody has looked at, but those that are told only for the record."""
    with asked.context.ledger.reading() as connection:
        rows = anomalies.listing(connection, state="open", limit=_UNUSUAL)
    for row in rows:
        if row.severity == "info":
            continue
        may = asked.may("acknowledge an anomaly", row.project or "*", row.environment or "*")
        yield Item(
            key=row.id,
            kind="anomaly",
            severity={"critical": "critical", "high": "high", "warning": "medium"}.get(row.severity, "low"),
            environment=row.environment or "-",
            project=row.project or "-",
            what=f"unusual: {row.summary}",
            act="acknowledge an anomaly",
            reason="somebody other than the one it is about says why it was all right, or opens an incident",
            since=row.time,
            mine=may and asked.handle not in {row.principal, *_also(asked.context, row)},
        )


def _also(context: Context, row: AnomalyRow) -> tuple[str, ...]:
    """Return who else an anomaly is about: only the entry says it."""
    event = next((one.event for one in recorded(context.ledger.entries(after=row.seq - 1, until=row.seq))), None)
    return event.also if isinstance(event, ev.AnomalyNoticed) else ()


def refused(asked: Asked) -> Iterator[Item]:
    """Yield the newest dropped files that could not be read."""
    with asked.context.ledger.reading() as connection:
        rows = artifacts.refused(connection, limit=_REFUSED)
    for row in rows:
        yield Item(
            key=f"#{row.seq}",
            kind="refused",
            severity="low",
            environment="-",
            project="-",
            what=f"{row.path}: {row.reason}",
            reason="a dropped file could not be read and stands in quarantine",
            since=row.time,
            mine=True,
        )
