"""What a lineage is made of: nodes, and how each thing that is recorded becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from store.domain.commenting import Comment
from store.domain.release import Release
from store.projections import artifacts, deployments, drifts, findings, incidents, requests
from store.projections.artifacts import ArtifactRow
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.findings import FindingRow, FindingStep
from store.projections.incidents import IncidentRow, NoteRow
from store.projections.requests import ApprovalRow, GateRow, RequestRow
from store.projections.shape import Connection
from store.services.requests.testdata import DataRow

Thing: TypeAlias = RequestRow | DeploymentRow | DriftRow | IncidentRow | FindingRow

_MOST_FILES = 12


@dataclass(frozen=True, kw_only=True)
class Node:
    """One thing in a lineage, with what came of it below."""

    key: str
    """Its id, digest or `#entry`."""
    kind: str
    """project, environment, request, artifact, gate, approval, deployment, rollback, drift, incident, finding,
    comment, test data, note; `older` stands for what is not shown yet."""
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


def named(connection: Connection, subject: str) -> Thing | None:
    """Return what has this id, None where nothing has."""
    return (
        requests.one(connection, subject)
        or deployments.one(connection, subject)
        or drifts.one(connection, subject)
        or incidents.one(connection, subject)
        or findings.one(connection, subject)
    )


def request(row: RequestRow) -> Node:
    """Return a request with the environment it is for."""
    title = f"{row.title} → {row.environment}"
    return Node(key=row.id, kind="request", title=title, state=row.state, seq=row.opened_seq, time=row.opened_at)


def gate(row: GateRow) -> Node:
    """Return what a gate said."""
    return Node(
        key=f"#{row.seq}", kind="gate", title=f"{row.gate}: {row.reason}", state=row.verdict, seq=row.seq
    )  # fmt: skip


def decision(row: ApprovalRow) -> Node:
    """Return an approval or a refusal."""
    return Node(
        key=f"#{row.seq}",
        kind="approval",
        title=f"{row.actor}{': ' + row.note if row.note else ''}",
        state="void (the request changed)" if row.decision == "void" else row.decision,
        seq=row.seq,
        time=row.time,
    )


def deployment(row: DeploymentRow) -> Node:
    """Return a deployment or a rollback."""
    why = f": {row.reason}" if row.reason else ""
    return Node(
        key=row.id,
        kind="rollback" if row.cause == "rollback" else "deployment",
        title=f"{row.environment} by {row.actor}, release {row.release[:12]}{why}",
        state=row.state,
        seq=row.started_seq,
        time=row.started_at,
    )


def drift(row: DriftRow) -> Node:
    """Return the node of a drift: what it is called, and what changed."""
    title = f"{row.name}: {row.summary}"
    return Node(key=row.id, kind="drift", title=title, state=row.status, seq=row.opened_seq, time=row.opened_at)


def incident(row: IncidentRow) -> Node:
    """Return the node of an incident."""
    return Node(key=row.id, kind="incident", title=row.title, state=row.state, seq=row.opened_seq, time=row.opened_at)


def finding(row: FindingRow) -> Node:
    """Return the node of a finding."""
    return Node(key=row.id, kind="finding", title=row.title, state=row.state, seq=row.opened_seq, time=row.opened_at)


def step(row: FindingStep) -> Node:
    """Return what somebody did about a finding."""
    return Node(
        key=f"#{row.seq}", kind=row.step, title=f"{row.actor}: {row.words}", state="", seq=row.seq, time=row.time
    )


def note(row: NoteRow) -> Node:
    """Return what somebody said of a thing later."""
    return Node(key=f"#{row.seq}", kind="note", title=f"{row.actor}: {row.note}", state="", seq=row.seq, time=row.time)


def comment(one: Comment) -> Node:
    """Return what somebody said of a component of a request."""
    return Node(
        key=f"#{one.seq}",
        kind="comment",
        title=f"{one.actor} on {one.name}: {one.text}",
        state="settled" if one.resolved else "open",
        seq=one.seq,
        time=one.time,
    )


def test_data(row: DataRow) -> Node:
    """Return what was done with data to test a request."""
    return Node(key=f"#{row.seq}", kind="test data", title=row.words, state=row.handling, seq=row.seq, time=row.time)


def artifact(row: ArtifactRow, *, uses: Sequence[RequestRow]) -> Node:
    """Return an export with the requests that carry it."""
    return Node(
        key=row.digest,
        kind="artifact",
        title=f"{row.project}/{row.name} ({row.platform}, {row.components} components)",
        state="ingested",
        seq=row.seq,
        time=row.time,
        children=tuple(request(use) for use in uses),
    )


def exports(connection: Connection, release: Release) -> list[Node]:
    """Return the files of a release, each with when it first arrived."""
    nodes = []
    for file in release.files[:_MOST_FILES]:
        arrived = next(iter(artifacts.by_digest(connection, file.artifact)), None)
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
    if len(release.files) > _MOST_FILES:
        more = f"… and {len(release.files) - _MOST_FILES} more files"
        nodes.append(Node(key=release.digest, kind="artifact", title=more, state=""))
    return nodes
