"""Change requests with their approvals and gates."""

from __future__ import annotations

from store.projections.requests.following import PROJECTION
from store.projections.requests.reading import (
    content,
    decisions,
    gates,
    listing,
    of_project,
    of_release,
    one,
    releases_like,
    risk,
)
from store.projections.requests.rows import ApprovalRow, GateRow, RequestRow, RiskRow

__all__ = [
    "PROJECTION",
    "ApprovalRow",
    "GateRow",
    "RequestRow",
    "RiskRow",
    "content",
    "decisions",
    "gates",
    "listing",
    "of_project",
    "of_release",
    "one",
    "releases_like",
    "risk",
]
