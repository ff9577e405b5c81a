"""What an export reaches outside: its connectors as a blob of canonical JSON, named by the entry that saw them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from store.archive.blobs import contains, get, put
from store.archive.recent import Recent
from store.domain.component import Connector
from store.errors import IntegrityFailure
from store.integrity.canonical import canonical_bytes


def put_connectors(
    connection: sqlite3.Connection,
    connectors: Sequence[Connector],
    *,
    previous: str | None = None,
    recent: Recent | None = None,
) -> str:
    """Keep a list of connectors and return its digest; the same ones give the same digest in whatever order.

    `previous` is the digest of the list before, to which it is stored as a difference; `recent` as `put` takes it.
    """
    known = recent.list_digest(connectors) if recent is not None else None
    if known is not None and contains(connection, known):
        return known
    rows = sorted(
        (
            {
                "kind": link.kind,
                "name": link.name,
                "version": link.version,
                "licence": link.licence,
                "ref": link.ref,
                "components": list(link.components),
            }
            for link in connectors
        ),
        key=lambda row: [str(row[name] or "") for name in ("kind", "name", "ref", "version", "licence")],
    )
    data = canonical_bytes(rows)
    digest = put(connection, data, previous=previous, recent=recent)
    if recent is not None:
        recent.keep_list(connectors, digest, weight=len(data))
    return digest


def connectors(connection: sqlite3.Connection, digest: str) -> tuple[Connector, ...]:
    """Return the connectors that `put_connectors` kept under this digest.

    Raises:
        NotFound: the archive does not hold it.
        IntegrityFailure: it is damaged, or no list of connectors.
    """
    try:
        rows = orjson.loads(get(connection, digest))
        return tuple(_connector(row) for row in rows)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise IntegrityFailure(f"blob {digest[:12]} is no list of connectors") from error


def _connector(row: Any) -> Connector:
    return Connector(
        kind=str(row["kind"]),
        name=str(row["name"]),
        version=row["version"],
        licence=row["licence"],
        ref=row["ref"],
        components=tuple(map(str, row["components"])),
    )
