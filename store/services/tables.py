"""The tables that stand beside the ledger's own in its file: the archive's and the read models'."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = "672695c0384ba62d95c6820307db99b4106452fba9386afc693c94ff80a1e97b"
"""The `store.ledger.schema.fingerprint` of a file with all of them. A file with this fingerprint needs no
comparison, so its tables' SQL is not imported. A test says what it has to be."""


def tables() -> tuple[str, ...]:
    """Return the SQL of each."""
    from store import archive, projections

    return (*archive.TABLES, *projections.TABLES)
