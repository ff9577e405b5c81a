"""The instants a cursor can stand on: now, every mark of the ledger, and one more that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.presentation.moments import mark_label, mark_weight
from console.presentation.words import kind
from console.widgets.timeline import Tick
from store.clock import parse_timestamp
from store.services.history.history import Instant
from store.services.history.replay import Mark

HERE = "here"
"""The tick of an instant that is no mark: typed, or come from another screen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instants:
    """A line of time as it was read, and perhaps one instant more."""

    marks: tuple[Mark, ...] = ()
    now: Instant
    clock: datetime
    """What the time was when it was read."""
    asked: tuple[Instant, str] | None = None
    """An instant that somebody asked for, and how they put it."""

    def ticks(self) -> list[Tick]:
        """Return what the timeline draws."""
        ticks = [_tick(mark) for mark in self.marks]
        if self.asked is not None:
            at, label = self.asked
            ticks.append(Tick(key=HERE, at=parse_timestamp(at.time), symbol="┃", tone="key", label=label, weight=99))
        return ticks

    def at(self, key: str | None) -> Instant:
        """Return the instant of a tick; of None, or of a tick that is gone, now."""
        if key == HERE and self.asked is not None:
            return self.asked[0]
        found = next((mark for mark in self.marks if str(mark.seq) == key), None)
        return Instant(seq=found.seq, time=found.time) if found is not None else self.now

    def key_of(self, at: Instant) -> str:
        """Return the tick that stands for an instant: its mark, or `HERE`."""
        found = next((mark for mark in self.marks if (mark.seq, mark.time) == (at.seq, at.time)), None)
        return str(found.seq) if found is not None else HERE

    def span(self, ends: Sequence[str | None], cursor: str | None) -> tuple[Instant, Instant] | None:
        """Return what is to be compared, the older first: both marks, a mark and the cursor, or the cursor and now.

        None when that would be now with itself.
        """
        chosen = [self.at(key) for key in ends if key is not None]
        if len(chosen) < 2 and (chosen or cursor is not None):
            chosen.append(self.at(cursor))
        if len(chosen) == 1:
            chosen.append(self.now)
        if len(chosen) < 2:
            return None
        old, new = sorted(chosen, key=lambda one: one.seq)
        return old, new


def _tick(mark: Mark) -> Tick:
    shown = kind(mark.kind)
    return Tick(
        key=str(mark.seq),
        at=parse_timestamp(mark.time),
        symbol=shown.symbol,
        tone=shown.tone,
        label=mark_label(mark),
        weight=mark_weight(mark),
    )
