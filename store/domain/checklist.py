"""Ticking off the checklist of a request's template: by those who could approve it, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.approving import barred_from_approving, good_ticks
from store.domain.change import Change
from store.domain.roles import Principals
from store.domain.templates import template_of
from store.domain.waiting import require_approver
from store.errors import BadInput, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.in_force import InForce


def items(change: Change, rules: InForce) -> tuple[str, ...]:
    """Return the checklist of the request, in its order; empty when it has none."""
    template = template_of(change.content, change.environment, rules.policy)
    return template.checklist if template is not None else ()


def tick(
    change: Change, item: str, *, actor: str, note: str, people: Principals, rules: InForce, at: str
) -> ev.ChecklistTicked:
    """Let `actor` tick one item, named by its number or its words.

    Raises:
        BadInput: the request has no such item.
        Refusal: who may not approve the request may not tick either; or the item is ticked, or it is not in review.
    """
    check(change, actor, people, rules, at)
    words = _named(items(change, rules), item, change.id)
    done = next((one for one in good_ticks(change, people, rules) if one.item == words), None)
    if done is not None:
        raise Refusal([f"{done.actor} ticked that already (entry {done.seq}): {words}"])
    return ev.ChecklistTicked(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        template=change.content.template,
        item=words,
        note=note,
    )


def check(change: Change, actor: str, people: Principals, rules: InForce, at: str) -> None:
    """Let `actor` tick items of this request, or raise Refusal."""
    require_approver(change, actor, people=people, policy=rules.policy, at=at)
    barred = barred_from_approving(change, actor, rules, at)
    if barred is not None:
        raise Refusal([barred], would_unblock=["somebody else with the role approver ticks it"])
    if change.state not in {"in review", "approved"}:
        raise Refusal([f"{change.id} is {change.state}: only a submitted request's checklist is ticked"])


def _named(every: tuple[str, ...], item: str, request: str) -> str:
    if not every:
        raise BadInput(f"{request} has no checklist: its template asks for none")
    if item in every:
        return item
    if item.isascii() and item.isdecimal() and len(item) < 5 and 1 <= int(item) <= len(every):
        return every[int(item) - 1]
    raise BadInput(f"{request} has no item {item[:60]!a}: name one of 1 to {len(every)}")
