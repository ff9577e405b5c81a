"""Reviews that people owe, from any screen: of the policy, of broken glass. Each asks what was looked at."""

from __future__ import annotations

from typing import Any

from console.presentation.spans import Line, line
from console.screen.asking import ask_and_record
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Ask
from store.services.glass import breaking
from store.services.policy import reviewing


async def review_policy(pane: Pane[Any], desk: Desk, digest: str, *, every_days: int) -> None:
    """Record that the caller read the policy of this digest and stands by it."""
    then = f"the next review is due in {every_days} days" if every_days else "policy asks for no next review"
    facts: list[str | Line] = [
        f"The policy {digest[:16]}, every rule of it.",
        line((f"Goes into the ledger under your signature; {then}.", "muted")),
    ]
    await ask_and_record(
        pane,
        Ask("Policy reviewed", facts=facts, placeholder="what you looked at and what you think of it"),
        lambda words: reviewing.review(desk.context, desk.me(), digest, note=words),
        doing="recording the review",
        done=f"the policy {digest[:12]} is reviewed",
    )


async def review_glass(pane: Pane[Any], desk: Desk, glass: str, *, about: str) -> None:
    """Close the review of a broken glass."""
    facts: list[str | Line] = [about, line(("whoever broke it cannot close its review", "muted"))]
    await ask_and_record(
        pane,
        Ask(f"Review {glass}", facts=facts, placeholder="what you looked at and what you think of it"),
        lambda words: breaking.review(desk.context, desk.me(), glass, note=words),
        doing=f"reviewing {glass}",
        done=f"{glass} is reviewed",
    )
