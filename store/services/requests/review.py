"""Everything a reviewer needs to decide on one request, in one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.domain import approving as rules
from store.domain import events as ev
from store.domain.commenting import Comment
from store.domain.component import Component
from store.domain.diff import Diff
from store.domain.place import Place
from store.domain.roles import Principals
from store.domain.waiting import Deadline
from store.errors import NotFound, Refusal
from store.projections import deployments, drifts, environments, incidents, requests
from store.projections.incidents import NoteRow
from store.projections.requests import ApprovalRow, GateRow, RequestRow, RiskRow
from store.services import diffing, releases, retold, rights
from store.services.context import Context
from store.services.delivery import deploying
from store.services.delivery import environments as delivering
from store.services.delivery.moving import moved_since_deployed, words_of
from store.services.identity.people import principals
from store.services.requests import commenting, lapsing, ticking
from store.services.requests.drafting import edit_blocked
from store.services.requests.escalating import deadline_of
from store.services.requests.reading import change_of
from store.services.requests.testdata import DataRow, of_request


@dataclass(frozen=True, kw_only=True)
class Review:
    """A request as its reviewer sees it."""

    request: RequestRow
    content: ev.RequestContent
    gates: tuple[GateRow, ...]
    risk: RiskRow | None
    """How risky it was found to be, point by point; None before it is submitted."""
    decisions: tuple[ApprovalRow, ...]
    notes: tuple[NoteRow, ...]
    comments: tuple[Comment, ...]
    """What was said about its components, oldest first, on earlier revisions too."""
    comment_blocked: tuple[str, ...]
    """Why the caller cannot comment on a component, then `→` what would unblock it; empty when they can."""
    resolvable: frozenset[int]
    """The comments (by entry) that the caller may settle."""
    data: tuple[DataRow, ...]
    """What was done with data to test it."""
    diff: Diff
    before: Mapping[str, Component]
    """What is there now (for a request that was deployed: what was), by component id."""
    after: Mapping[str, Component]
    base_is_live: bool
    """What the request was made against is still what is desired there."""
    missing: tuple[str, ...]
    """Approvals still missing, in words."""
    approvers: tuple[str, ...]
    """Whose approvals count now."""
    needed: int
    """How many different people have to approve at this risk."""
    drifts: tuple[str, ...]
    """Drifts that stand where it would be deployed; an open one is in the way."""
    approve_blocked: tuple[str, ...]
    """Why the caller cannot approve it; empty when they can."""
    approve_unblock: tuple[str, ...]
    deploy_blocked: tuple[str, ...]
    """Why the caller cannot deploy it; empty when they can."""
    deploy_unblock: tuple[str, ...]
    refuse_blocked: tuple[str, ...]
    """Why the caller cannot refuse it, then `→` what would unblock it; empty when they can."""
    edit_blocked: tuple[str, ...]
    """Why the caller cannot edit it, then `→` what would unblock it; empty when they can."""
    promote_blocked: tuple[str, ...]
    """Why its release cannot be promoted from where it is; empty when it can."""
    promote_to: tuple[str, ...]
    """The other environments the caller may open a request for."""
    place: Place | None = None
    """Where it goes; None for what goes to no environment, as the policy."""
    moved: str = ""
    """That what is desired there was pushed elsewhere, since somebody changed the target."""
    has_checklist: bool = False
    """Whether its template asks for one."""
    deadline: Deadline | None = None
    """By when it must be decided, and where it went because it was not; None where no deadline runs."""

    @property
    def lapsed(self) -> bool:
        """Whether it had all its approvals and lacks one again."""
        return self.request.state == "approved" and bool(self.missing)


def review(context: Context, request: str, handle: str | None) -> Review:
    """Return what `handle` (None: somebody without a key) should know before deciding on `request`.

    Raises:
        NotFound: there is no such request.
        IntegrityFailure: what the read tables say of it is not what its entries say.
    """
    retold.check_request(context, request)
    with context.ledger.reading() as connection:
        row = requests.one(connection, request)
        content = requests.content(connection, request)
        if row is None or content is None:
            raise NotFound(f"there is no request {request}")
        gates = requests.gates(connection, request)
        risk = requests.risk(connection, request)
        decisions = requests.decisions(connection, request)
        notes = incidents.notes(connection, request)
        now = {d.project: d.release for d in deployments.desired(connection, environment=row.environment)}
        standing = drifts.listing(connection, environment=row.environment, project=row.project)
        places = [place.name for place in environments.listing(connection) if place.name != row.environment]
    people = principals(context.ledger)
    approve, deploy = _blocked(context, request, handle)
    has = lapsing.left(context, request, context.now, people=people)
    to = tuple(
        place
        for place in places
        if not rights.against(context, people, handle, "open a request", project=row.project, environment=place)
    )
    goes = delivering.environments(context.ledger).get(row.environment)
    comparison = diffing.comparison_as_told(context, request)
    return Review(
        request=row,
        content=content,
        gates=gates,
        risk=risk,
        decisions=decisions,
        notes=notes,
        comments=commenting.of_request(context.ledger, row.id),
        comment_blocked=commenting.blocked(context, row.id, handle),
        resolvable=commenting.resolvable(context, row.id, handle),
        data=of_request(context.ledger, row.id),
        diff=comparison.diff,
        before=comparison.before,
        after=comparison.after,
        base_is_live=row.base == now.get(row.project),
        missing=has.missing,
        approvers=has.by,
        needed=context.policy.rule(row.risk, row.environment).people,
        drifts=tuple(f"{drift.id} {drift.status}" for drift in standing),
        approve_blocked=approve.reasons,
        approve_unblock=approve.would_unblock,
        deploy_blocked=deploy.reasons,
        deploy_unblock=deploy.would_unblock,
        refuse_blocked=_refuse_blocked(context, people, row, handle),
        edit_blocked=edit_blocked(context, request, handle),
        promote_blocked=_promote_blocked(context, row, handle, now.get(row.project), to),
        promote_to=to,
        place=goes.place if goes is not None else None,
        moved=words_of(moved_since_deployed(context.ledger, row.environment, row.project)) or "",
        has_checklist=bool(ticking.checklist(context, request)),
        deadline=deadline_of(context, row, context.now, missing=bool(has.missing)),
    )


def _refuse_blocked(context: Context, people: Principals, row: RequestRow, handle: str | None) -> tuple[str, ...]:
    if row.state not in {"in review", "approved"}:
        return (f"{row.id} is {row.state}: only a submitted request can be refused",)
    return rights.against(context, people, handle, "refuse", project=row.project, environment=row.environment)


def _promote_blocked(
    context: Context, row: RequestRow, handle: str | None, live: str | None, to: Sequence[str]
) -> tuple[str, ...]:
    if row.release != live or row.state != "live":
        return (
            f"{row.id} is not live in {row.environment}: only a live release is promoted",
            "→ deploy it there first",
        )
    held = releases.quarantine(context.ledger, row.project, row.release)
    if held is not None:
        return (
            f"the release {row.release[:12]} is in quarantine: {held}",
            "→ an admin lifts the quarantine with a reason",
        )
    if handle is None:
        return rights.NO_KEY
    if not to:
        return (f"{handle} may not open a request for {row.project} in any other environment",)
    return ()


def _blocked(context: Context, request: str, handle: str | None) -> tuple[Refusal, Refusal]:
    """Return what stands against an approval and against a deployment by `handle`; no reasons: nothing does."""
    if handle is None:
        stranger = Refusal(["no key is named: the console is read-only"], would_unblock=["start it with --key PATH"])
        return stranger, stranger
    people = principals(context.ledger)
    change = change_of(context.ledger, request)
    approve = deploy = Refusal([])
    try:
        rules.check_approver(change, actor=handle, people=people, rules=context.rules, at=context.now)
    except Refusal as refusal:
        approve = refusal
    try:
        deploying.check(context, context.ledger, handle, request)
    except Refusal as refusal:
        deploy = refusal
    return approve, deploy
