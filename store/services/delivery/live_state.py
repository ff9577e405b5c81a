"""What is live, as far as anybody has seen: the desired release with every standing drift in its place."""

from __future__ import annotations

from collections.abc import Sequence

from store import archive
from store.domain.component import Component, Parsed
from store.platforms import reread
from store.platforms.generic import Generic
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
    return observed_in(connection, row)[1]


def observed_in(connection: Connection, row: DriftRow) -> tuple[Parsed, Component | None]:
    """Return the export a drift was seen in, and its component there; None where that is gone from live."""
    seen = artifacts.observations(connection, environment=row.environment, project=row.project)
    last = next((one for one in seen if one.artifact == row.observed_artifact), None)
    name, recorded = (last.name, last.platform) if last else ("export.json", "")
    data = archive.get(connection, row.observed_artifact)
    parsed = reread(data, name, recorded)
    found = _named(parsed, row.component)
    if found is None and row.observed is not None and parsed.platform != Generic.name:
        # judged against a release from before this platform was known: a document then, called by its name
        document = Generic().parse(data, name)
        parsed, found = (document, known) if (known := _named(document, row.component)) else (parsed, None)
    return parsed, found if row.observed is not None else None


def _named(parsed: Parsed, component: str) -> Component | None:
    return next((part for part in parsed.components if part.id == component), None)
