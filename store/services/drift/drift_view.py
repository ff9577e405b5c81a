"""One drift as three states: what should be live, what is, and what was before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from store.domain.component import Component, Connector, Notice
from store.domain.diff import Diff, compare, with_impact
from store.domain.impact import Surface
from store.errors import NotFound
from store.platforms import platform
from store.projections import deployments, drifts
from store.projections.drifts import DriftRow
from store.projections.shape import Connection
from store.services.context import Context
from store.services.delivery.live_state import observed_in
from store.services.releases import Contents, load


@dataclass(frozen=True, kw_only=True)
class ThreeWay:
    """Desired, observed and previous of one component; None where it does not exist."""

    drift: DriftRow
    desired: Component | None
    observed: Component | None
    previous: Component | None
    live: Diff
    """From desired to observed: what happened behind our back."""
    last_change: Diff
    """From previous to desired: what the last deployment changed on purpose."""


def three_way(context: Context, drift: str) -> ThreeWay:
    """Return the three states of a drifted component.

    Raises:
        NotFound: there is no such drift.
    """
    with context.ledger.reading() as connection:
        row = drifts.one(connection, drift)
        if row is None:
            raise NotFound(f"there is no drift {drift}")
        read, observed = observed_in(connection, row)
        desired, previous, outside = _recorded(connection, row)
    rules = platform(read.platform).rules
    live = compare(_listed(desired), _listed(observed), rules)
    return ThreeWay(
        drift=row,
        desired=desired,
        observed=observed,
        previous=previous,
        live=with_impact(live, _surface(desired, *outside), _surface(observed, read.connectors, read.notices)),
        last_change=compare(_listed(previous), _listed(desired), rules),
    )


_Outside: TypeAlias = tuple[tuple[Connector, ...], tuple[Notice, ...]]


def _surface(component: Component | None, connectors: tuple[Connector, ...], notices: tuple[Notice, ...]) -> Surface:
    """Return what this one component reaches and lets in; what its neighbours do is none of its doing."""
    if component is None:
        return Surface()
    return Surface(
        components=(component,),
        connectors=tuple(
            replace(link, components=(component.id,)) for link in connectors if component.id in link.components
        ),
        notices=tuple(mark for mark in notices if mark.component == component.id),
    )


def _recorded(connection: Connection, row: DriftRow) -> tuple[Component | None, Component | None, _Outside]:
    """Return the component in the release the drift is against and what its export reaches, and the one before."""
    past = [
        deployed
        for deployed in deployments.listing(connection, environment=row.environment, project=row.project, limit=1000)
        if deployed.state == "verified"
    ]
    current = next((deployed for deployed in past if deployed.release == row.release), None)
    if current is None:
        return None, None, ((), ())
    before = next((d for d in past if d.release != row.release and d.started_seq < current.started_seq), None)
    contents = Contents(connection)
    desired, outside = _component(connection, contents, current.manifest, row.component)
    previous = _component(connection, contents, before.manifest, row.component)[0] if before else None
    return desired, previous, outside


def _component(
    connection: Connection, contents: Contents, manifest: str, component: str
) -> tuple[Component | None, _Outside]:
    release = load(connection, manifest)
    ref = release.by_id.get(component)
    if ref is None:
        return None, ((), ())
    file = next(file for file in release.files if file.artifact == ref.artifact)
    found = contents.of_artifact(ref.artifact, file.name, file.platform).get(component)
    return found, contents.outside_of(ref.artifact, file.name, file.platform)


def _listed(component: Component | None) -> list[Component]:
    return [component] if component is not None else []
