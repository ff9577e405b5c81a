"""Every connector that any export of the workspace ever had, and what is new since the last review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from store import archive
from store.domain import events as ev
from store.domain import inventory as rules
from store.domain.component import Connector
from store.domain.inventory import Instant, Item, Sighting, Since
from store.domain.release import ReleaseFile
from store.platforms import reread
from store.projections import artifacts, deployments
from store.projections import connectors as read_model
from store.projections.connectors import ReviewRow, SightingRow
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context, recorded


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The inventory as it is now."""

    items: tuple[Item, ...]
    review: ReviewRow | None
    """The last review; None before the first."""
    snapshot: bytes
    """What a review of it would be about: all that is in use, whatever was asked for."""

    @property
    def digest(self) -> str:
        """SHA-256 of the snapshot, 64 lower-case hex digits."""
        return sha256(self.snapshot).hexdigest()

    def changed(self) -> tuple[Item, ...]:
        """Return what became different since the last review."""
        return tuple(item for item in self.items if item.since is not Since.SAME)


def inventory(context: Context, *, project: str | None = None, environment: str | None = None) -> Inventory:
    """Return every connector ever seen; with a project or an environment, those that are used there now.

    Used are those of the newest exports, of what was last seen live, and of what was deployed and should be live:
    a release that was promoted was never exported where it runs.

    Raises:
        IntegrityFailure: an archived list, or the one of the last review, is damaged.
    """
    with context.ledger.reading() as connection:
        review = read_model.last_review(connection)
        seen = _Seen(connection)
        sighted = [seen.sighting(row) for row in read_model.sightings(connection)]
        items = rules.fold([*sighted, *seen.deployed(context)])
        reviewed = archive.get(connection, review.inventory) if review is not None else None
    whole = rules.compared(items, reviewed)
    return Inventory(items=tuple(_within(whole, project, environment)), review=review, snapshot=rules.snapshot(items))


def _within(items: tuple[Item, ...], project: str | None, environment: str | None) -> list[Item]:
    if project is None and environment is None:
        return list(items)
    narrowed = (
        replace(
            item,
            uses=tuple(
                use for use in item.uses if project in {None, use.project} and environment in {None, use.environment}
            ),
        )
        for item in items
    )
    return [item for item in narrowed if item.in_use]


class _Seen:
    """Reads what sightings are about; each list once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lists: dict[str, tuple[Connector, ...]] = {}

    def sighting(self, row: SightingRow) -> Sighting:
        links = self._connectors(row)
        named = row.current and any(link.components for link in links)
        parts = archive.manifest(self._connection, row.manifest) if named else ()
        return Sighting(
            project=row.project,
            environment=row.environment,
            connectors=links,
            first=Instant(seq=row.first_seq, time=row.first_time),
            last=Instant(seq=row.last_seq, time=row.last_time),
            current=bool(row.current),
            names={part.id: part.name for part in parts},
        )

    def deployed(self, context: Context) -> Iterator[Sighting]:
        """Yield what the releases have that should be live, file by file."""
        for row in deployments.desired(self._connection):
            begun = Instant(seq=row.ended_seq or row.started_seq, time=row.ended_at or row.started_at)
            for file in releases.load(self._connection, row.manifest).files:
                links = self._of_file(context, file)
                named = any(link.components for link in links)
                parts = archive.manifest(self._connection, file.manifest) if named else ()
                yield Sighting(
                    project=row.project,
                    environment=row.environment,
                    connectors=links,
                    first=begun,
                    last=begun,
                    current=True,
                    names={part.id: part.name for part in parts},
                )

    def _of_file(self, context: Context, file: ReleaseFile) -> tuple[Connector, ...]:
        if file.artifact not in self._lists:
            taken = next(iter(artifacts.by_digest(self._connection, file.artifact)), None)
            entries = context.ledger.entries(after=taken.seq - 1, until=taken.seq) if taken is not None else ()
            event = next((record.event for record in recorded(entries)), None)
            listed = event.connectors if isinstance(event, ev.ArtifactIngested) else None
            self._lists[file.artifact] = (
                archive.connectors(self._connection, listed)
                if listed is not None
                else reread(archive.get(self._connection, file.artifact), file.name, file.platform).connectors
            )
        return self._lists[file.artifact]

    def _connectors(self, row: SightingRow) -> tuple[Connector, ...]:
        key = row.connectors or row.artifact
        if key not in self._lists:
            self._lists[key] = (
                archive.connectors(self._connection, row.connectors)
                if row.connectors is not None
                else reread(archive.get(self._connection, row.artifact), row.name, self._platform(row)).connectors
            )
        return self._lists[key]

    def _platform(self, row: SightingRow) -> str:
        """Return the platform that the entry of an export names; empty where it names none."""
        ingested = artifacts.by_digest(self._connection, row.artifact)
        observed = artifacts.observations(self._connection, environment=row.environment, project=row.project)
        known = {one.name: one.platform for one in ingested}
        known |= {one.name: one.platform for one in observed if one.artifact == row.artifact}
        return known.get(row.name, "")
