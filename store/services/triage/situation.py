"""One thing that needs somebody, in depth, and what the person at the console can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from store.domain.component import Component
from store.domain.diff import Diff
from store.domain.roles import PERMISSIONS
from store.errors import IntegrityFailure, Refusal
from store.integrity.entry import Entry
from store.projections import artifacts, deployments, findings, incidents
from store.projections.artifacts import RefusedRow
from store.projections.deployments import DeploymentRow
from store.projections.findings import FindingRow, FindingStep
from store.projections.incidents import IncidentRow, NoteRow
from store.services import rights
from store.services.context import Context
from store.services.delivery.remains import Remains, remains
from store.services.drift.drift_view import ThreeWay, three_way
from store.services.findings.concerns import concern
from store.services.glass import holding
from store.services.history import activity
from store.services.identity.people import principals
from store.services.incidents.viewing import against_review
from store.services.requests.review import Review, review
from store.services.triage import triage
from store.services.triage.triage import EnvironmentState, Item

ACTS = (
    "approve", "deploy", "roll back", "handle drift", "open an incident", "annotate", "comment on a request"
)  # fmt: skip
_REVIEWS: Final = {"policy": "review the policy", "connectors": "review connectors"}
"""What is reviewed and is no id → the right to do it."""
_LATELY: Final = 60
"""Entries of the day's activity: more than any screen has lines for."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """An item of the home screen with what is known about it; what does not apply is None or empty."""

    item: Item
    blocked: Mapping[str, tuple[str, ...]]
    """Act of `ACTS`, `review`, the item's own → why the caller may not do it here, then `→` what would unblock it."""
    review: Review | None = None
    three: ThreeWay | None = None
    failed: DeploymentRow | None = None
    remains: Remains | None = None
    """What a failed deployment left behind, while it can be finished or taken back."""
    incident: IncidentRow | None = None
    refused: RefusedRow | None = None
    finding: FindingRow | None = None
    story: tuple[FindingStep, ...] = ()
    """What was recorded of the finding, oldest first."""
    notes: tuple[NoteRow, ...] = ()
    lately: tuple[Entry, ...] = ()
    """The newest entries about the same project in the same environment."""
    diff: Diff = field(default_factory=Diff)
    before: Mapping[str, Component] = field(default_factory=dict)
    """What should be live (a drift) or is now (a request), by component id."""
    after: Mapping[str, Component] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One environment of the strip with the release of every project in it."""

    state: EnvironmentState
    live: tuple[DeploymentRow, ...]


@dataclass(frozen=True, kw_only=True)
class Home:
    """Everything the home screen shows."""

    items: tuple[Item, ...]
    places: tuple[Place, ...]
    lately: tuple[Entry, ...]
    situation: Situation | None
    """One of the items in depth."""
    at: datetime
    unread: IntegrityFailure | None = None
    """Why that item cannot be told in depth; the list stands all the same."""
    rhythm: tuple[int, ...] = ()
    """How many entries each of the last 24 hours brought, the oldest first."""


def at_home(context: Context, handle: str | None, wanted: str | None, *, chain: str) -> Home:
    """Return the home screen of `handle`, with the item `wanted` (else the first) in depth.

    `chain` as `triage.overview` takes it.
    """
    items = triage.overview(context, handle, chain=chain).items
    item = next((item for item in items if item.key == wanted), next(iter(items), None))
    told, unread = None, None
    try:
        told = situation(context, item, handle) if item is not None else None
    except IntegrityFailure as error:  # one lost file must not hide what else needs somebody
        unread = error
    return Home(
        items=items,
        places=places(context),
        lately=activity.recent(context, limit=_LATELY),
        situation=told,
        unread=unread,
        at=context.clock.now(),
        rhythm=activity.rhythm(context),
    )


def places(context: Context) -> tuple[Place, ...]:
    """Return every environment, how it is, and what should be live there."""
    states = triage.strip(context)
    with context.ledger.reading() as connection:
        desired = deployments.desired(connection)
    return tuple(
        Place(state=state, live=tuple(row for row in desired if row.environment == state.name)) for state in states
    )


def situation(context: Context, item: Item, handle: str | None) -> Situation:
    """Return what `handle` should know about `item` before doing anything about it.

    Raises:
        NotFound: it is gone meanwhile.
    """
    people = principals(context.ledger)
    project, environment = (name if name != "-" else "*" for name in (item.project, item.environment))
    blocked = {
        act: rights.against(context, people, handle, act, project=project, environment=environment)
        for act in dict.fromkeys((*ACTS, *([item.act] if item.act in PERMISSIONS else [])))
    }
    on = {"environment": item.environment, "project": item.project} if "-" not in {project, environment} else None
    with context.ledger.reading() as connection:
        notes = incidents.notes(connection, item.subject)
        failed = deployments.one(connection, item.key) if item.kind == "failed" else None
        incident = incidents.one(connection, item.key) if item.kind == "incident" else None
        refused = artifacts.refused(connection, limit=50) if item.kind == "refused" else ()
        finding = findings.one(connection, item.key) if item.kind == "finding" else None
        story = findings.story(connection, item.key) if finding is not None else ()
    found = review(context, item.subject, handle) if item.kind in {"approval", "ready", "comment"} else None
    if found is not None and not found.approve_blocked:
        blocked["approve"] = ()  # also where it was escalated to a role that approves nothing else
    blocked |= _more_blocked(context, item, handle)
    three = three_way(context, item.key) if item.kind == "drift" else None
    return Situation(
        item=item,
        blocked=blocked,
        review=found,
        three=three,
        failed=failed,
        remains=_remains(context, item, handle),
        incident=incident,
        refused=next((row for row in refused if f"#{row.seq}" == item.key), None),
        finding=finding,
        story=story,
        notes=notes,
        lately=activity.recent(context, on=on, limit=8) if on is not None and item.kind != "refused" else (),
        diff=found.diff if found else three.live if three else Diff(),
        before=found.before if found else _by_id(three.desired if three else None),
        after=found.after if found else _by_id(three.observed if three else None),
    )


def _more_blocked(context: Context, item: Item, handle: str | None) -> Mapping[str, tuple[str, ...]]:
    """Return what stands against the acts that are for this kind of item only, by the rules of the thing itself."""
    if item.kind in {"finding", "anomaly"}:
        return concern(context, handle, item.key).blocked
    if item.kind != "review":
        return {}
    if item.key in _REVIEWS:
        people = principals(context.ledger)
        return {"review": rights.against(context, people, handle, _REVIEWS[item.key], project="*", environment="*")}
    return {"review": against_review(context, handle, holding.every(context.ledger).get(item.key))}


def _remains(context: Context, item: Item, handle: str | None) -> Remains | None:
    if item.kind != "failed":
        return None
    try:
        return remains(context, item.key, handle)
    except Refusal:  # it is over since the list was read
        return None


def _by_id(component: Component | None) -> dict[str, Component]:
    return {component.id: component} if component is not None else {}
