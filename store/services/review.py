"""Everything a reviewer needs to decide on one request, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain import change as rules
from store.domain import events as ev
from store.domain.diff import Diff
from store.errors import NotFound, Refusal
from store.projections import deployments, incidents, requests
from store.projections.incidents import NoteRow
from store.projections.requests import ApprovalRow, GateRow, RequestRow
from store.services import deploying, diffing
from store.services.context import Context
from store.services.people import principals
from store.services.requests import change_of


@dataclass(frozen=True, kw_only=True)
class Review:
    """A request as its reviewer sees it."""

    request: RequestRow
    content: ev.RequestContent
    gates: tuple[GateRow, ...]
    decisions: tuple[ApprovalRow, ...]
    notes: tuple[NoteRow, ...]
    diff: Diff
    base_is_live: bool
    """What the request was made against is still what is desired there."""
    missing: tuple[str, ...]
    """Approvals still missing, in words."""
    approve_blocked: tuple[str, ...]
    """Why the caller cannot approve it; empty when they can."""
    approve_unblock: tuple[str, ...]
    deploy_blocked: tuple[str, ...]
    """Why the caller cannot deploy it; empty when they can."""
    deploy_unblock: tuple[str, ...]


def review(context: Context, request: str, handle: str | None) -> Review:
    """Return what `handle` (None: somebody without a key) should know before deciding on `request`.

    Raises:
        NotFound: there is no such request.
    """
    with context.ledger.reading() as connection:
        row = requests.one(connection, request)
        content = requests.content(connection, request)
        if row is None or content is None:
            raise NotFound(f"there is no request {request}")
        gates = requests.gates(connection, request)
        decisions = requests.decisions(connection, request)
        notes = incidents.notes(connection, request)
        now = {d.project: d.release for d in deployments.desired(connection, environment=row.environment)}
    approve, deploy = _blocked(context, request, handle)
    change = change_of(context.ledger, request)
    missing = rules.approvals_missing(change, people=principals(context.ledger), policy=context.policy, at=context.now)
    return Review(
        request=row,
        content=content,
        gates=gates,
        decisions=decisions,
        notes=notes,
        diff=diffing.of_request(context, request),
        base_is_live=row.base == now.get(row.project),
        missing=tuple(missing),
        approve_blocked=approve.reasons,
        approve_unblock=approve.would_unblock,
        deploy_blocked=deploy.reasons,
        deploy_unblock=deploy.would_unblock,
    )


def _blocked(context: Context, request: str, handle: str | None) -> tuple[Refusal, Refusal]:
    """Return what stands against an approval and against a deployment by `handle`; no reasons: nothing does."""
    if handle is None:
        stranger = Refusal(["no key is named: the console is read-only"], would_unblock=["start it with --key PATH"])
        return stranger, stranger
    people = principals(context.ledger)
    change = change_of(context.ledger, request)
    approve = deploy = Refusal([])
    try:
        rules.check_approver(change, actor=handle, people=people, at=context.now)
    except Refusal as refusal:
        approve = refusal
    try:
        deploying.check(context, context.ledger, handle, request)
    except Refusal as refusal:
        deploy = refusal
    return approve, deploy
