"""What waits for a person's word: requests to approve or deploy, and comments on one's own."""

from __future__ import annotations

from collections.abc import Iterator

from store.domain import roles
from store.domain.change import SUBMITTED
from store.projections import requests
from store.projections.requests import RequestRow
from store.services.requests import commenting, lapsing
from store.services.requests.escalating import deadline_of
from store.services.triage.asked import Asked
from store.services.triage.item import RANK, Item


def decisions(asked: Asked) -> Iterator[Item]:
    """Yield every request that waits for approval, or that is approved and waits to be deployed."""
    with asked.context.ledger.reading() as connection:
        rows = requests.listing(connection, states=SUBMITTED)
    for row in rows:
        yield _decision(asked, row)


def _decision(asked: Asked, row: RequestRow) -> Item:
    asks = row.approvals or row.state == "approved"
    has = lapsing.left(asked.context, row.id, asked.at, people=asked.people) if asks else None
    ready = row.state == "approved" and not (has and has.missing)
    act = "deploy" if ready else "approve"
    may = asked.may(act, row.project, row.environment) or _was_asked(asked, row)
    need = asked.context.policy.rule(row.risk, row.environment).people
    due = deadline_of(asked.context, row, asked.at, missing=not ready)
    words = lapsing.WORDS if row.state == "approved" else "waits for approval"
    words = "approved, ready to deploy" if ready else f"{words} ({len(has.by) if has else 0} of {need})"
    if row.gates_failed and not ready:
        words = f"{row.gates_failed} gates failed"
    if due is not None:
        words = f"{words}, {due.words}"
    late = due is not None and (due.passed or due.escalated_to)
    return Item(
        key=row.id,
        kind="ready" if ready else "approval",
        severity=min(row.risk, "high", key=lambda level: RANK.get(level, 9)) if late else row.risk,
        environment=row.environment,
        project=row.project,
        what=f"{row.title}: {words}",
        act=act,
        since=row.updated_at,
        mine=may and (ready or row.requester != asked.handle),
    )


def _was_asked(asked: Asked, row: RequestRow) -> bool:
    """Say whether it was escalated to a role that the caller holds."""
    one = asked.people.by_handle.get(asked.handle or "")
    place = {"project": row.project, "environment": row.environment}
    return one is not None and any(roles.holds(one, role, **place, at=asked.at) for role in row.escalated_to)


def comments(asked: Asked) -> Iterator[Item]:
    """Yield what tells a requester that something was said about their request and is not settled."""
    with asked.context.ledger.reading() as connection:
        rows = (*requests.listing(connection, states=SUBMITTED), *requests.listing(connection, states=("draft",)))
    for row in rows:
        said = [one for one in commenting.of_request(asked.context.ledger, row.id) if one.resolved is None]
        others = [one for one in said if one.actor != row.requester]
        if not others:
            continue
        last = others[-1]
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        yield Item(
            key=f"{row.id}/comments",
            kind="comment",
            severity="low",
            environment=row.environment,
            project=row.project,
            what=f"{last.actor} on {last.name}: {last.text}{more}",
            act="comment on a request",
            reason=f"{row.requester} answers or edits {row.id}; {last.actor} or an approver settles it",
            about=row.id,
            since=last.time,
            mine=asked.handle == row.requester,
        )
