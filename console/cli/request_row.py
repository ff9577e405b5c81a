"""A row of the list of requests, as programs are told it."""

from __future__ import annotations

from dataclasses import asdict

from store.projections import requests as rows


def row_json(row: rows.RequestRow, *, lapsed: bool) -> dict[str, object]:
    """Return a request for programs as lists show it. `lapsed`: it was approved and lacks an approval again."""
    return asdict(row) | {"escalated": list(row.escalated_to), "lapsed": lapsed}
