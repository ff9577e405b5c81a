"""Change requests and things that need somebody as rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.presentation import home, reviews
from console.presentation.activity import moment, sentence
from console.presentation.spans import Span
from console.widgets.columns import Column, Row
from store.clock import timestamp
from store.integrity.entry import Entry
from store.projections.requests import RequestRow
from store.services.triage.triage import Item

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

REQUESTS = (
    Column(name="state", width=11, keep=8),
    Column(name="risk", width=6, keep=6),
    Column(name="id", keep=9),
    Column(name="for", least=12, most=26, keep=7),
    Column(name="title", least=14, most=70, grow=1, keep=9, prose=True),
    Column(name="yes", width=3, keep=5),
    Column(name="age", width=3, align="right", keep=4),
)
ITEMS = (
    Column(name="sev", width=6, keep=7),
    Column(name="needs", width=8, keep=8),
    Column(name="id", keep=6),
    Column(name="where", least=11, most=30, keep=9),
    Column(name="what", least=12, most=120, grow=1, keep=9, prose=True),
    Column(name="age", width=3, align="right", keep=5),
    Column(name="press", width=5, keep=4),
)
LATELY = (
    Column(name="when", width=11, keep=9),
    Column(name="what happened", grow=1, most=200, keep=9, prose=True),
)


def request_rows(found: Sequence[RequestRow], policy: Policy, at: datetime, *, lapsed: Mapping[str, int]) -> list[Row]:
    """Return requests by their ids, for `REQUESTS`. `lapsed`: how many approvals those have that lack some again."""
    return [
        Row(
            key=row.id,
            cells=reviews.row_cells(row, policy.rule(row.risk, row.environment).people, at, left=lapsed.get(row.id)),
        )
        for row in found
    ]


def item_rows(found: Sequence[Item], at: datetime) -> list[Row]:
    """Return what needs somebody by its ids, for `ITEMS`."""
    return [Row(key=item.key, cells=home.row_cells(item, at)) for item in found]


def lately_rows(found: Sequence[Entry], at: datetime) -> list[Row]:
    """Return what happened by entry number, for `LATELY`."""
    today = timestamp(at)
    return [Row(key=str(e.seq), cells=(Span(moment(e, today), "muted"), sentence(e))) for e in found]
