"""Comments on a request's components, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from console.cli.output import say
from store.domain.commenting import Comment


def comment_json(comment: Comment, digest: str) -> dict[str, object]:
    """Return a comment for programs; `current` says whether it was made on the revision with this digest."""
    return asdict(comment) | {"current": comment.digest == digest}


def say_comments(comments: Iterable[Comment], digest: str) -> None:
    """Say comments, oldest first, those on an earlier revision than the one of this digest marked as such."""
    for one in comments:
        mark = "[x]" if one.resolved else "[ ]"
        earlier = "" if one.digest == digest else "  (on an earlier revision)"
        say(f"  {mark} on {one.name} by {one.actor}  entry {one.seq}{earlier}: {one.text}")
        if one.resolved is not None:
            why = f": {one.resolved.note}" if one.resolved.note else ""
            say(f"      settled by {one.resolved.actor}  entry {one.resolved.seq}{why}")
