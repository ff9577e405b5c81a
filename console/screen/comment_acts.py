"""What a person says of something that is recorded, and of the components of a request; settling what was said."""

from __future__ import annotations

from typing import Any

from console.presentation.spans import line
from console.presentation.words import short_digest
from console.screen.asking import ask_and_record
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Ask
from store.services import incidents
from store.services.requests import commenting
from store.services.requests.review import Review


def why_not_settle(review: Review, seq: int | None) -> str | None:
    """Return why the comment in entry `seq` (None: none is under the cursor) cannot be settled, None when it can."""
    one = next((comment for comment in review.comments if comment.seq == seq), None)
    if one is None:
        return "put the cursor on a comment in the review: . goes to the next component that has one"
    if one.resolved is not None:
        return f"{one.resolved.actor} settled it already, entry {one.resolved.seq}"
    if one.seq not in review.resolvable:
        return f"not yours to settle\n→ {one.actor} settles it, or an approver who neither requested nor edited it"
    return None


async def comment_on(pane: Pane[Any], desk: Desk, review: Review, component: str, name: str) -> None:
    """Ask for a comment on one component and sign it, pinned to the revision that is on the screen."""
    row = review.request
    facts = [
        line(("on        ", "muted"), (name, "strong"), f"  {row.id} as it is now, digest {short_digest(row.digest)}"),
        line(("told      ", "muted"), f"{row.requester}, who requested it"),
    ]
    await ask_and_record(
        pane,
        Ask(f"Comment on {name}", facts=facts, placeholder="what should be looked at, and why"),
        lambda words: commenting.comment(desk.context, desk.me(), row.id, component, words),
        doing=f"commenting on {name}",
        done=f"commented on {name}",
        then=f"; {row.requester} is told",
    )


async def settle(pane: Pane[Any], desk: Desk, review: Review, seq: int) -> None:
    """Ask how a comment was settled and sign that it is."""
    one = next(found for found in review.comments if found.seq == seq)
    facts = [line((f"{one.actor} on {one.name}: ", "muted"), one.text)]
    await ask_and_record(
        pane,
        Ask(f"Settle comment #{seq}", facts=facts, placeholder="how it was settled"),
        lambda words: commenting.resolve(desk.context, desk.me(), review.request.id, seq, note=words),
        doing=f"settling #{seq}",
        done=f"settled #{seq} on {one.name}",
    )


async def comment(pane: Pane[Any], desk: Desk, subject: str) -> None:
    """Ask for a comment on an id or entry number and record it."""
    await ask_and_record(
        pane,
        Ask(f"Comment on {subject}", placeholder="what the next reader should know"),
        lambda words: incidents.annotate(desk.context, desk.me(), subject, words),
        doing=f"commenting on {subject}",
        done=f"noted on {subject}",
    )
