"""How the tables of requests follow the ledger, entry by entry."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from store.domain import events as ev
from store.projections.requests.rows import TABLES
from store.projections.shape import Projection, each, insert


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
        case ev.RequestSubmitted() | ev.RequestEscalated():
            _wait(connection, record, record.event)
        case ev.RequestWithdrawn(request=request):
            _state(connection, record, request, "withdrawn")
        case ev.DeploymentStarted(request=request, deployment=deployment):
            _state(connection, record, request, "deploying")
            connection.execute("UPDATE request SET deployment = ? WHERE id = ?", (deployment, request))
        case ev.DeploymentFailed(request=str() as request):
            _state(connection, record, request, "approved")
        case ev.PolicyAdopted() as event if _may_bring(connection, event):
            _replace(connection, record, event.project, event.environment, "superseded")
            _state(connection, record, event.request, "live")
        case ev.DeploymentVerified(rehearsal=str()):
            pass  # half of a rehearsal: how that ended is an entry of its own
        case ev.RollbackRehearsed() as event if event.stands == event.to:  # it did not come back
            _replace(connection, record, event.project, event.environment, "rolled back")
            _revive(connection, record, event.project, event.environment, event.to)
        case ev.DeploymentVerified() as event:
            word = "superseded" if event.request else "rolled back"
            _replace(connection, record, event.project, event.environment, word)
            if event.request:
                _state(connection, record, event.request, "live")
            else:
                _revive(connection, record, event.project, event.environment, event.target.release)
        case _:
            pass


def _wait(
    connection: sqlite3.Connection, record: ev.Recorded, event: ev.RequestSubmitted | ev.RequestEscalated
) -> None:
    """Note since when a request waits for its approvals, and to which roles it went on, one after the other."""
    if isinstance(event, ev.RequestSubmitted):
        _state(connection, record, event.request, "in review")
        connection.execute(
            "UPDATE request SET submitted_at = max(opened_at, ?), escalated = '' WHERE id = ?",
            (record.time, event.request),
        )
    elif record.actor == ev.SYSTEM:
        found = connection.execute(
            "SELECT escalated FROM request WHERE id = ? AND digest = ? AND state IN ('in review', 'approved')",
            (event.request, event.digest),
        ).fetchone()
        before = found[0].split() if found is not None else []
        if found is not None and event.step == len(before) + 1:
            connection.execute(
                "UPDATE request SET escalated = ? WHERE id = ?", (" ".join([*before, event.to_role]), event.request)
            )


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


def _may_bring(connection: sqlite3.Connection, event: ev.PolicyAdopted) -> bool:
    """Say whether an adoption can be of this request (`domain.change` says so by the same): it was approved."""
    found = connection.execute(
        "SELECT 1 FROM request r WHERE id = ? AND digest = ? AND release = ? AND state IN ('in review', 'approved')"
        " AND EXISTS (SELECT 1 FROM decision d WHERE d.request = r.id AND d.digest = r.digest"
        " AND d.decision = 'approved')",
        (event.request, event.digest, event.policy),
    ).fetchone()
    return found is not None


def _replace(connection: sqlite3.Connection, record: ev.Recorded, project: str, environment: str, word: str) -> None:
    """Let what was live there be so no more."""
    connection.execute(
        "UPDATE request SET state = ?, updated_seq = ?, updated_at = ?"
        " WHERE project = ? AND environment = ? AND state = 'live'",
        (word, record.seq, record.time, project, environment),
    )


def _revive(connection: sqlite3.Connection, record: ev.Recorded, project: str, environment: str, release: str) -> None:
    """Let the request that brought this release here before be live again."""
    found = connection.execute(
        "SELECT id FROM request WHERE project = ? AND environment = ? AND release = ?"
        " AND state IN ('superseded', 'rolled back') ORDER BY opened_seq DESC LIMIT 1",
        (project, environment, release),
    ).fetchone()
    if found is not None:
        _state(connection, record, found[0], "live")


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
        "submitted_at": None,
        "escalated": "",
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
            "request.escalated",
            "gate.evaluated",
            "approval.granted",
            "approval.refused",
            "deployment.started",
            "deployment.verified",
            "deployment.failed",
            "rollback.rehearsed",
            "policy.adopted",
            "risk.assessed",
        }
    ),
    apply=each(_apply),
)
