"""The environments, and the release each project should have there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRow:
    """An environment as lists show it."""

    name: str
    target: str
    settings: Mapping[str, str]
    frozen: str | None
    added_seq: int


TABLES = (
    "CREATE TABLE environment(name TEXT PRIMARY KEY, target TEXT NOT NULL, settings TEXT NOT NULL,"
    " frozen TEXT, added_seq INTEGER NOT NULL) STRICT",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.EnvironmentAdded(environment=name, target=target, settings=settings):
            connection.execute("DELETE FROM environment WHERE name = ?", (name,))
            insert(
                connection,
                "environment",
                {
                    "name": name,
                    "target": target,
                    "settings": json.dumps(dict(settings), sort_keys=True),
                    "added_seq": record.seq,
                },
            )
        case ev.EnvironmentEdited(environment=name, settings=settings):
            text = json.dumps(dict(settings), sort_keys=True)
            connection.execute("UPDATE environment SET settings = ? WHERE name = ?", (text, name))
        case ev.EnvironmentFrozen(environment=name, reason=reason):
            connection.execute("UPDATE environment SET frozen = ? WHERE name = ?", (reason, name))
        case ev.EnvironmentThawed(environment=name):
            connection.execute("UPDATE environment SET frozen = NULL WHERE name = ?", (name,))
        case _:
            pass


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset({"environment.added", "environment.edited", "environment.frozen", "environment.thawed"}),
    apply=each(_apply),
)


def listing(connection: sqlite3.Connection) -> tuple[EnvironmentRow, ...]:
    """Return every environment, in the order they were added."""

    def row(name: str, target: str, settings: str, frozen: str | None, added_seq: int) -> EnvironmentRow:
        return EnvironmentRow(
            name=name, target=target, settings=json.loads(settings), frozen=frozen, added_seq=added_seq
        )

    return rows(
        connection,
        row,
        "SELECT name, target, settings, frozen, added_seq FROM environment ORDER BY added_seq, name",
    )
