"""A change request as lists and reviewers read it: rows, and the tables they come from."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain import events as ev


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
    submitted_at: str | None = None
    """When it was handed in as it stands."""
    escalated: str = ""
    """The roles it went on to because nobody decided in time, separated by spaces."""

    @property
    def escalated_to(self) -> tuple[str, ...]:
        """The roles it went on to, in order."""
        return tuple(self.escalated.split())


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
    " updated_at TEXT NOT NULL, submitted_at TEXT, escalated TEXT NOT NULL) STRICT",
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
