"""Read models: tables rebuilt from entries, for screens and lists. Decisions never read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Final

from store.domain import events as ev
from store.integrity.entry import Entry
from store.projections import (
    anomalies,
    artifacts,
    connectors,
    deployments,
    drifts,
    environments,
    findings,
    incidents,
    principals,
    requests,
)
from store.projections.shape import Projection

PROJECTIONS: Final[tuple[Projection, ...]] = (
    principals.PROJECTION,
    environments.PROJECTION,
    artifacts.PROJECTION,
    requests.PROJECTION,
    deployments.PROJECTION,
    drifts.PROJECTION,
    incidents.PROJECTION,
    connectors.PROJECTION,
    findings.PROJECTION,
    anomalies.PROJECTION,
)
TABLES: Final[tuple[str, ...]] = tuple(sql for projection in PROJECTIONS for sql in projection.tables)
NAMES: Final[tuple[str, ...]] = tuple(name for projection in PROJECTIONS for name in projection.names)
"""The names of the read tables."""
_FOLLOWERS: Final[Mapping[str, tuple[int, ...]]] = {
    kind: tuple(place for place, p in enumerate(PROJECTIONS) if kind in p.kinds)
    for p in PROJECTIONS
    for kind in p.kinds
}
"""Kind of entry → the places in `PROJECTIONS` of those that follow it."""
_TOGETHER: Final = 256
"""Entries of a rebuild that are shown to one read model before the next one's turn."""

Rows = list[tuple[object, ...]]


def apply(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Bring every read model up to `entries`, oldest first; runs in the transaction that appends them.

    One read model after the other, each with all of them: none reads another's tables, and one table's pages are
    found quickest while nothing else is looked for.
    """
    due: list[list[ev.Recorded]] = [[] for _ in PROJECTIONS]
    for entry in entries:
        statement = entry.statement
        followers = _FOLLOWERS.get(statement.kind)
        if followers is None:
            continue
        event = ev.decode(statement.kind, statement.on, statement.data)
        record = ev.Recorded(seq=entry.seq, time=statement.time, actor=statement.actor, event=event)
        for place in followers:
            due[place].append(record)
    for projection, records in zip(PROJECTIONS, due, strict=True):
        if records:
            projection.apply(connection, records)


def rebuild(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Empty every read model and fill it again from `entries`, oldest first; the caller holds the transaction."""
    for name in NAMES:
        connection.execute(f"DELETE FROM {name}")
    left = iter(entries)
    while group := list(islice(left, _TOGETHER)):
        apply(connection, group)


def differences(connection: sqlite3.Connection, entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the names of read tables in `connection` that do not equal a rebuild from `entries`."""
    expected = rebuilt(entries)
    return tuple(name for name in NAMES if not _same(_content(connection, name), expected[name]))


def rebuilt(entries: Iterable[Entry]) -> Mapping[str, Rows | None]:
    """Return every row of every read model, by its name, as `entries` alone make them."""
    with made_of(entries) as fresh:
        return {name: _content(fresh, name) for name in NAMES}


@contextmanager
def made_of(entries: Iterable[Entry]) -> Iterator[sqlite3.Connection]:
    """Lend read tables in memory that hold what `entries` say, oldest first, and nothing else."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        for sql in TABLES:
            fresh.execute(sql)
        rebuild(fresh, entries)
        yield fresh


def _content(connection: sqlite3.Connection, name: str) -> Rows | None:
    """Return every row of a table; None where the table is missing."""
    try:
        return connection.execute(f"SELECT * FROM {name}").fetchall()
    except sqlite3.DatabaseError:
        return None


def _same(one: Rows | None, other: Rows | None) -> bool:
    """Say whether both hold the same rows, in whatever order."""
    if one is None or other is None:
        return one is other
    return one == other or sorted(one, key=repr) == sorted(other, key=repr)
