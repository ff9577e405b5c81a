"""Change requests with their approvals and gates."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from store.domain import events as ev
from store.domain.gates.conditions import PREFIX
from store.domain.gates.wanted import LATER
from store.projections.shape import Projection, insert, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """A change request as lists show it."""

    id: str
    project: str
    environment: str
    title: str
    requester: str
    risk: str
    """The level that counts: the higher of what was declared and what was computed."""
    state: str
    """draft, in review, approved, refused, withdrawn, deploying, live, superseded or rolled back."""
    digest: str
    release: str
    manifest: str
    base: str | None
    deployment: str | None
    opened_seq: int
    opened_at: str
    updated_seq: int
    updated_at: str
    approvals: int
    """Approvals that name the present digest, one per person."""
    gates_failed: int
    """Gates that failed, are not waived, and that an approver has to wait for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRow:
    """One person's decision."""

    request: str
    actor: str
    decision: str
    """approved, refused, or void: approved, and then the request was edited."""
    note: str
    digest: str
    seq: int
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskRow:
    """How risky a request was found to be, newest look."""

    request: str
    level: str
    computed: str
    declared: str
    points: int
    facts: tuple[ev.RiskPoint, ...]
    owners: tuple[ev.OwnersWanted, ...]
    seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRow:
    """The last word of one gate on a request."""

    request: str
    gate: str
    passed: int
    reason: str
    unblock: str
    digest: str
    seq: int
    inputs: str
    """Digest over what it looked at."""
    waived: str
    """The exception by which it need not pass; empty where there is none."""

    @property
    def verdict(self) -> str:
        """`pass`, `waived` or `fail`."""
        return "pass" if self.passed else "waived" if self.waived else "fail"


TABLES = (
    "CREATE TABLE request(id TEXT PRIMARY KEY, project TEXT NOT NULL, environment TEXT NOT NULL,"
    " content TEXT NOT NULL, title TEXT NOT NULL, risk TEXT NOT NULL, requester TEXT NOT NULL, state TEXT NOT NULL,"
    " digest TEXT NOT NULL, release TEXT NOT NULL, manifest TEXT NOT NULL, base TEXT, deployment TEXT,"
    " opened_seq INTEGER NOT NULL, opened_at TEXT NOT NULL, updated_seq INTEGER NOT NULL,"
    " updated_at TEXT NOT NULL) STRICT",
    "CREATE INDEX request_state ON request(state, environment, project)",
    "CREATE INDEX request_release ON request(release)",
    "CREATE TABLE decision(request TEXT NOT NULL, actor TEXT NOT NULL, decision TEXT NOT NULL, note TEXT NOT NULL,"
    " digest TEXT NOT NULL, seq INTEGER PRIMARY KEY, time TEXT NOT NULL) STRICT",
    "CREATE INDEX decision_request ON decision(request)",
    "CREATE TABLE risk(request TEXT PRIMARY KEY, level TEXT NOT NULL, computed TEXT NOT NULL, declared TEXT NOT NULL,"
    " points INTEGER NOT NULL, facts TEXT NOT NULL, owners TEXT NOT NULL, seq INTEGER NOT NULL) STRICT",
    "CREATE TABLE gate(request TEXT NOT NULL, gate TEXT NOT NULL, passed INTEGER NOT NULL, reason TEXT NOT NULL,"
    " unblock TEXT NOT NULL, digest TEXT NOT NULL, seq INTEGER NOT NULL, inputs TEXT NOT NULL, waived TEXT NOT NULL,"
    " PRIMARY KEY(request, gate))"
    " STRICT, WITHOUT ROWID",
)


def _apply(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.RequestOpened() as event:
            insert(
                connection,
                "request",
                {
                    "id": event.request,
                    "project": event.project,
                    "environment": event.environment,
                    "requester": record.actor,
                    "opened_seq": record.seq,
                    "opened_at": record.time,
                    **_content(event, record),
                },
            )
        case ev.RequestEdited() as event:
            values = _content(event, record)
            marks = ", ".join(f"{name} = ?" for name in values)
            connection.execute(
                f"UPDATE request SET {marks} WHERE id = ?",
                (*values.values(), event.request),
            )
            connection.execute("DELETE FROM gate WHERE request = ?", (event.request,))
            connection.execute("DELETE FROM risk WHERE request = ?", (event.request,))
            connection.execute(
                "UPDATE decision SET decision = 'void' WHERE request = ? AND decision = 'approved'", (event.request,)
            )
        case ev.GateEvaluated() as event:
            _judge(connection, record, event)
        case ev.ApprovalGranted() as event:
            _decide(connection, record, event.request, "approved", event.note, event.digest)
            if event.complete:
                _state(connection, record, event.request, "approved")
        case ev.ApprovalRefused() as event:
            _decide(connection, record, event.request, "refused", event.reason, event.digest)
            _state(connection, record, event.request, "refused")
        case _:
            _follow(connection, record)


def _follow(connection: sqlite3.Connection, record: ev.Recorded) -> None:
    match record.event:
        case ev.RiskAssessed() as event:
            _assess(connection, record, event)
        case ev.RequestSubmitted(request=request):
            _state(connection, record, request, "in review")
        case ev.RequestWithdrawn(request=request):
            _state(connection, record, request, "withdrawn")
        case ev.DeploymentStarted(request=request, deployment=deployment):
            _state(connection, record, request, "deploying")
            connection.execute("UPDATE request SET deployment = ? WHERE id = ?", (deployment, request))
        case ev.DeploymentFailed(request=str() as request):
            _state(connection, record, request, "approved")
        case ev.PolicyAdopted() as event:
            _replace(connection, record, event.project, event.environment, "superseded")
            _state(connection, record, event.request, "live")
        case ev.DeploymentVerified() as event:
            word = "superseded" if event.request else "rolled back"
            _replace(connection, record, event.project, event.environment, word)
            live = event.request or _carrier(connection, event)
            if live is not None:
                _state(connection, record, live, "live")
        case _:
            pass


def _judge(connection: sqlite3.Connection, record: ev.Recorded, event: ev.GateEvaluated) -> None:
    """Keep a verdict, if it is about the request as it stands: a result for other contents is none for these."""
    connection.execute(
        "INSERT OR REPLACE INTO gate SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " WHERE EXISTS (SELECT 1 FROM request WHERE id = ? AND digest = ?)",
        (
            event.request,
            event.gate,
            int(event.passed),
            event.reason,
            event.unblock,
            event.digest,
            record.seq,
            event.inputs,
            event.waived,
            event.request,
            event.digest,
        ),
    )


def _assess(connection: sqlite3.Connection, record: ev.Recorded, event: ev.RiskAssessed) -> None:
    facts, owners = (json.dumps([asdict(one) for one in many]) for many in (event.facts, event.owners))
    connection.execute(
        "INSERT OR REPLACE INTO risk VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event.request, event.level, event.computed, event.declared, event.points, facts, owners, record.seq),
    )
    connection.execute("UPDATE request SET risk = ? WHERE id = ?", (event.level, event.request))


def _replace(connection: sqlite3.Connection, record: ev.Recorded, project: str, environment: str, word: str) -> None:
    """Let what was live there be so no more."""
    connection.execute(
        "UPDATE request SET state = ?, updated_seq = ?, updated_at = ?"
        " WHERE project = ? AND environment = ? AND state = 'live'",
        (word, record.seq, record.time, project, environment),
    )


def _carrier(connection: sqlite3.Connection, event: ev.DeploymentVerified) -> str | None:
    """Return the request that brought this release here before: a rollback makes it live again."""
    found = connection.execute(
        "SELECT id FROM request WHERE project = ? AND environment = ? AND release = ?"
        " AND state IN ('superseded', 'rolled back') ORDER BY opened_seq DESC LIMIT 1",
        (event.project, event.environment, event.target.release),
    ).fetchone()
    return found[0] if found else None


def _content(event: ev.RequestOpened | ev.RequestEdited, record: ev.Recorded) -> dict[str, object]:
    return {
        "content": json.dumps(asdict(event.content), ensure_ascii=False),
        "title": event.content.title,
        "risk": event.content.risk,
        "state": "draft",
        "digest": event.digest,
        "release": event.target.release,
        "manifest": event.target.manifest,
        "base": event.base,
        "updated_seq": record.seq,
        "updated_at": record.time,
    }


def _decide(
    connection: sqlite3.Connection, record: ev.Recorded, request: str, decision: str, note: str, digest: str
) -> None:
    connection.execute(
        "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?)",
        (request, record.actor, decision, note, digest, record.seq, record.time),
    )


def _state(connection: sqlite3.Connection, record: ev.Recorded, request: str, state: str) -> None:
    connection.execute(
        "UPDATE request SET state = ?, updated_seq = ?, updated_at = ? WHERE id = ?",
        (state, record.seq, record.time, request),
    )


PROJECTION = Projection(
    tables=TABLES,
    kinds=frozenset(
        {
            "request.opened",
            "request.edited",
            "request.submitted",
            "request.withdrawn",
            "gate.evaluated",
            "approval.granted",
            "approval.refused",
            "deployment.started",
            "deployment.verified",
            "deployment.failed",
            "policy.adopted",
            "risk.assessed",
        }
    ),
    apply=_apply,
)
_NAMES_LATER = ", ".join(f"'{name}'" for name in sorted(LATER))
_SELECT = (
    "SELECT id, project, environment, title, requester, risk, state, digest, release, manifest, base, deployment,"
    " opened_seq, opened_at, updated_seq, updated_at,"
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
