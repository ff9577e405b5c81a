"""The drifts that stand, and those that ended lately, as the person at the console can answer them."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain.severity import of_drift
from store.projections import artifacts, deployments, drifts
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.services import rights
from store.services.context import Context
from store.services.drift.drift_view import ThreeWay, three_way
from store.services.identity.people import principals

ENDED_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One drift in the list."""

    row: DriftRow
    severity: str
    """critical for an open one on production, high for an open one elsewhere, low for any other."""
    seen: str | None
    """When what was live there last gave an entry (RFC 3339); what is seen unchanged gives none."""
    revert_blocked: tuple[str, ...]
    """Why the caller cannot push the desired release over it, then `→` what would unblock it; empty: they can."""
    answer_blocked: tuple[str, ...]
    """Why the caller cannot acknowledge or adopt it; empty when they can."""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One drift in depth."""

    three: ThreeWay
    deployed: DeploymentRow | None
    """What set the desired state that the drift is against."""
    before: DeploymentRow | None
    """What set the release before that one."""


def listing(context: Context, handle: str | None) -> tuple[Listed, ...]:
    """Return what stands, the most pressing first, then the newest of what ended."""
    people = principals(context.ledger)
    with context.ledger.reading() as connection:
        rows = drifts.listing(connection)
        ended = drifts.listing(connection, statuses=("resolved",), limit=ENDED_SHOWN)
        observed = artifacts.observations(connection)
    seen: dict[tuple[str, str], str] = {}
    for one in observed:
        place = (one.environment, one.project)
        seen[place] = max(one.time, seen.get(place, ""))
    listed = [
        Listed(
            row=row,
            severity=severity(row),
            seen=seen.get((row.environment, row.project)),
            revert_blocked=rights.against(
                context, people, handle, "roll back", project=row.project, environment=row.environment
            ),
            answer_blocked=rights.against(
                context, people, handle, "handle drift", project=row.project, environment=row.environment
            ),
        )
        for row in (*rows, *ended)
    ]
    listed.sort(key=lambda one: one.row.opened_seq, reverse=True)
    listed.sort(key=lambda one: _RANK[one.severity] if one.row.status != "resolved" else 9)
    return tuple(listed)


_RANK = {"critical": 0, "high": 1, "low": 2}


def severity(row: DriftRow) -> str:
    """Return how pressing a drift is."""
    return of_drift(row.environment, row.status)


def detail(context: Context, drift: str) -> Detail:
    """Return the three states of a drifted component and the deployments that two of them come from.

    Raises:
        NotFound: there is no such drift.
    """
    three = three_way(context, drift)
    row = three.drift
    with context.ledger.reading() as connection:
        past = [
            one
            for one in deployments.listing(connection, environment=row.environment, project=row.project, limit=1000)
            if one.state == "verified"
        ]
    deployed = next((one for one in past if one.release == row.release), None)
    before = None
    if deployed is not None:
        older = (one for one in past if one.started_seq < deployed.started_seq and one.release != row.release)
        before = next(older, None)
    return Detail(three=three, deployed=deployed, before=before)
