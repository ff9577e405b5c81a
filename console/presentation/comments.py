"""Comments on components in words: beside the component, in the list, in the preview. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from console.presentation.changes import ComponentChange, Said
from console.presentation.spans import Line, line, wrap
from console.presentation.times import ago
from console.presentation.words import counted
from store.clock import parse_timestamp
from store.domain.commenting import Comment
from store.services.requests.review import Review


def commented(changes: Sequence[ComponentChange], review: Review, now: datetime) -> tuple[ComponentChange, ...]:
    """Return the changes with what was said about each; what was said about a part that does not change stays last."""
    said: dict[str, list[Comment]] = {}
    for one in sorted(review.comments, key=lambda one: (one.resolved is not None, one.seq)):
        said.setdefault(one.component, []).append(one)
    found = [replace(change, said=_said(said.pop(change.key, []), review, now)) for change in changes]
    for component, left in said.items():
        part = review.after.get(component) or review.before.get(component)
        kind = part.kind if part is not None else "gone"
        found.append(
            ComponentChange(key=component, name=left[-1].name, kind=kind, change="same", said=_said(left, review, now))
        )
    return tuple(found)


def _said(comments: Sequence[Comment], review: Review, now: datetime) -> tuple[Said, ...]:
    return tuple(
        Said(
            seq=one.seq,
            words=f"{one.actor} {ago(parse_timestamp(one.time), now)}: {' '.join(one.text.split())}{_settled(one)}",
            settled=one.resolved is not None,
            earlier=_earlier(one, review),
        )
        for one in comments
    )


def _settled(one: Comment) -> str:
    if one.resolved is None:
        return ""
    return f"  settled by {one.resolved.actor}{f': {one.resolved.note}' if one.resolved.note else ''}"


def comment_lines(review: Review, now: datetime, *, room: int) -> tuple[Line, ...]:
    """Return what was said about the components of a request, the newest first, open before settled."""
    said = sorted(review.comments, key=lambda one: (one.resolved is not None, -one.seq))
    return tuple(part for one in said for part in _lines(one, review, now, room))


def _lines(one: Comment, review: Review, now: datetime, room: int) -> list[Line]:
    mark = ("✓ settled  ", "muted") if one.resolved else ("○ open  ", "warn")
    when = f"  {ago(parse_timestamp(one.time), now)}  #{one.seq}"
    head = line(mark, (one.actor, "strong"), (f" on {one.name}", "text"), (when, "muted"))
    earlier = _earlier(one, review)
    tone = "muted" if one.resolved else "text"
    words = (line("  ", (shown, tone)) for shown in one.text.split("\n") if shown.strip())
    lines = [(*head, *line((f"  {earlier}", "warn"))) if earlier else head]
    lines += [part for shown in words for part in wrap(shown, room, indent=2)]
    if one.resolved is not None:
        why = f": {one.resolved.note}" if one.resolved.note else ""
        lines += wrap(line("  ", (f"settled by {one.resolved.actor}{why}", "muted")), room, indent=4)
    return lines


def _earlier(one: Comment, review: Review) -> str:
    """Return that a comment was made on an earlier revision, and whether its component still is as it was."""
    if one.digest == review.request.digest:
        return ""
    now = review.after.get(one.component) or review.before.get(one.component)
    same = now is not None and now.digest == one.component_digest
    return "earlier revision, this part is unchanged" if same else "earlier revision, this part has changed since"


def open_words(review: Review) -> str:
    """Return how many comments still are open and whose, for a question; empty when none is."""
    still = [one for one in review.comments if one.resolved is None]
    if not still:
        return ""
    names = ", ".join(dict.fromkeys(one.actor for one in still))
    return f"{counted(len(still), 'comment')} not settled (by {names})"
