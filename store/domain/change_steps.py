"""The rules of each step of a change request: opened, edited, handed in, withdrawn, refused (approved: `approving`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.change import OPEN_STATES, SUBMITTED, Change
from store.domain.roles import Principals, holds, require
from store.domain.templates import check_content
from store.errors import BadInput, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


def open_request(
    event: ev.RequestOpened, *, actor: str, people: Principals, policy: Policy, at: str
) -> ev.RequestOpened:
    """Let `actor` open this request, or raise Refusal; BadInput when what is stated is not enough."""
    require(people, actor, "open a request", project=event.project, environment=event.environment, at=at)
    check_content(event.content, event.environment, policy)
    return event


def edit(
    change: Change, event: ev.RequestEdited, *, actor: str, people: Principals, policy: Policy, at: str
) -> ev.RequestEdited:
    """Let `actor` change the request while nothing is being deployed; earlier approvals become void."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state not in OPEN_STATES:
        raise Refusal([f"{change.id} is {change.state}: only a draft or a request in review can be edited"])
    check_content(event.content, change.environment, policy)
    return event


def submit(change: Change, *, actor: str, people: Principals, policy: Policy, at: str) -> ev.RequestSubmitted:
    """Hand the draft to its approvers, if it states what the policy asks for by now."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state != "draft":
        raise Refusal([f"{change.id} is {change.state}: only a draft can be submitted"])
    check_content(change.content, change.environment, policy)
    return ev.RequestSubmitted(
        request=change.id, project=change.project, environment=change.environment, digest=change.digest
    )


def withdraw(change: Change, *, actor: str, reason: str, people: Principals, at: str) -> ev.RequestWithdrawn:
    """Take the request back before it is deployed."""
    require(people, actor, "open a request", project=change.project, environment=change.environment, at=at)
    if change.state not in OPEN_STATES:
        raise Refusal([f"{change.id} is {change.state}: it can no longer be withdrawn"])
    return ev.RequestWithdrawn(request=change.id, project=change.project, environment=change.environment, reason=reason)


def refuse(
    change: Change,
    *,
    actor: str,
    reason: str,
    nonce: str,
    people: Principals,
    at: str,
    roles: Sequence[str] = (),
) -> ev.ApprovalRefused:
    """Say no to the request, with the reason. `roles` are those it was escalated to: their holders may, too."""
    place = {"project": change.project, "environment": change.environment}
    one = people.by_handle.get(actor)
    if one is None or not any(holds(one, role, **place, at=at) for role in roles):
        require(people, actor, "refuse", **place, at=at)
    if change.state not in SUBMITTED:
        raise Refusal([f"{change.id} is {change.state}: only a submitted request can be refused"])
    if not reason.strip():
        raise BadInput("a refusal needs a reason: --reason TEXT")
    return ev.ApprovalRefused(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        reason=reason,
        nonce=nonce,
    )
