"""What is owed, as things that need somebody now: reviews that are due, findings that are open."""

from __future__ import annotations

from typing import Final

from store.domain.duties import Duty, State
from store.services.context import Context
from store.services.health.health import REVIEWS, health
from store.services.triage.item import Item

_SEVERITIES: Final = {"info": "low", "warning": "medium"}
"""Severities of findings in the words of risks, by which everything here is ranked."""
_WORSE: Final = {"low": "medium", "medium": "high"}
"""What is overdue weighs one level more; it does not push what is broken from the first line."""


def items(context: Context, handle: str | None) -> tuple[Item, ...]:
    """Return reviews that are due soon or overdue, and every open finding."""
    duties = health(context, checks=REVIEWS).duties
    pressing = {State.SOON, State.OVERDUE}
    return tuple(_item(one, handle) for one in duties if one.kind == "finding" or one.state in pressing)


def _item(one: Duty, handle: str | None) -> Item:
    level = _SEVERITIES.get(one.severity, one.severity)
    late = one.state is State.OVERDUE
    since = (one.due if late else one.since) or one.since or ""
    when = "since" if late else "by"
    return Item(
        key=one.key,
        kind="finding" if one.kind == "finding" else "review",
        severity=_WORSE.get(level, level) if late else level,
        environment="-" if one.environment == "*" else one.environment,
        project="-" if one.project == "*" else one.project,
        what=f"{one.what}: {'overdue' if late else 'due'} {when} {(one.due or '')[:16]}Z",
        since=since,
        mine=handle in one.who,
        command=one.command,
    )
