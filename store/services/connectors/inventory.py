"""Every connector that any export of the workspace ever had, and what is new since the last review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from store import archive
from store.domain import inventory as rules
from store.domain.component import Connector
from store.domain.inventory import Instant, Item, Sighting, Since
from store.platforms import reread
from store.projections import artifacts
from store.projections import connectors as read_model
from store.projections.connectors import ReviewRow, SightingRow
from store.projections.shape import Connection
from store.services.context import Context


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

    Raises:
        IntegrityFailure: an archived list, or the one of the last review, is damaged.
    """
    with context.ledger.reading() as connection:
        review = read_model.last_review(connection)
        seen = _Seen(connection)
        items = rules.fold(seen.sighting(row) for row in read_model.sightings(connection))
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
