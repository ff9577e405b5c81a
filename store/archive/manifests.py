"""What one export is made of: a blob of canonical JSON that names each component and the digest of its bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import orjson

from store.archive.blobs import foothold, get, put, put_on
from store.domain.component import Component
from store.errors import BadInput, IntegrityFailure
from store.integrity.canonical import canonical_bytes

_FIELDS = ("digest", "id", "kind", "name")


_MOST_READ_AGAIN = 4 * 1024 * 1024
"""Bytes of export that may be read again and again as a dictionary for its components (about 0.3 s)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestRow:
    """One component of an export."""

    id: str
    name: str
    kind: str
    digest: str
    """SHA-256 of the canonical bytes, which `get` returns."""


def put_manifest(
    connection: sqlite3.Connection,
    components: Sequence[Component],
    *,
    previous: str | None = None,
    artifact: str | None = None,
) -> str:
    """Keep the canonical bytes of every component, and a manifest of them; return the manifest's digest.

    `previous` is the manifest of the version before: a component is stored as the difference to the one that had
    its id there. `artifact` is the export the components were read from: a component new in it is stored as the
    difference to that. The same components give the same digest in whatever order they come.

    Raises:
        BadInput: two components carry one id, or a name is not valid Unicode.
        NotFound: `previous` or `artifact` is not in the archive.
        IntegrityFailure: the digest of a component that was not there before is not that of its canonical bytes,
            or what is stored is damaged.
    """
    before = {row.id: row.digest for row in manifest(connection, previous)} if previous is not None else {}
    # whoever reads a component reads what it rests on: with many of them the export is no help but the cost
    affordable = len(components) * sum(len(component.canonical) for component in components) <= _MOST_READ_AGAIN
    base = artifact if affordable else None
    whole = cache(lambda: None if base is None else foothold(connection, base, another_thing=True))
    seen: set[str] = set()
    for component in components:
        if component.id in seen:
            raise BadInput(f"two components of one export carry the id {component.id!r}")
        seen.add(component.id)
        earlier = before.get(component.id)
        if earlier == component.digest:
            continue  # archived, and its digest checked, with the version before
        candidates = (whole,) if earlier is None else (partial(foothold, connection, earlier), whole)
        stored = put_on(connection, component.canonical, candidates)
        if stored != component.digest:
            raise IntegrityFailure(f"component {component.id!r}: its digest is not that of its canonical bytes")
    return put(connection, manifest_bytes(components), previous=previous)


def manifest_bytes(components: Sequence[Component]) -> bytes:
    """Return the bytes of the manifest of these components."""
    rows = {
        part.id: {"digest": part.digest, "id": part.id, "kind": part.kind, "name": part.name} for part in components
    }
    return canonical_bytes([rows[key] for key in sorted(rows)])


def manifest(connection: sqlite3.Connection, digest: str) -> tuple[ManifestRow, ...]:
    """Return what the export with this manifest is made of, sorted by component id.

    Raises:
        BadInput: `digest` is not 64 hex digits.
        NotFound: the archive does not hold it.
        IntegrityFailure: it is damaged, or no manifest.
    """
    try:
        rows = orjson.loads(get(connection, digest))
    except orjson.JSONDecodeError as error:
        raise IntegrityFailure(f"blob {digest[:12]} is no manifest: {error}") from error
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise IntegrityFailure(f"blob {digest[:12]} is no manifest")
    return tuple(ManifestRow(id=row["id"], name=row["name"], kind=row["kind"], digest=row["digest"]) for row in rows)


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict) and sorted(row) == list(_FIELDS) and all(isinstance(row[name], str) for name in _FIELDS)
    )
