"""What needs somebody now, ranked: the home screen's facts."""

from __future__ import annotations

from dataclasses import dataclass

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain import freshness, roles
from store.domain.push import Reach
from store.domain.roles import Principals
from store.domain.severity import of_drift
from store.projections import anomalies, artifacts, deployments, drifts, environments, incidents, requests
from store.projections.anomalies import AnomalyRow
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.requests import RequestRow
from store.services.context import Context, recorded
from store.services.delivery import reverting
from store.services.drift import looking
from store.services.identity.people import principals
from store.services.requests import commenting
from store.services.requests.escalating import deadline_of
from store.services.triage import owed
from store.services.triage.item import Item

__all__ = ["EnvironmentState", "Item", "Overview", "overview", "strip"]

RANK = {"critical": 0, "high": 1, "medium": 2, "low": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentState:
    """One environment in the strip: every project's release, drift and freeze."""

    name: str
    target: str
    projects: int
    release: str | None
    """The release when there is one project, else None."""
    since: str | None
    drifts: int
    frozen: str | None
    seen: str | None
    """When live was last looked at."""
    stale: bool = False
    """What is known of live is older than it should be: nobody has looked for too long."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The home screen: what needs somebody, and how every environment is."""

    items: tuple[Item, ...]
    environments: tuple[EnvironmentState, ...]


def overview(context: Context, handle: str | None, *, chain: str = "") -> Overview:
    """Return what needs somebody now, most pressing first; what `handle` can do before what they cannot.

    `chain`: how the last verification found the ledger, where it found it unsound (`invalid`, `shorter`, …).
    """
    people = principals(context.ledger)
    at = context.now
    with context.ledger.reading() as connection:
        drift_rows = drifts.listing(connection)
        request_rows = requests.listing(connection, states=("in review", "approved"))
        drafts = requests.listing(connection, states=("draft",))
        failed = [row for row in deployments.listing(connection, limit=50) if row.state == "failed"]
        settled = {(d.environment, d.project): d.started_seq for d in deployments.desired(connection)}
        open_incidents = incidents.listing(connection, state="open")
        refused = artifacts.refused(connection, limit=5)
        unusual = anomalies.listing(connection, state="open", limit=50)
    items = [
        *_of_chain(context, chain),
        *(_of_drift(row, people, handle, at) for row in drift_rows if row.status == "open"),
        *(_of_halt(halt, people, handle, at) for halt in reverting.halts(context)),
        *(_of_request(row, people, handle, at, context) for row in request_rows),
        *(item for row in (*request_rows, *drafts) for item in _of_comments(context, row, handle)),
        *(
            Item(
                key=row.id,
                kind="failed",
                severity="high",
                environment=row.environment,
                project=row.project,
                what=f"{row.cause} failed: {_how_far(context, row)}",
                act="roll back",
                since=row.ended_at or row.started_at,
                mine=_may(people, handle, "deploy", row.project, row.environment, at),
            )
            for row in failed
            if row.started_seq > settled.get((row.environment, row.project), 0)
        ),
        *(
            Item(
                key=row.id,
                kind="incident",
                severity=row.severity,
                environment=row.environment or "-",
                project=row.project or "-",
                what=row.title,
                act="annotate",
                reason="it is open until cause, fix and what was learned are written down",
                since=row.opened_at,
                mine=_may(people, handle, "open an incident", row.project or "*", row.environment or "*", at),
            )
            for row in open_incidents
        ),
        *owed.items(context, people, handle, at),
        *(_of_anomaly(row, people, handle, at) for row in unusual if row.severity != "info"),
        *(
            Item(
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
            for row in refused
        ),
    ]
    items.sort(key=lambda item: item.since, reverse=True)
    items.sort(key=lambda item: (item.kind != "chain", RANK.get(item.severity, 9), not item.mine))
    return Overview(items=tuple(items), environments=strip(context))


def strip(context: Context) -> tuple[EnvironmentState, ...]:
    """Return every environment with its release, drift, freeze and when it was last seen."""
    with context.ledger.reading() as connection:
        places = environments.listing(connection)
        desired = deployments.desired(connection)
        standing = drifts.listing(connection, statuses=("open", "acknowledged"))
        seen = artifacts.observations(connection)
    found = []
    now = parse_timestamp(context.now)
    for place in places:
        here = [row for row in desired if row.environment == place.name]
        changed = max((row.time for row in seen if row.environment == place.name), default=None)
        asked = looking.last(context, place.name)
        last = max(filter(None, (changed, asked)), default=None)
        interval = context.config.live.interval_seconds if asked is not None else None
        found.append(
            EnvironmentState(
                name=place.name,
                target=place.target,
                projects=len(here),
                release=here[0].release if len(here) == 1 else None,
                since=max((row.ended_at or row.started_at for row in here), default=None),
                drifts=sum(row.environment == place.name for row in standing),
                frozen=place.frozen,
                seen=last,
                stale=bool(here) and freshness.is_stale(last, now=now, interval=interval),
            )
        )
    return tuple(found)


def _of_chain(context: Context, chain: str) -> list[Item]:
    """Return the alarm that goes before everything: what cannot be trusted makes every other item doubtful."""
    word = "diverged" if context.ledger.contradicted else chain
    if not word:
        return []
    return [
        Item(
            key="ledger",
            kind="chain",
            severity="critical",
            environment="-",
            project="-",
            what=f"the ledger does not check: {word}",
            reason="nothing more should be approved or deployed on the strength of it until a person has looked",
            since=context.now,
            mine=True,
        )
    ]


def _of_halt(halt: reverting.Halted, people: Principals, handle: str | None, at: str) -> Item:
    return Item(
        key=f"#{halt.seq}",
        kind="halted",
        severity="critical",
        environment=halt.environment,
        project=halt.project,
        what=f"not reverted any more: {halt.reason}",
        act="handle drift",
        reason="live differs and quarterdeck has stopped to put it back by itself",
        since=halt.time,
        mine=_may(people, handle, "handle drift", halt.project, halt.environment, at),
    )


def _of_anomaly(row: AnomalyRow, people: Principals, handle: str | None, at: str) -> Item:
    may = _may(people, handle, "acknowledge an anomaly", row.project or "*", row.environment or "*", at)
    return Item(
        key=row.id,
        kind="anomaly",
        severity={"critical": "critical", "high": "high", "warning": "medium"}.get(row.severity, "low"),
        environment=row.environment or "-",
        project=row.project or "-",
        what=f"unusual: {row.summary}",
        act="acknowledge an anomaly",
        reason="somebody other than the one it is about says why it was all right, or opens an incident",
        since=row.time,
        mine=may and row.principal != handle,
    )


def _how_far(context: Context, row: DeploymentRow) -> str:
    """Return why a deployment failed, how far it came, and the two ways on."""
    words = [row.reason or "no reason recorded"]
    entries = context.ledger.entries(kinds=["deployment.failed"], on={"deployment": row.id}, newest_first=True, limit=1)
    for item in recorded(entries):
        if isinstance(item.event, ev.DeploymentFailed) and item.event.changed is not None:
            failed = item.event
            reach = Reach(changed=failed.changed or (), unsure=failed.unsure or (), untouched=failed.untouched or ())
            ways = f"quarterdeck deploy --resume {row.id} finishes it, --undo {row.id} takes it back"
            words += [reach.in_words(), ways]
    return "; ".join(words)


def _of_drift(row: DriftRow, people: Principals, handle: str | None, at: str) -> Item:
    return Item(
        key=row.id,
        kind="drift",
        severity=of_drift(row.environment),
        environment=row.environment,
        project=row.project,
        what=f"{row.name}: {row.summary}",
        act="handle drift",
        reason="live is not what was approved and deployed",
        since=row.updated_at,
        mine=_may(people, handle, "handle drift", row.project, row.environment, at),
    )


def _of_request(row: RequestRow, people: Principals, handle: str | None, at: str, context: Context) -> Item:
    ready = row.state == "approved"
    act = "deploy" if ready else "approve"
    may = _may(people, handle, act, row.project, row.environment, at) or _was_asked(row, people, handle, at)
    mine = may and (ready or row.requester != handle)
    need = context.policy.rule(row.risk, row.environment).people
    due = deadline_of(context, row, at)
    words = "approved, ready to deploy" if ready else f"waits for approval ({row.approvals} of {need})"
    if row.gates_failed and not ready:
        words = f"{row.gates_failed} gates failed"
    if due is not None:
        words = f"{words}, {due.words}"
    late = due is not None and (due.passed or due.escalated_to)
    return Item(
        key=row.id,
        kind="ready" if ready else "approval",
        severity=min(row.risk, "high", key=lambda level: RANK.get(level, 9)) if late else row.risk,
        environment=row.environment,
        project=row.project,
        what=f"{row.title}: {words}",
        act=act,
        since=row.updated_at,
        mine=mine,
    )


def _was_asked(row: RequestRow, people: Principals, handle: str | None, at: str) -> bool:
    """Say whether it was escalated to a role that the caller holds."""
    one = people.by_handle.get(handle or "")
    place = {"project": row.project, "environment": row.environment}
    return one is not None and any(roles.holds(one, role, **place, at=at) for role in row.escalated_to)


def _of_comments(context: Context, row: RequestRow, handle: str | None) -> list[Item]:
    """Return what tells a requester that something was said about their request and is not settled."""
    said = [one for one in commenting.of_request(context.ledger, row.id) if one.resolved is None]
    others = [one for one in said if one.actor != row.requester]
    if not others:
        return []
    last = others[-1]
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    return [
        Item(
            key=f"{row.id}/comments",
            kind="comment",
            severity="low",
            environment=row.environment,
            project=row.project,
            what=f"{last.actor} on {last.name}: {last.text}{more}",
            act="comment on a request",
            reason=f"{row.requester} answers or edits {row.id}; {last.actor} or an approver settles it",
            about=row.id,
            since=last.time,
            mine=handle == row.requester,
        )
    ]


def _may(people: Principals, handle: str | None, act: str, project: str, environment: str, at: str) -> bool:
    return handle is not None and roles.may(people, handle, act, project=project, environment=environment, at=at)
