"""One node of the lineage in depth: its own row, what it changed, and whether one can go back to it."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain import events as ev
from store.domain.release import EMPTY
from store.errors import Refusal
from store.projections import artifacts, deployments, incidents, requests
from store.projections.artifacts import ArtifactRow
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.incidents import IncidentRow, NoteRow
from store.projections.requests import ApprovalRow, GateRow, RequestRow
from store.projections.shape import Connection
from store.services import rights
from store.services.context import Context
from store.services.delivery.effects import between
from store.services.delivery.remains import Remains, remains
from store.services.diffing import Comparison, comparison_of_request
from store.services.drift.drift_view import three_way
from store.services.identity.people import principals
from store.services.lineage.nodes import Node
from store.services.releases import load


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Where a rollback from this node would go."""

    environment: str
    project: str
    to: str | None
    """The deployment whose release comes back; None: the release before the present one."""
    drift: str | None = None
    """Where it is a drift that goes: the desired release is pushed over it."""
    blocked: tuple[str, ...]
    """Why the caller cannot, then `→` what would unblock it; empty when they can."""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Everything the screen says of one node; what does not apply is None or empty."""

    node: Node
    request: RequestRow | None = None
    content: ev.RequestContent | None = None
    gates: tuple[GateRow, ...] = ()
    decisions: tuple[ApprovalRow, ...] = ()
    deployment: DeploymentRow | None = None
    drift: DriftRow | None = None
    incident: IncidentRow | None = None
    artifact: ArtifactRow | None = None
    notes: tuple[NoteRow, ...] = ()
    past: tuple[DeploymentRow, ...] = ()
    """Deployments of the project or the environment, newest first."""
    comparison: Comparison | None = None
    """What a request or deployment changed, or a drift did behind our back."""
    goal: Goal | None = None
    remains: Remains | None = None
    """What a failed deployment left behind, while it can be finished or taken back."""

    @property
    def place(self) -> tuple[str | None, str | None]:
        """Return the project and environment that the node belongs to, as far as it does."""
        for row in (self.request, self.deployment, self.drift, self.incident, self.artifact):
            if row is not None:
                return row.project, row.environment
        if self.goal is not None:
            return self.goal.project, self.goal.environment
        return (self.node.key if self.node.kind == "project" else None), None


def detail(context: Context, node: Node, handle: str | None) -> Detail:
    """Return one node in depth, as `handle` (None: somebody without a key) may act on it."""
    with context.ledger.reading() as connection:
        match node.kind:
            case "request":
                found = _request(context, connection, node, handle)
            case "deployment" | "rollback":
                found = _deployment(context, connection, node, handle)
            case "environment":
                found = _environment(context, connection, node, handle)
            case "project":
                rows = deployments.listing(connection, project=node.key, limit=30)
                found = Detail(node=node, past=rows)
            case "drift":
                found = _drift(context, connection, node, handle)
            case "incident":
                found = Detail(node=node, incident=incidents.one(connection, node.key), notes=_notes(connection, node))
            case "artifact":
                rows_ = artifacts.by_digest(connection, node.key)
                found = Detail(node=node, artifact=rows_[0] if rows_ else None)
            case _:
                found = Detail(node=node)
    return found


def _request(context: Context, connection: Connection, node: Node, handle: str | None) -> Detail:
    row = requests.one(connection, node.key)
    if row is None:
        return Detail(node=node)
    deployed = deployments.one(connection, row.deployment) if row.deployment else None
    return Detail(
        node=node,
        request=row,
        content=requests.content(connection, row.id),
        gates=requests.gates(connection, row.id),
        decisions=requests.decisions(connection, row.id),
        deployment=deployed,
        notes=_notes(connection, node),
        comparison=comparison_of_request(context, row.id),
        goal=_goal(context, connection, row.environment, row.project, deployed, handle, what=row.id),
    )


def _deployment(context: Context, connection: Connection, node: Node, handle: str | None) -> Detail:
    row = deployments.one(connection, node.key)
    if row is None:
        return Detail(node=node)
    earlier = deployments.desired(connection, at=row.started_seq, environment=row.environment)
    before = next((one for one in earlier if one.project == row.project), None)
    old = load(connection, before.manifest) if before else EMPTY
    return Detail(
        node=node,
        deployment=row,
        notes=_notes(connection, node),
        comparison=between(connection, old, load(connection, row.manifest)),
        goal=_goal(context, connection, row.environment, row.project, row, handle, what=row.id),
        remains=_remains(context, row, handle),
    )


def _remains(context: Context, row: DeploymentRow, handle: str | None) -> Remains | None:
    if row.state != "failed":
        return None
    try:
        return remains(context, row.id, handle)
    except Refusal:  # something was deployed there since: it is over
        return None


def _drift(context: Context, connection: Connection, node: Node, handle: str | None) -> Detail:
    three = three_way(context, node.key)
    row = three.drift
    if row.status == "resolved":
        blocked: tuple[str, ...] = (f"{row.id} ended already: {row.note}",)
    else:
        blocked = _rights(context, row.environment, row.project, handle)
    return Detail(
        node=node,
        drift=row,
        notes=_notes(connection, node),
        comparison=Comparison(
            diff=three.live,
            before={three.desired.id: three.desired} if three.desired else {},
            after={three.observed.id: three.observed} if three.observed else {},
        ),
        goal=Goal(environment=row.environment, project=row.project, to=None, drift=row.id, blocked=blocked),
    )


def _environment(context: Context, connection: Connection, node: Node, handle: str | None) -> Detail:
    project, _, environment = node.key.partition("@")
    past = deployments.listing(connection, project=project, environment=environment, limit=30)
    blocked = _rights(context, environment, project, handle)
    verified = [row for row in past if row.state == "verified"]
    if len({row.release for row in verified}) < 2:
        blocked = ("there is no earlier release to go back to here",)
    goal = Goal(environment=environment, project=project, to=None, blocked=blocked)
    return Detail(node=node, past=past, goal=goal)


def _goal(
    context: Context,
    connection: Connection,
    environment: str,
    project: str,
    row: DeploymentRow | None,
    handle: str | None,
    *,
    what: str,
) -> Goal:
    now = next((d for d in deployments.desired(connection, environment=environment) if d.project == project), None)
    held = {one.release: one.reason for one in deployments.quarantined(connection) if one.project == project}
    blocked: tuple[str, ...]
    if row is None or row.state != "verified":
        blocked = (f"{what} was never live on {environment}: there is nothing to go back to",)
    elif now is not None and now.release == row.release:
        blocked = (
            f"{row.release[:12]} is what should be live on {environment} already",
            "→ on an earlier deployment R goes back; drift is reverted on its own screen",
        )
    elif row.release in held:
        blocked = (
            f"{row.release[:12]} is in quarantine: {held[row.release]}",
            "→ an admin lifts it: quarterdeck quarantine lift",
        )
    else:
        blocked = _rights(context, environment, project, handle)
    return Goal(environment=environment, project=project, to=row.id if row else None, blocked=blocked)


def _rights(context: Context, environment: str, project: str, handle: str | None) -> tuple[str, ...]:
    people = principals(context.ledger)
    return rights.against(context, people, handle, "roll back", project=project, environment=environment)


def _notes(connection: Connection, node: Node) -> tuple[NoteRow, ...]:
    return incidents.notes(connection, node.key)
