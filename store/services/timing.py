"""Whether the machine's clock can be believed, by what the log holds; and saying that a clock had been ahead.

A time in an entry is a claim, and nothing here knows the true one. But the log only goes forward: an act of a person
is refused while the clock is behind the latest time that entries claim. Asked are the newest entry of each kind, so
that nobody creeps back in steps too small to mind, and everything since the last act: before that one the clock was
held against the log already. What the program observes is recorded whatever the clock says, and no flood of it hides
anything. After a clock that had been ahead an admin says so (`clock.corrected`, signed); from there on only later
entries are asked.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from store.domain import events as ev
from store.domain import roles, timing
from store.domain.signatures import problem_of, valid_lines
from store.services.context import Context, Source, recorded

ACT: Final = "correct the clock"


@cache
def _acts() -> tuple[str, ...]:
    """Return the acts that are recorded with the time they happen at; an approval may have been signed earlier.

    Asked when somebody acts: it imports the whole vocabulary, and whoever only looks is spared that.
    """
    return tuple(kind for kind, event in ev.EVENTS.items() if event.SIGNED and event is not ev.ApprovalGranted)


def check_clock(context: Context, source: Source) -> None:
    """Refuse what somebody is about to do while the clock is behind the log. Raises Refusal."""
    found = latest(source)
    if found is not None:
        entry, at = found
        timing.check_clock(context.now, latest=at, entry=entry)


def latest(source: Source) -> tuple[int, str] | None:
    """Return (number, time) of the entry that the clock is held against; None where there is none."""
    return source.latest(after=corrected(source), acts=_acts())


def corrected(source: Source) -> int:
    """Return after which entry the log's times count: the newest correction that an admin signed, or 0."""
    for entry in source.entries(kinds=[ev.ClockCorrected.KIND], newest_first=True):
        people = roles.fold(recorded(source.entries(kinds=roles.KINDS, until=entry.seq)))
        actor, before = entry.statement.actor, next(iter(source.entries(after=entry.seq - 2, until=entry.seq - 1)))
        signed = problem_of(entry, valid_lines(people.by_handle.get(actor), entry.seq)) is None
        if signed and all(roles.may(people, actor, ACT, at=one.statement.time) for one in (entry, before)):
            return entry.seq - 1
    return 0
