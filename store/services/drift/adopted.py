"""What would be desired if a drift were adopted: the release with the export that is live in the place of its file."""

from __future__ import annotations

from store import archive
from store.domain.component import ComponentRef
from store.domain.drift import Drift
from store.domain.release import EMPTY, Release, ReleaseFile
from store.errors import BadInput
from store.projections import artifacts
from store.projections.artifacts import ObservationRow
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context


def observed_release(context: Context, drift: Drift) -> Release:
    """Return the desired release with the observed export in the place of its file."""
    deployed = releases.desired(context.ledger, drift.environment, drift.project)
    with context.ledger.reading() as connection:
        desired = releases.load(connection, deployed.target.manifest) if deployed else EMPTY
        seen = artifacts.observations(connection, environment=drift.environment, project=drift.project)
        row = next((row for row in seen if _still_shows(connection, row, drift)), None)
        if row is None:
            raise BadInput(f"what {drift.id} saw has changed since; look at the drift again")
        names = {file.name for file in desired.files}
        name = next(iter(names)) if len(names) == 1 else row.name
        kept = [file for file in desired.files if file.name != name]
        gone = {file.artifact for file in desired.files if file.name == name}
        parts = [
            ComponentRef(id=p.id, name=p.name, kind=p.kind, digest=p.digest, artifact=row.artifact)
            for p in archive.manifest(connection, row.manifest)
        ]
    file = ReleaseFile(name=name, artifact=row.artifact, manifest=row.manifest, platform=row.platform)
    fresh = {part.id for part in parts}
    rest = [c for c in desired.components if c.artifact not in gone and c.id not in fresh]
    return Release(
        files=tuple(sorted([*kept, file], key=lambda f: f.name)),
        components=tuple(sorted([*rest, *parts], key=lambda c: c.id)),
    )


def _still_shows(connection: Connection, row: ObservationRow, drift: Drift) -> bool:
    """Say whether an export that is live now has the component as the drift saw it, whatever else changed in it."""
    if row.artifact == drift.observed_artifact:
        return True
    found = {part.id: part.digest for part in archive.manifest(connection, row.manifest)}
    return row.name == drift.export and found.get(drift.component) == drift.observed
