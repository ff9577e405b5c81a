"""Who is enrolled, with which roles and keys."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from store.domain import events as ev
from store.projections.shape import Projection, each, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class PrincipalRow:
    """A principal as lists show it."""

    handle: str
    roles: str
    """`approver, operator@orders/prod`."""
    keys: int
    suspended: str | None
    """Until when everything or something of theirs is suspended, as last said; it may have passed."""
    added_seq: int
    added_at: str


TABLES = (
    "CREATE TABLE principal(handle TEXT PRIMARY KEY, grants TEXT NOT NULL, keys INTEGER NOT NULL,"
    " suspended TEXT, added_seq INTEGER NOT NULL, added_at TEXT NOT NULL) STRICT",
)


def _scope(grant: ev.Grant) -> list[str | None]:
    return [grant.role, grant.project, grant.environment, grant.expires]


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.PrincipalAdded(principal=handle, keys=keys, grants=grants):
            insert(
                connection,
                "principal",
                {
                    "handle": handle,
                    "grants": json.dumps([_scope(grant) for grant in grants]),
                    "keys": len(keys),
                    "added_seq": record.seq,
                    "added_at": record.time,
                },
            )
        case ev.KeyAdded(principal=handle):
            connection.execute("UPDATE principal SET keys = keys + 1 WHERE handle = ?", (handle,))
        case ev.KeyRevoked(principal=handle):
            connection.execute("UPDATE principal SET keys = keys - 1 WHERE handle = ?", (handle,))
        case ev.RoleGranted(principal=handle, grant=grant):
            _regrant(connection, handle, add=_scope(grant))
        case ev.RoleRevoked(principal=handle, grant=grant):
            _regrant(connection, handle, remove=_scope(grant))
        case ev.PrincipalSuspended(principal=handle, until=until):
            connection.execute("UPDATE principal SET suspended = ? WHERE handle = ?", (until, handle))
        case ev.PrincipalReinstated(principal=handle):
            connection.execute("UPDATE principal SET suspended = NULL WHERE handle = ?", (handle,))
        case _:
            pass


def _regrant(
    connection: sqlite3.Connection,
    handle: str,
    *,
    add: list[str | None] | None = None,
    remove: list[str | None] | None = None,
) -> None:
    found = connection.execute("SELECT grants FROM principal WHERE handle = ?", (handle,)).fetchone()
    if found is None:
        return
    grants = [grant for grant in json.loads(found[0]) if grant != remove]
    if add is not None:
        grants.append(add)
    connection.execute("UPDATE principal SET grants = ? WHERE handle = ?", (json.dumps(grants), handle))


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset(
        {
            "principal.added",
            "principal.suspended",
            "principal.reinstated",
            "key.added",
            "key.revoked",
            "role.granted",
            "role.revoked",
        }
    ),
    apply=each(_apply),
)


def listing(connection: sqlite3.Connection) -> tuple[PrincipalRow, ...]:
    """Return every principal, oldest first."""

    def row(handle: str, grants: str, keys: int, suspended: str | None, added_seq: int, added_at: str) -> PrincipalRow:
        words = [
            (role if (project, environment) == ("*", "*") else f"{role}@{project}/{environment}")
            + (f" until {expires}" if expires else "")
            for role, project, environment, expires in json.loads(grants)
        ]
        return PrincipalRow(
            handle=handle,
            roles=", ".join(words),
            keys=keys,
            suspended=suspended,
            added_seq=added_seq,
            added_at=added_at,
        )

    query = "SELECT handle, grants, keys, suspended, added_seq, added_at FROM principal ORDER BY added_seq"
    return rows(connection, row, query)
