"""Reviews that people owe, from any screen: of the policy, of broken glass. Each asks what was looked at."""

from __future__ import annotations

from typing import Any, Final

from console.screen.asking import ask_and_record, question
from console.screen.desk import Desk
from console.screen.pane import Pane
from store.services.glass import breaking
from store.services.policy import reviewing

_WANTED: Final = "what you looked at and what you think of it"


async def review_policy(pane: Pane[Any], desk: Desk, digest: str, *, every_days: int) -> None:
    """Record that the caller read the policy of this digest and stands by it."""
    then = f"the next review is due in {every_days} days" if every_days else "policy asks for no next review"
    about, caveat = (
        f"The policy {digest[:16]}, every rule of it.",
        f"Goes into the ledger under your signature; {then}.",
    )
    await ask_and_record(
        pane,
        question("Policy reviewed", about, caveat, wanted=_WANTED),
        lambda words: reviewing.review(desk.context, desk.me(), digest, note=words),
        doing="recording the review",
        done=f"the policy {digest[:12]} is reviewed",
    )


async def review_glass(pane: Pane[Any], desk: Desk, glass: str, *, about: str) -> None:
    """Close the review of a broken glass."""
    await ask_and_record(
        pane,
        question(f"Review {glass}", about, "whoever broke it cannot close its review", wanted=_WANTED),
        lambda words: breaking.review(desk.context, desk.me(), glass, note=words),
        doing=f"reviewing {glass}",
        done=f"{glass} is reviewed",
    )
