"""The shape of a read model: its tables, the kinds of entry it follows, and the function that follows them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from store.domain import events as ev

T = TypeVar("T")
Connection: TypeAlias = sqlite3.Connection
"""What services hand on, without speaking SQL themselves."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One read model."""

    tables: tuple[str, ...]
    kinds: frozenset[str]
    apply: Callable[[sqlite3.Connection, Sequence[ev.Recorded]], None]
    """Follows entries of these kinds, oldest first: as many as are recorded together, with the same end as singly."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its tables."""
        return tuple(m.group(1) for sql in self.tables if (m := re.match(r"CREATE TABLE (\w+)", sql)))


def each(
    follow: Callable[[sqlite3.Connection, ev.Recorded], None],
) -> Callable[[sqlite3.Connection, Sequence[ev.Recorded]], None]:
    """Return what follows entries by following one after the other."""

    def follow_all(connection: sqlite3.Connection, records: Sequence[ev.Recorded]) -> None:
        for record in records:
            follow(connection, record)

    return follow_all


def rows(
    connection: sqlite3.Connection, make: Callable[..., T], sql: str, values: tuple[Any, ...] = ()
) -> tuple[T, ...]:
    """Return what `sql` selects, each row built by `make` from columns named like its parameters."""
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return tuple(make(**dict(zip(names, row, strict=True))) for row in cursor)


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """Insert one row; column names are the mapping's keys (our own code's, never data)."""
    connection.execute(_insertion(table, tuple(values)), tuple(values.values()))


@lru_cache(maxsize=256)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
