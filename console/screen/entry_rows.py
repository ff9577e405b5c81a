"""Entries as rows of a list, the same on every screen that lists them."""

from __future__ import annotations

from console.presentation.about import about
from console.presentation.spans import Span
from console.presentation.words import kind
from console.widgets.columns import Column, Row
from store.integrity.entry import Entry
from store.services.history.searching import Damaged

ENTRY_COLUMNS = (
    Column(name="entry", align="right", keep=9),
    Column(name="time (UTC)", width=19, keep=7, tone="muted"),
    Column(name="actor", most=16, keep=4),
    Column(name="kind", most=30, least=20, keep=8),
    Column(name="about", least=20, grow=1, keep=6, prose=True),
    Column(name="signed", width=6, keep=3),
    Column(name="hash", least=13, most=64, keep=2, tone="muted"),
)
"""The columns of a list of entries, for `entry_row`."""


def entry_row(entry: Entry | Damaged) -> Row:
    """Return an entry as a row of `ENTRY_COLUMNS`; its key is its number."""
    if isinstance(entry, Damaged):
        number = Span(f"{entry.seq:,}", "danger")
        broken = (number, "", "", Span("✗ does not check", "danger"), Span(entry.reason, "danger"))
        return Row(key=str(entry.seq), cells=broken)
    statement = entry.statement
    mark = kind(statement.kind)
    cells = (
        f"{entry.seq:,}",
        statement.time[:19].replace("T", " "),
        statement.actor,
        Span(f"{mark.symbol} {statement.kind}", mark.tone),
        about(statement.on),
        Span("yes", "text") if entry.signature is not None else Span("·", "faint"),
        entry.hash.hex(),
    )
    return Row(key=str(entry.seq), cells=cells)
