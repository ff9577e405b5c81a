"""Whether the machine's clock can be believed, by what the log holds; and saying that a clock had been ahead.

A time in an entry is a claim, and nothing here knows the true one. But the log only goes forward: an act of a person
is refused while the clock is behind the latest time that entries claim. Of each kind the newest entry is asked, so
that no flood of one kind, recorded under a clock set back, hides the others. What the program observes is recorded
whatever the clock says. After a clock that had been ahead an admin says so (`clock.corrected`, signed); from there on
only later entries are asked.
"""

from __future__ import annotations

from typing import Final

from store.domain import events as ev
from store.domain import roles, timing
from store.domain.signatures import problem_of, valid_lines
from store.services.context import Context, Source, recorded

ACT: Final = "correct the clock"


def check_clock(context: Context, source: Source) -> None:
    """Refuse what somebody is about to do while the clock is behind the log. Raises Refusal."""
    found = source.latest(after=corrected(source))
    if found is not None:
        entry, latest = found
        timing.check_clock(context.now, latest=latest, entry=entry)


def corrected(source: Source) -> int:
    """Return after which entry the log's times count: the newest correction that an admin signed, or 0."""
    for entry in source.entries(kinds=[ev.ClockCorrected.KIND], newest_first=True):
        people = roles.fold(recorded(source.entries(kinds=roles.KINDS, until=entry.seq)))
        actor, before = entry.statement.actor, next(iter(source.entries(after=entry.seq - 2, until=entry.seq - 1)))
        signed = problem_of(entry, valid_lines(people.by_handle.get(actor), entry.seq)) is None
        if signed and all(roles.may(people, actor, ACT, at=one.statement.time) for one in (entry, before)):
            return entry.seq - 1
    return 0
