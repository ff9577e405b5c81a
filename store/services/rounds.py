"""What time brings about by itself, looked at again and again: deadlines that pass, and what is out of the ordinary."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from store.errors import QuarterdeckError
from store.services import following
from store.services.anomalies.noticing import Noticing
from store.services.context import Context
from store.services.health import raising
from store.services.requests import escalating

SECONDS = 15.0
"""Between two rounds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one round recorded, in words, and what went wrong."""

    said: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


def once(context: Context, noticing: Noticing | None = None) -> Round:
    """Escalate, note what is unusual, raise what is overdue; what fails does not keep the others from their work."""
    said: list[str] = []
    troubles: list[str] = []
    try:
        following.check(context)
        if context.ledger.tables_edited:
            return Round(troubles=(str(context.ledger.read_only_reason),))
        escalated = escalating.escalate_all(context)
        said += [f"{entry.statement.on['request']} {entry.statement.data['reason']}" for entry in escalated]
    except QuarterdeckError as error:
        troubles.append(str(error))
    try:
        noticed = (noticing or Noticing(context)).round()
        said += [f"{entry.statement.on['anomaly']} unusual: {entry.statement.data['summary']}" for entry in noticed]
    except QuarterdeckError as error:
        troubles.append(str(error))
    try:
        owed = raising.once(context)
        said += [f"{finding} raised: something is overdue" for finding in owed.raised]
        said += [f"{duty}: its people are reminded" for duty in owed.reminded]
    except QuarterdeckError as error:
        troubles.append(f"what is overdue could not be recorded: {error}")
    return Round(said=tuple(said), troubles=tuple(troubles))


def forever(
    context: Context,
    *,
    stop: threading.Event,
    tell: Callable[[tuple[str, ...]], None],
    complain: Callable[[str], None],
) -> None:
    """Go round until `stop` is set; a trouble is said once until it changes."""
    noticing = Noticing(context)
    last: tuple[str, ...] = ()
    while True:
        done = once(context, noticing)
        if done.said:
            tell(done.said)
        if done.troubles != last:
            for trouble in done.troubles:
                complain(trouble)
        last = done.troubles
        if stop.wait(SECONDS):
            return
