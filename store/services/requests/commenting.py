"""Commenting on a component of a request, settling a comment, and reading both back."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import commenting as rules
from store.domain import events as ev
from store.domain.change import Change
from store.domain.commenting import Comment
from store.domain.component import ComponentRef
from store.domain.policy.in_force import PLACE
from store.errors import BadInput, NotFound, Refusal
from store.integrity.entry import Entry
from store.services import releases, rights
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals
from store.services.requests.reading import change_of

_KINDS = (ev.RequestCommented.KIND, ev.CommentResolved.KIND)


@attempt("comment")
def comment(context: Context, actor: Actor, request: str, component: str, text: str) -> Entry:
    """Record what `actor` says about a component (its id or its name) of a request under review.

    Raises:
        NotFound: there is no such request or component.
        BadInput: several components carry that name; or there are no words.
        Refusal: the actor may not, or the request is decided.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        change, people = change_of(source, request), principals(source)
        rules.check_commenter(change, actor=actor.handle, people=people, at=context.now)
        part = _component(context, source, change, component)
        return [rules.comment(change, part, text, actor=actor.handle, people=people, at=context.now)]

    return perform(context, actor, decide)[0]


@attempt("settle a comment")
def resolve(context: Context, actor: Actor, request: str, seq: int, *, note: str = "") -> Entry:
    """Settle the comment of entry `seq`; it stays shown, as settled.

    Raises:
        NotFound: there is no such comment on this request.
        Refusal: it is settled already, or not the actor's to settle.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        change, people = change_of(source, request), principals(source)
        return [
            rules.resolve(
                change, of_request(source, request), seq,
                note=note, actor=actor.handle, people=people, rules=context.rules, at=context.now,
            )
        ]  # fmt: skip

    return perform(context, actor, decide)[0]


def of_request(source: Source, request: str) -> tuple[Comment, ...]:
    """Return the comments on a request's components, oldest first, those on earlier revisions too."""
    return rules.comments(recorded(source.entries(kinds=_KINDS, on={"request": request})))


def blocked(context: Context, request: str, handle: str | None) -> tuple[str, ...]:
    """Return why `handle` cannot comment on the request's components, then `→` what would unblock it."""
    if handle is None:
        return rights.NO_KEY
    change, people = change_of(context.ledger, request), principals(context.ledger)
    return rights.refused(lambda: rules.check_commenter(change, actor=handle, people=people, at=context.now))


def resolvable(context: Context, request: str, handle: str | None) -> frozenset[int]:
    """Return the comments (by entry) that `handle` may settle."""
    change, people, found = change_of(context.ledger, request), principals(context.ledger), set()
    for one in of_request(context.ledger, request) if handle is not None else ():
        try:
            rules.check_resolver(change, one, actor=handle or "", people=people, rules=context.rules, at=context.now)
        except Refusal:
            continue
        found.add(one.seq)
    return frozenset(found)


def _component(context: Context, source: Source, change: Change, named: str) -> ComponentRef:
    """Return the component of the request's release, else (one that it removes) of the release it replaces."""
    if change.environment == PLACE:
        raise BadInput(f"{change.id} proposes a policy, which has no components: quarterdeck annotate {change.id}")
    parts = list(releases.load_ref(context, change.target).components)
    replaced = releases.desired(source, change.environment, change.project)
    if replaced is not None:
        kept = {part.id for part in parts}
        parts += [part for part in releases.load_ref(context, replaced.target).components if part.id not in kept]
    found = [part for part in parts if part.id == named] or [part for part in parts if part.name == named]
    if not found:
        known = ", ".join(f"{part.name} ({part.id})" for part in parts[:8])
        more = f" and {len(parts) - 8} more" if len(parts) > 8 else ""
        raise NotFound(f"{change.id} has no component {named[:80]!a}; it has {known}{more}")
    if len(found) > 1:
        ids = ", ".join(part.id for part in found[:4])
        raise BadInput(f"{len(found)} components are called {named[:80]!a}: name one by id, {ids}")
    return found[0]
