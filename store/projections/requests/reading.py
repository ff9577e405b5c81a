"""The named queries over requests."""

from __future__ import annotations

import json
import sqlite3

from store.domain import events as ev
from store.domain.gates.naming import LATER, PREFIX
from store.projections.requests.rows import ApprovalRow, GateRow, RequestRow, RiskRow
from store.projections.shape import rows

_NAMES_LATER = ", ".join(f"'{name}'" for name in sorted(LATER))
_SELECT = (
    "SELECT id, project, environment, title, requester, risk, state, digest, release, manifest, base, deployment,"
    " opened_seq, opened_at, updated_seq, updated_at, submitted_at, escalated,"
    " (SELECT count(DISTINCT actor) FROM decision d WHERE d.request = r.id AND d.digest = r.digest"
    "  AND d.decision = 'approved') AS approvals,"
    " (SELECT count(*) FROM gate g WHERE g.request = r.id AND NOT g.passed AND g.waived = ''"
    f"  AND g.gate NOT IN ({_NAMES_LATER}) AND g.gate NOT GLOB '{PREFIX}*') AS gates_failed FROM request r"
)


def listing(
    connection: sqlite3.Connection, *, states: tuple[str, ...] = (), limit: int = 500
) -> tuple[RequestRow, ...]:
    """Return requests in any of `states` (all when empty), the most recently changed first."""
    wanted = f" WHERE state IN ({', '.join('?' * len(states))})" if states else ""
    return rows(connection, RequestRow, f"{_SELECT}{wanted} ORDER BY updated_seq DESC LIMIT ?", (*states, limit))


def one(connection: sqlite3.Connection, request: str) -> RequestRow | None:
    """Return one request, None when there is none of that id."""
    found = rows(connection, RequestRow, f"{_SELECT} WHERE id = ?", (request,))
    return found[0] if found else None


def of_release(connection: sqlite3.Connection, project: str, release: str) -> tuple[RequestRow, ...]:
    """Return the requests about one release of a project, oldest first."""
    return rows(
        connection,
        RequestRow,
        f"{_SELECT} WHERE project = ? AND release = ? ORDER BY opened_seq",
        (project, release),
    )


def releases_like(connection: sqlite3.Connection, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return (project, release) of the releases that requests are about and whose digest begins so."""
    found = connection.execute(
        "SELECT DISTINCT project, release FROM request WHERE substr(release, 1, ?) = ?", (len(prefix), prefix)
    )
    return tuple((project, release) for project, release in found)


def of_project(connection: sqlite3.Connection, project: str) -> tuple[RequestRow, ...]:
    """Return every request of a project, oldest first."""
    return rows(connection, RequestRow, f"{_SELECT} WHERE project = ? ORDER BY opened_seq", (project,))


def content(connection: sqlite3.Connection, request: str) -> ev.RequestContent | None:
    """Return what the requester stated, as last edited."""
    found = connection.execute("SELECT content FROM request WHERE id = ?", (request,)).fetchone()
    return ev.RequestContent(**json.loads(found[0])) if found else None


def decisions(connection: sqlite3.Connection, request: str) -> tuple[ApprovalRow, ...]:
    """Return every approval and refusal of a request, oldest first, for whichever digest."""
    return rows(connection, ApprovalRow, "SELECT * FROM decision WHERE request = ? ORDER BY seq", (request,))


def risk(connection: sqlite3.Connection, request: str) -> RiskRow | None:
    """Return how risky a request was found to be, None when nobody looked yet."""
    found = connection.execute(
        "SELECT request, level, computed, declared, points, facts, owners, seq FROM risk WHERE request = ?", (request,)
    ).fetchone()
    if found is None:
        return None
    request, level, computed, declared, points, facts, owners, seq = found
    return RiskRow(
        request=request,
        level=level,
        computed=computed,
        declared=declared,
        points=points,
        facts=tuple(ev.RiskPoint(**one) for one in json.loads(facts)),
        owners=tuple(ev.OwnersWanted(owners=tuple(o["owners"]), because=o["because"]) for o in json.loads(owners)),
        seq=seq,
    )


def gates(connection: sqlite3.Connection, request: str) -> tuple[GateRow, ...]:
    """Return the last word of every gate on a request."""
    return rows(connection, GateRow, "SELECT * FROM gate WHERE request = ? ORDER BY gate", (request,))
