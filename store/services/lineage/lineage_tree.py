"""The whole lineage as a tree that is read branch by branch: project, environment, what happened there, what of it."""

from __future__ import annotations

from collections.abc import Sequence

from store.errors import NotFound
from store.projections import artifacts, deployments, drifts, environments, findings, incidents, requests
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.findings import FindingRow
from store.projections.incidents import IncidentRow
from store.projections.requests import RequestRow
from store.services.context import Context
from store.services.lineage import lineage, nodes
from store.services.lineage.nodes import Node

PAGE = 40
"""Children of an environment shown at a time; the oldest follow when they are asked for."""
UNREAD = frozenset({"project", "environment", "request", "rollback", "incident", "finding"})
"""Kinds whose children are read only when somebody opens them."""
NOWHERE = "(no project)"
"""The branch of the incidents and findings that are about no project."""


def roots(context: Context) -> tuple[Node, ...]:
    """Return every project with what is live of it, in words."""
    with context.ledger.reading() as connection:
        names = {project for project, _ in artifacts.projects_of(connection)}
        order = [row.name for row in environments.listing(connection)]
        desired = sorted(
            deployments.desired(connection),
            key=lambda row: order.index(row.environment) if row.environment in order else 0,
        )
        standing = drifts.listing(connection, statuses=("open",))
        names |= {row.project for row in desired} | {row.project for row in requests.listing(connection, limit=5000)}
    tree = []
    for project in sorted(names):
        places = [row.environment for row in desired if row.project == project]
        open_ = sum(row.project == project for row in standing)
        state = "drift" if open_ else "live" if places else "empty"
        words = f"live on {', '.join(places)}" if places else "live nowhere"
        tree.append(Node(key=project, kind="project", title=words, state=state))
    loose = _nowhere(context)
    if loose:
        still = sum(node.state == "open" for node in loose)
        words = "incident or finding" if len(loose) == 1 else "incidents and findings"
        tree.append(Node(key=NOWHERE, kind="project", title=f"{len(loose)} {words}, {still} open", state="empty"))
    return tuple(tree)


def below(context: Context, path: Sequence[Node], *, pages: int = 1) -> tuple[Node, ...]:
    """Return the children of the last node of `path`, newest first where time orders them.

    An environment shows `pages` pages of what happened there, then one node of kind `older`.

    Raises:
        NotFound: the node is of a kind that has no id in this ledger.
    """
    node = path[-1]
    match node.kind:
        case "project" if node.key == NOWHERE:
            return _nowhere(context)
        case "project":
            return _places(context, node.key)
        case "environment":
            return _happened(context, *_place(node.key), limit=pages * PAGE)
        case "request" | "rollback" | "incident" | "finding":
            return lineage.of(context, node.key).children
        case _:
            return node.children


def path_to(context: Context, subject: str) -> tuple[str, ...]:
    """Return the keys from a project down to `subject`: an id, a project, or `project@environment`.

    Raises:
        NotFound: there is no such thing.
    """
    with context.ledger.reading() as connection:
        thing = nodes.named(connection, subject)
        known = {project for project, _ in artifacts.projects_of(connection)}
    if subject in known:
        return (subject,)
    match thing:
        case RequestRow() | DriftRow():
            return (thing.project, _key(thing.environment, thing.project), thing.id)
        case DeploymentRow():
            place = (thing.project, _key(thing.environment, thing.project))
            return (*place, *((thing.request,) if thing.request else ()), thing.id)
        case IncidentRow() | FindingRow():
            return (thing.project or NOWHERE, thing.id)
    project, at, _ = subject.partition("@")
    if at and project in known:
        return (project, subject)
    raise NotFound(f"there is nothing named {subject!a} in the lineage")


def _nowhere(context: Context) -> tuple[Node, ...]:
    with context.ledger.reading() as connection:
        found = [row for row in incidents.listing(connection) if row.project is None]
        raised = [row for row in findings.listing(connection) if row.project is None]
    return (*(nodes.incident(row) for row in found), *(nodes.finding(row) for row in raised))


def _places(context: Context, project: str) -> tuple[Node, ...]:
    with context.ledger.reading() as connection:
        added = {row.name: row.added_seq for row in environments.listing(connection)}
        order = list(added)
        desired = {row.environment: row for row in deployments.desired(connection) if row.project == project}
        asked = {row.environment for row in requests.of_project(connection, project)}
        standing = drifts.listing(connection, project=project, statuses=("open",))
        found = [row for row in incidents.listing(connection) if row.project == project]
        about = [row for row in findings.listing(connection) if row.project == project]
    tree = []
    for name in [*(n for n in order if n in asked or n in desired), *sorted(asked - set(order))]:
        row = desired.get(name)
        open_ = [drift.id for drift in standing if drift.environment == name]
        state = "drift" if open_ else "live" if row else "empty"
        words = f"release {row.release[:12]}" if row else "nothing live"
        if open_:
            words += f", drifted: {', '.join(open_[:3])}"
        tree.append(
            Node(
                key=_key(name, project),
                kind="environment",
                title=words,
                state=state,
                seq=row.ended_seq if row else added.get(name),
                time=row.ended_at if row else None,
            )
        )
    return (*tree, *(nodes.incident(row) for row in found), *(nodes.finding(row) for row in about))


def _happened(context: Context, environment: str, project: str, *, limit: int) -> tuple[Node, ...]:
    """Return the requests, rollbacks and drifts of one place, newest first."""
    with context.ledger.reading() as connection:
        asked = [row for row in requests.of_project(connection, project) if row.environment == environment]
        past = deployments.listing(connection, project=project, environment=environment, limit=5000)
        seen = drifts.listing(connection, environment=environment, project=project, statuses=drifts.EVERY)
    live = next((row.id for row in past if row.state == "verified"), None)
    tree = [
        *(_request(row) for row in asked),
        *(_rollback(row, live=row.id == live) for row in past if row.cause == "rollback"),
        *(nodes.drift(row) for row in seen),
    ]
    tree.sort(key=lambda node: node.seq or 0, reverse=True)
    if len(tree) > limit:
        left = len(tree) - limit
        older = Node(key=f"older@{environment}/{project}", kind="older", title=f"{left} older", state="")
        return (*tree[:limit], older)
    return tuple(tree)


def _request(row: RequestRow) -> Node:
    return Node(key=row.id, kind="request", title=row.title, state=row.state, seq=row.opened_seq, time=row.opened_at)


def _rollback(row: DeploymentRow, *, live: bool) -> Node:
    return Node(
        key=row.id,
        kind="rollback",
        title=f"to {row.release[:12]} by {row.actor}{': ' + row.reason if row.reason else ''}",
        state="live" if live else row.state,
        seq=row.started_seq,
        time=row.started_at,
    )


def _key(environment: str, project: str) -> str:
    return f"{project}@{environment}"


def _place(key: str) -> tuple[str, str]:
    project, _, environment = key.partition("@")
    return environment, project
