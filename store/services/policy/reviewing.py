"""Recording that somebody read the policy in force and stands by it."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import events as ev
from store.domain.roles import require
from store.errors import BadInput, Conflict
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals


@attempt("review the policy")
def review(context: Context, actor: Actor, policy: str, *, note: str) -> Entry:
    """Record that `actor` reviewed the policy of this digest; the next review is counted from here.

    Raises:
        BadInput: nothing is said.
        Refusal: no role of theirs lets them.
        Conflict: another policy came into force meanwhile.
    """
    if not note.strip():
        raise BadInput("a review says what was looked at: --note TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        require(principals(source), actor.handle, "review the policy", at=context.now)
        if context.policy.digest != policy:
            raise Conflict("another policy came into force while this one was being reviewed; look again")
        return [ev.PolicyReviewed(policy=policy, note=note, files=_files(source, context.rules.seq))]

    return perform(context, actor, decide)[0]


def _files(source: Source, seq: int) -> tuple[ev.PolicyFile, ...]:
    """Return the files that the policy in force was adopted from, by entry `seq`; none for the built-in one."""
    for record in recorded(source.entries(after=seq - 1, until=seq)) if seq else ():
        if isinstance(record.event, ev.PolicyAdopted):
            return record.event.files
    return ()
