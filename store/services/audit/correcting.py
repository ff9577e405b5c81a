"""After a clock that was ahead: an admin says so, and from then on only later entries hold a clock to their times."""

from __future__ import annotations

from collections.abc import Sequence

from store.clock import SKEW, parse_timestamp
from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput
from store.integrity.entry import Entry
from store.services import timing
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals


@attempt("correct the clock")
def correct(context: Context, actor: Actor, *, reason: str) -> Entry:
    """Record that what the log holds from times to come was recorded by a clock that was ahead.

    The right to say so must hold now and at the latest of those times: whoever's role ended in between is not
    brought back by a clock that is set back.

    Raises:
        BadInput: no reason is given, or no entry is from a time to come.
        Refusal: the actor is no admin, now or then.
    """
    if not reason.strip():
        raise BadInput("say why: which clock was ahead, since when, and how that is known: --reason TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        found = timing.latest(source)
        if found is None or parse_timestamp(found[1]) - parse_timestamp(context.now) <= SKEW:
            raise BadInput("no entry is from a time to come: there is nothing to correct")
        ahead, claimed = found
        for at in (context.now, claimed):
            roles.require(principals(source), actor.handle, timing.ACT, at=at)
        return [ev.ClockCorrected(ahead=ahead, claimed=claimed, reason=reason)]

    return perform(context, actor, decide, whenever=True)[0]
