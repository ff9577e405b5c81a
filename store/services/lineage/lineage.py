"""The lineage of a request, deployment, drift, incident or artifact: from the request to live and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from store.domain.release import Release
from store.errors import NotFound
from store.projections import artifacts, deployments, drifts, findings, incidents, requests
from store.projections.deployments import DeploymentRow
from store.projections.findings import FindingRow
from store.projections.requests import RequestRow
from store.projections.shape import Connection
from store.services.context import Context
from store.services.releases import load
from store.services.requests import commenting, testdata


@dataclass(frozen=True, kw_only=True)
class Node:
    """One thing in a lineage, with what came of it below."""

    key: str
    """Its id, digest or `#entry`."""
    kind: str
    """project, request, artifact, gate, approval, deployment, rollback, drift, incident, finding, comment, test
    data, note."""
    title: str
    state: str
    seq: int | None = None
    time: str | None = None
    children: tuple[Node, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Return the node and everything below it as plain values."""
        plain: dict[str, object] = {
            "id": self.key,
            "kind": self.kind,
            "title": self.title,
            "state": self.state,
            "seq": self.seq,
            "time": self.time,
        }
        return plain | {"children": [child.to_json() for child in self.children]}


def of(context: Context, subject: str) -> Node:
    """Return the lineage around an id: CR-…, DEP-…, DR-…, INC-…, FND-…, or the start of an artifact's digest.

    Raises:
        NotFound: there is no such thing.
    """
    with context.ledger.reading() as connection:
        request = requests.one(connection, subject)
        deployment = deployments.one(connection, subject)
        drift = drifts.one(connection, subject)
        incident = incidents.one(connection, subject)
        finding = findings.one(connection, subject)
        found = artifacts.by_digest(connection, subject) if re.fullmatch(r"[0-9a-f]{8,64}", subject) else ()
    if request is not None:
        return of_request(context, request)
    if deployment is not None and deployment.request is not None:
        return of(context, deployment.request)
    if deployment is not None:
        return _deployment(context, deployment)
    if drift is not None:
        place = (drift.environment, drift.project)
        return _of_release(context, *place, drift.release) or _drift_node(drift)
    if incident is not None:
        notes = _notes(context, incident.id)
        return Node(
            key=incident.id,
            kind="incident",
            title=incident.title,
            state=incident.state,
            seq=incident.opened_seq,
            time=incident.opened_at,
            children=notes,
        )
    if finding is not None:
        return _finding(context, finding)
    if found:
        return _of_artifact(context, found[0])
    raise NotFound(f"there is nothing named {subject!a} here")


def projects(context: Context) -> tuple[Node, ...]:
    """Return every project with its requests below, the newest first: the whole tree."""
    with context.ledger.reading() as connection:
        rows = requests.listing(connection, limit=2000)
        names = {project for project, _ in artifacts.projects_of(connection)}
    trees = []
    for project in sorted(names | {row.project for row in rows}):
        mine = sorted((row for row in rows if row.project == project), key=lambda row: -row.opened_seq)
        state = f"{len(mine)} requests"
        children = tuple(_request_head(row) for row in mine)
        trees.append(Node(key=project, kind="project", title=project, state=state, children=children))
    return tuple(trees)


def of_request(context: Context, row: RequestRow) -> Node:
    """Return one request with its artifacts, gates, approvals, deployments and what came of those."""
    with context.ledger.reading() as connection:
        release = load(connection, row.manifest)
        exports = _artifact_nodes(connection, release)
        gates = requests.gates(connection, row.id)
        decisions = requests.decisions(connection, row.id)
        places = deployments.listing(connection, project=row.project, limit=5000)
        later = [r for r in requests.of_release(connection, row.project, row.release) if r.id != row.id]
    mine = [place for place in reversed(places) if place.request == row.id]
    children = [
        *exports,
        *(
            Node(
                key=f"#{gate.seq}",
                kind="gate",
                title=f"{gate.gate}: {gate.reason}",
                state=gate.verdict,
                seq=gate.seq,
            )
            for gate in gates
        ),
        *(
            Node(
                key=f"#{one.seq}",
                kind="approval",
                title=f"{one.actor}{': ' + one.note if one.note else ''}",
                state="void (the request changed)" if one.decision == "void" else one.decision,
                seq=one.seq,
                time=one.time,
            )
            for one in decisions
        ),
        *(_deployment(context, place) for place in mine),
        *(_request_head(other) for other in later if other.opened_seq > row.opened_seq),
        *(
            Node(key=f"#{one.seq}", kind="test data", title=one.words, state=one.handling, seq=one.seq, time=one.time)
            for one in testdata.of_request(context.ledger, row.id)
        ),
        *(
            Node(
                key=f"#{one.seq}",
                kind="comment",
                title=f"{one.actor} on {one.name}: {one.text}",
                state="settled" if one.resolved else "open",
                seq=one.seq,
                time=one.time,
            )
            for one in commenting.of_request(context.ledger, row.id)
        ),
        *_notes(context, row.id),
    ]
    head = _request_head(row)
    return Node(
        key=head.key,
        kind=head.kind,
        title=head.title,
        state=head.state,
        seq=head.seq,
        time=head.time,
        children=tuple(children),
    )


def _request_head(row: RequestRow) -> Node:
    return Node(
        key=row.id,
        kind="request",
        title=f"{row.title} → {row.environment}",
        state=row.state,
        seq=row.opened_seq,
        time=row.opened_at,
    )


def _artifact_nodes(connection: Connection, release: Release, limit: int = 12) -> list[Node]:
    nodes = []
    for file in release.files[:limit]:
        arrived = next((row for row in artifacts.by_digest(connection, file.artifact)), None)
        nodes.append(
            Node(
                key=file.artifact,
                kind="artifact",
                title=file.name,
                state=file.platform,
                seq=arrived.seq if arrived is not None else None,
                time=arrived.time if arrived is not None else None,
            )
        )
    if len(release.files) > limit:
        more = f"… and {len(release.files) - limit} more files"
        nodes.append(Node(key=release.digest, kind="artifact", title=more, state=""))
    return nodes


def _deployment(context: Context, row: DeploymentRow) -> Node:
    """Return a deployment with the drifts that stood against it and the rollback that ended it."""
    with context.ledger.reading() as connection:
        everything = ("open", "acknowledged", "adopted", "resolved")
        seen = drifts.listing(connection, environment=row.environment, project=row.project, statuses=everything)
        after = deployments.listing(connection, environment=row.environment, project=row.project, limit=5000)
    end = row.ended_seq or row.started_seq
    later = sorted((d for d in after if d.started_seq > end and d.state == "verified"), key=lambda d: d.started_seq)
    until = later[0].started_seq if later else None
    mine = [d for d in seen if end < d.opened_seq and (until is None or d.opened_seq < until)]
    children = [_drift_node(drift) for drift in sorted(mine, key=lambda d: d.opened_seq)]
    if later and later[0].cause == "rollback" and row.state == "verified":
        children.append(_deployment_head(later[0]))
    head = _deployment_head(row)
    return Node(
        key=head.key,
        kind=head.kind,
        title=head.title,
        state="live" if row.state == "verified" and not later else head.state,
        seq=head.seq,
        time=head.time,
        children=(*children, *_notes(context, row.id)),
    )


def _deployment_head(row: DeploymentRow) -> Node:
    kind = "rollback" if row.cause == "rollback" else "deployment"
    why = f": {row.reason}" if row.reason else ""
    return Node(
        key=row.id,
        kind=kind,
        title=f"{row.environment} by {row.actor}, release {row.release[:12]}{why}",
        state=row.state,
        seq=row.started_seq,
        time=row.started_at,
    )


def _drift_node(drift: drifts.DriftRow) -> Node:
    return Node(
        key=drift.id,
        kind="drift",
        title=f"{drift.name}: {drift.summary}",
        state=drift.status,
        seq=drift.opened_seq,
        time=drift.opened_at,
    )


def _notes(context: Context, subject: str) -> tuple[Node, ...]:
    """Return what people said of a thing later, and the findings about it."""
    with context.ledger.reading() as connection:
        notes = incidents.notes(connection, subject)
        found = findings.listing(connection, about=subject)
    return (
        *(
            Node(key=f"#{n.seq}", kind="note", title=f"{n.actor}: {n.note}", state="", seq=n.seq, time=n.time)
            for n in notes
        ),
        *(_finding_head(row) for row in sorted(found, key=lambda row: row.opened_seq)),
    )


def _finding_head(row: FindingRow) -> Node:
    return Node(key=row.id, kind="finding", title=row.title, state=row.state, seq=row.opened_seq, time=row.opened_at)


def _finding(context: Context, row: FindingRow) -> Node:
    """Return a finding with its story below it: who did what about it."""
    with context.ledger.reading() as connection:
        steps = findings.story(connection, row.id)
    story = tuple(
        Node(key=f"#{s.seq}", kind=s.step, title=f"{s.actor}: {s.words}", state="", seq=s.seq, time=s.time)
        for s in steps[1:]
    )
    head = _finding_head(row)
    return replace(head, children=(*story, *_notes(context, row.id)))


def _of_release(context: Context, environment: str, project: str, release: str | None) -> Node | None:
    with context.ledger.reading() as connection:
        rows = requests.of_release(connection, project, release) if release else ()
    here = [row for row in rows if row.environment == environment]
    return of_request(context, here[-1]) if here else None


def _of_artifact(context: Context, row: artifacts.ArtifactRow) -> Node:
    with context.ledger.reading() as connection:
        candidates: Sequence[RequestRow] = requests.of_project(connection, row.project)
        uses = [r for r in candidates if any(f.artifact == row.digest for f in load(connection, r.manifest).files)]
    return Node(
        key=row.digest,
        kind="artifact",
        title=f"{row.project}/{row.name} ({row.platform}, {row.components} components)",
        state="ingested",
        seq=row.seq,
        time=row.time,
        children=tuple(_request_head(use) for use in uses),
    )
