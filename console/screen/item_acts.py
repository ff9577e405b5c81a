"""What is done on the home screen with what needs somebody: where it opens, which key is for it, what that does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from console.presentation import home
from console.screen import drift_acts, finding_acts, incident_acts, remains_acts, request_acts, review_acts
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.place import Place
from store.services.history import activity
from store.services.triage.situation import Situation
from store.services.triage.triage import Item

_FOR: Final = {
    "approve": ("approval",),
    "deploy": ("ready",),
    "acknowledge": ("drift", "anomaly"),
    "close": ("finding", "incident"),
    "viewed": ("review",),
}
"""Act → the kinds of thing that it is for; an act that is not here is for any."""
_RIGHTS: Final = {
    "rollback": "roll back",
    "incident": "open an incident",
    "comment": "annotate",
    "playbook": "annotate",
}


_GOES: Final = {
    "drift": "drift", "approval": "approvals", "ready": "approvals", "comment": "approvals", "failed": "lineage",
    "chain": "ledger",
}  # fmt: skip
"""Kind of item → the screen that it is opened in; any other opens where its id is at home."""
_REVIEWED: Final = {"policy": "health", "connectors": "connectors"}
"""What is no id → the screen where it is reviewed."""


def home_of(item: Item, places: Iterable[Place]) -> str | None:
    """Return the screen of `places` that a thing is opened in, None where none shows it: then its entry is shown."""
    given = _GOES.get(item.kind) or _REVIEWED.get(item.subject)
    if given is not None or item.subject.startswith("#"):
        return given
    return next((place.id for place in places if place.subjects and item.subject.startswith(place.subjects)), None)


def begins_at(item: Item | None) -> dict[str, str]:
    """Return where an item is, as far as it is anywhere, in the words that forms begin with."""
    if item is None or item.environment == "-":
        return {}
    return {"project": item.project, "environment": item.environment}


def why_not(name: str, found: Situation, desk: Desk) -> str | None:
    """Return why an act cannot be done on a thing, and what would unblock it; None when it can."""
    item = found.item
    if name in {"resume", "takeback"}:
        return remains_acts.why_not(name, found.remains, item.key)
    if name in {"approve", "refuse", "deploy"}:
        if found.review is None:
            return f"{item.key} is no request: {home.handled(item)}"
        return request_acts.why_not(name, found.review)
    if item.kind not in _FOR.get(name, (item.kind,)):
        return f"{item.key} is no {' and no '.join(_FOR[name])}: {home.handled(item)}"
    if name == "rollback" and not _goes_back(item):
        return f"{item.key} is nothing to roll back: {home.handled(item)}"
    if name == "viewed" and item.key == "connectors":
        return "the connectors are reviewed where they are listed: `enter` opens them"
    if name == "comment" and item.kind == "review":
        return f"{item.key} is noted in its review: {home.handled(item)}"
    if name == "comment" and item.subject.startswith("#"):
        return None
    if name == "comment" and activity.newest_about(desk.context, item.subject) is None:
        return f"{item.subject} takes no comment: {home.handled(item)}"
    right = home.right_of(item, name) or _RIGHTS.get(name, "")
    return "\n".join(found.blocked.get(right, ())) or None


def _goes_back(item: Item) -> bool:
    return (item.kind in {"drift", "failed", "incident"} or item.act == "roll back") and item.project != "-"


async def acknowledge(pane: Pane[Any], desk: Desk, item: Item) -> None:
    """Take a drift off the list with the reason why it may stand; say of an anomaly what it was."""
    if item.kind == "anomaly":
        await finding_acts.acknowledge(pane, desk, item.key, item.what)
        return
    await drift_acts.acknowledge(pane, desk, item.key, facts=(f"{item.environment}/{item.project}", item.what))


async def close(pane: Pane[Any], desk: Desk, item: Item) -> None:
    """Close a finding with what was done, an incident with cause, fix and what was learned."""
    if item.kind == "incident":
        await incident_acts.close_incident(pane, desk, item.key, item.what)
    else:
        await finding_acts.close(pane, desk, item.key, item.what)


async def review(pane: Pane[Any], desk: Desk, item: Item) -> None:
    """Record the review of the policy, or of broken glass."""
    if item.key == "policy":
        policy = desk.context.policy
        await review_acts.review_policy(pane, desk, policy.digest, every_days=policy.review_every_days)
    else:
        await review_acts.review_glass(pane, desk, item.key, about=item.what)
