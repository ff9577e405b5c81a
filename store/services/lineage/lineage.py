"""The lineage of a request, deployment, drift, incident or artifact: from the request to live and back."""

from __future__ import annotations

import re
from dataclasses import replace

from store.errors import NotFound
from store.projections import artifacts, deployments, drifts, findings, incidents, requests
from store.projections.artifacts import ArtifactRow
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.findings import FindingRow
from store.projections.incidents import IncidentRow
from store.projections.requests import RequestRow
from store.services.context import Context
from store.services.lineage import nodes
from store.services.lineage.nodes import Node
from store.services.releases import load
from store.services.requests import commenting, testdata


def of(context: Context, subject: str) -> Node:
    """Return the lineage around an id: CR-…, DEP-…, DR-…, INC-…, FND-…, or the start of an artifact's digest.

    Raises:
        NotFound: there is no such thing.
    """
    with context.ledger.reading() as connection:
        thing = nodes.named(connection, subject)
        found = artifacts.by_digest(connection, subject) if re.fullmatch(r"[0-9a-f]{8,64}", subject) else ()
    match thing:
        case RequestRow():
            return _request(context, thing)
        case DeploymentRow(request=str(request)):
            return of(context, request)
        case DeploymentRow():
            return _deployment(context, thing)
        case DriftRow():
            return _of_release(context, thing) or nodes.drift(thing)
        case IncidentRow():
            return replace(nodes.incident(thing), children=_notes(context, thing.id))
        case FindingRow():
            return _finding(context, thing)
        case None if found:
            return _artifact(context, found[0])
        case None:
            raise NotFound(f"there is nothing named {subject!a} here")


def _request(context: Context, row: RequestRow) -> Node:
    """Return one request with its artifacts, gates, approvals, deployments and what came of those."""
    with context.ledger.reading() as connection:
        exports = nodes.exports(connection, load(connection, row.manifest))
        gates = requests.gates(connection, row.id)
        decisions = requests.decisions(connection, row.id)
        places = deployments.listing(connection, project=row.project, limit=5000)
        again = requests.of_release(connection, row.project, row.release)
    children = (
        *exports,
        *map(nodes.gate, gates),
        *map(nodes.decision, decisions),
        *(_deployment(context, place) for place in reversed(places) if place.request == row.id),
        *(nodes.request(other) for other in again if other.opened_seq > row.opened_seq),
        *map(nodes.test_data, testdata.of_request(context.ledger, row.id)),
        *map(nodes.comment, commenting.of_request(context.ledger, row.id)),
        *_notes(context, row.id),
    )
    return replace(nodes.request(row), children=children)


def _deployment(context: Context, row: DeploymentRow) -> Node:
    """Return a deployment with the drifts that stood against it and the rollback that ended it."""
    with context.ledger.reading() as connection:
        seen = drifts.listing(connection, environment=row.environment, project=row.project, statuses=drifts.EVERY)
        after = deployments.listing(connection, environment=row.environment, project=row.project, limit=5000)
    end = row.ended_seq or row.started_seq
    later = sorted((d for d in after if d.started_seq > end and d.state == "verified"), key=lambda d: d.started_seq)
    until = later[0].started_seq if later else None
    mine = [d for d in seen if end < d.opened_seq and (until is None or d.opened_seq < until)]
    children = [nodes.drift(drift) for drift in sorted(mine, key=lambda d: d.opened_seq)]
    if later and later[0].cause == "rollback" and row.state == "verified":
        children.append(nodes.deployment(later[0]))
    state = "live" if row.state == "verified" and not later else row.state
    return replace(nodes.deployment(row), state=state, children=(*children, *_notes(context, row.id)))


def _finding(context: Context, row: FindingRow) -> Node:
    """Return a finding with its story below it: who did what about it."""
    with context.ledger.reading() as connection:
        steps = findings.story(connection, row.id)
    return replace(nodes.finding(row), children=(*map(nodes.step, steps[1:]), *_notes(context, row.id)))


def _notes(context: Context, subject: str) -> tuple[Node, ...]:
    """Return what people said of a thing later, and the findings about it."""
    with context.ledger.reading() as connection:
        notes = incidents.notes(connection, subject)
        found = findings.listing(connection, about=subject)
    return (*map(nodes.note, notes), *map(nodes.finding, sorted(found, key=lambda row: row.opened_seq)))


def _of_release(context: Context, drift: DriftRow) -> Node | None:
    """Return the newest request that put the release there which a drift stands against."""
    with context.ledger.reading() as connection:
        rows = requests.of_release(connection, drift.project, drift.release) if drift.release else ()
    here = [row for row in rows if row.environment == drift.environment]
    return _request(context, here[-1]) if here else None


def _artifact(context: Context, row: ArtifactRow) -> Node:
    with context.ledger.reading() as connection:
        candidates = requests.of_project(connection, row.project)
        uses = [r for r in candidates if any(f.artifact == row.digest for f in load(connection, r.manifest).files)]
    return nodes.artifact(row, uses=uses)
