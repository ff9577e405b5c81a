"""What is live, as far as anybody has seen: the desired release with every standing drift in its place."""

from __future__ import annotations

from collections.abc import Sequence

from store import archive
from store.domain.component import Component
from store.platforms import recognise
from store.projections import artifacts, drifts
from store.projections.drifts import DriftRow
from store.projections.shape import Connection

Parts = dict[str, Component]


def overlay(connection: Connection, parts: Parts, standing: Sequence[str]) -> None:
    """Put what these drifts saw in the place of what should be there."""
    for drift in standing:
        row = drifts.one(connection, drift)
        if row is None:
            continue
        seen = observed_component(connection, row)
        if seen is not None:
            parts[row.component] = seen
        elif row.observed is None:
            parts.pop(row.component, None)


def observed_component(connection: Connection, row: DriftRow) -> Component | None:
    """Return the component a drift saw live, None where it saw that the component is gone."""
    if row.observed is None:
        return None
    seen = artifacts.observations(connection, environment=row.environment, project=row.project)
    name = next((one.name for one in seen if one.artifact == row.observed_artifact), "export.json")
    parsed = recognise(archive.get(connection, row.observed_artifact), name)
    return next((part for part in parsed.components if part.id == row.component), None)
