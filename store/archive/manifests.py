"""What one export is made of: a blob of canonical JSON that names each component and the digest of its bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from store.archive.blobs import get, put
from store.archive.recent import Recent, manifest_row
from store.domain.component import Component
from store.errors import BadInput, IntegrityFailure

_FIELDS = ("digest", "id", "kind", "name")


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestRow:
    """One component of an export."""

    id: str
    name: str
    kind: str
    digest: str
    """SHA-256 of the canonical bytes that its platform reads from the export."""


def put_manifest(
    connection: sqlite3.Connection,
    components: Sequence[Component],
    *,
    previous: str | None = None,
    recent: Recent | None = None,
) -> str:
    """Keep a manifest of these components, and return its digest; `previous` is that of the version before.

    `recent` as `put` takes it.

    The canonical bytes of a component are not kept beside the export they were read from: the export gives them
    again. The same components give the same digest in whatever order they come.

    Raises:
        BadInput: two components carry one id, or a name is not valid Unicode.
        NotFound: `previous` is not in the archive.
        IntegrityFailure: the digest of a component is not that of its canonical bytes, or what is stored is damaged.
    """
    rows: dict[str, bytes] = {}
    known = recent if recent is not None else Recent()
    for component in components:
        if component.id in rows:
            raise BadInput(f"two components of one export carry the id {component.id!r}")
        rows[component.id] = known.row(component)
    return put(connection, _listed(rows), previous=previous, recent=recent)


def manifest_bytes(components: Sequence[Component]) -> bytes:
    """Return the bytes of the manifest of these components."""
    return _listed({part.id: manifest_row(part) for part in components})


def _listed(rows: Mapping[str, bytes]) -> bytes:
    """Return rows as one list, sorted by id: of canonical pieces, the canonical whole."""
    return b"[" + b",".join([rows[key] for key in sorted(rows)]) + b"]"


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
