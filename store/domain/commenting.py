"""Comments on the components of a request: who may make one, who may settle it, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.approving import barred_from_approving
from store.domain.change import OPEN_STATES, Change
from store.domain.component import ComponentRef
from store.domain.roles import Principals, require
from store.errors import BadInput, NotFound, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.in_force import InForce

LONGEST = 4_000
"""Letters of one comment: an entry holds it for ever, and a screen shows it whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """Who settled a comment, when, and in which words."""

    actor: str
    seq: int
    time: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """One comment, and what became of it."""

    seq: int
    time: str
    actor: str
    digest: str
    """The request digest it was made on."""
    component: str
    name: str
    component_digest: str
    artifact: str
    text: str
    resolved: Resolved | None = None


def comments(recorded: Iterable[ev.Recorded]) -> tuple[Comment, ...]:
    """Return the comments among a request's own entries, oldest first."""
    found: dict[int, Comment] = {}
    for record in recorded:
        match record.event:
            case ev.RequestCommented() as event:
                found[record.seq] = Comment(
                    seq=record.seq,
                    time=record.time,
                    actor=record.actor,
                    digest=event.digest,
                    component=event.component,
                    name=event.name,
                    component_digest=event.component_digest,
                    artifact=event.artifact,
                    text=event.comment,
                )
            case ev.CommentResolved(resolves=seq, note=note) if seq in found:
                settled = Resolved(actor=record.actor, seq=record.seq, time=record.time, note=note)
                found[seq] = replace(found[seq], resolved=settled)
            case _:
                pass
    return tuple(found.values())


def check_commenter(change: Change, *, actor: str, people: Principals, at: str) -> None:
    """Let `actor` comment on the components of this request, or raise Refusal."""
    require(people, actor, "comment on a request", project=change.project, environment=change.environment, at=at)
    if change.state not in OPEN_STATES:
        raise Refusal(
            [f"{change.id} is {change.state}: only components of a request that is not decided are commented on"],
            would_unblock=[f"a note goes on anything, at any time: quarterdeck annotate {change.id}"],
        )


def comment(
    change: Change, component: ComponentRef, text: str, *, actor: str, people: Principals, at: str
) -> ev.RequestCommented:
    """Let `actor` say something about one component.

    Raises:
        Refusal: who may not, or the request is decided.
        BadInput: no words, or too many.
    """
    check_commenter(change, actor=actor, people=people, at=at)
    if not text.strip():
        raise BadInput("a comment needs words")
    if len(text) > LONGEST:
        raise BadInput(f"a comment has at most {LONGEST:,} letters; this one has {len(text):,}")
    return ev.RequestCommented(
        request=change.id,
        project=change.project,
        environment=change.environment,
        digest=change.digest,
        component=component.id,
        name=component.name,
        component_digest=component.digest,
        artifact=component.artifact,
        comment=text,
        requester=change.requester,
    )


def check_resolver(change: Change, found: Comment, *, actor: str, people: Principals, rules: InForce, at: str) -> None:
    """Let whoever made a comment settle it, or somebody who could approve the request; raise Refusal for any other."""
    if found.resolved is not None:
        raise Refusal([f"{found.resolved.actor} settled that already (entry {found.resolved.seq})"])
    scope = {"project": change.project, "environment": change.environment}
    if actor == found.actor:
        require(people, actor, "comment on a request", **scope, at=at)
        return
    barred = barred_from_approving(change, actor, rules, at)
    ways = [f"{found.actor} settles it, or an approver who neither requested nor edited {change.id}"]
    if barred is not None:
        raise Refusal([f"{barred}, nor settle what {found.actor} said about it"], would_unblock=ways)
    require(people, actor, "approve", **scope, at=at)


def resolve(
    change: Change,
    every: Iterable[Comment],
    seq: int,
    *,
    note: str,
    actor: str,
    people: Principals,
    rules: InForce,
    at: str,
) -> ev.CommentResolved:
    """Let `actor` settle the comment of entry `seq`.

    Raises:
        NotFound: that entry is no comment on this request.
        Refusal: it is settled, or not theirs to settle.
    """
    found = next((one for one in every if one.seq == seq), None)
    if found is None:
        raise NotFound(f"entry {seq} is no comment on {change.id}")
    check_resolver(change, found, actor=actor, people=people, rules=rules, at=at)
    return ev.CommentResolved(
        request=change.id,
        project=change.project,
        environment=change.environment,
        resolves=seq,
        digest=change.digest,
        note=note,
    )
