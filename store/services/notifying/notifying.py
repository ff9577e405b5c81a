"""From new entries to people: look through the ledger, queue, deliver, try again. Nothing is lost on a dead network."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from store.clock import timestamp
from store.domain.notifications import Notice, notices
from store.errors import BadInput, PlatformFailure, QuarterdeckError
from store.integrity.entry import Entry
from store.outbox import FILE_NAME, Message, Outbox
from store.services.context import Context, recorded
from store.services.notifying import channels

Tell = Callable[[Context, str, Message], None]
_SECONDS: Final = 1.0
"""Between two rounds of a watcher."""
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 3600.0
_MOST_TRIES: Final = 200
"""About a week at the longest wait; then somebody has to look: `notify list`, the health view."""
_LEASE: Final = 60.0
"""Seconds a message is one process's to tell: longer than any channel takes, and waited for again after a crash."""
_PAGE: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one round did."""

    queued: int
    told: int
    troubles: tuple[str, ...]


@contextmanager
def outbox(context: Context) -> Iterator[Outbox]:
    """Lend the workspace's outbox."""
    box = Outbox(context.root / FILE_NAME)
    try:
        yield box
    finally:
        box.close()


def collect(context: Context, box: Outbox, *, first: int | None = None) -> int:
    """Queue what the entries since the last look give to tell; return how many messages that are.

    Where nobody ever looked, that begins with entry `first`; without one, with what comes next.

    Raises:
        StorageFailure: the outbox or the ledger cannot be read or written; nothing was skipped.
    """
    ledger = context.ledger.origin
    after, queued = _cursor(context, box, first), 0
    names = tuple(context.config.notify.channels)
    while True:
        found: list[Notice] = []
        last = after
        for record in recorded(context.ledger.entries(after=after, limit=_PAGE)):
            found += notices(record, policy=context.policy, channels=names, ledger=ledger)
            last = record.seq
        if last == after:
            return queued
        queued += box.queue(found, ledger=ledger, seq=last)
        after = last


def deliver(context: Context, box: Outbox, *, tell: Tell = channels.tell, stop: Callable[[], bool] = bool) -> Round:
    """Hand every message that is due to its channel; one that fails keeps its place and waits longer each time."""
    told, troubles = 0, []
    silent: set[str] = set()
    for message in box.due(now=context.clock.now().timestamp()):
        if stop() or message.channel in silent:
            continue
        now = context.clock.now().timestamp()
        if not box.claim(message.id, now=now, until=now + _LEASE):
            continue
        try:
            tell(context, message.channel, message)
        except (PlatformFailure, BadInput) as error:
            silent.add(message.channel)
            troubles.append(str(error))
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(message.tries, 12))
            later = context.clock.now().timestamp() + wait * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            give_up = message.tries + 1 >= _MOST_TRIES
            box.failed(message.id, trouble=str(error), not_before=later, give_up=give_up)
        else:
            told += 1
            box.told(message.id, at=timestamp(context.clock.now()))
    return Round(queued=0, told=told, troubles=tuple(troubles))


def once(
    context: Context, *, tell: Tell = channels.tell, stop: Callable[[], bool] = bool, first: int | None = None
) -> Round:
    """Collect and deliver once; without channels nobody is told, and no outbox is made. `first` as in `collect`."""
    if not context.config.notify.channels:
        return Round(queued=0, told=0, troubles=())
    with outbox(context) as box:
        queued = collect(context, box, first=first)
        done = deliver(context, box, tell=tell, stop=stop)
    return Round(queued=queued, told=done.told, troubles=done.troubles)


def at_once(context: Context, entry: Entry) -> None:
    """Tell of `entry`, and what else is due, though nobody watches, nor ever did. Never raises.

    What a channel does not take waits in the outbox.
    """
    with suppress(QuarterdeckError):
        once(context, first=entry.seq)


def forever(context: Context, *, stop: threading.Event, complain: Callable[[str], None]) -> None:
    """Collect and deliver until `stop` is set; a trouble is said once until it changes."""
    last: tuple[str, ...] = ()
    while True:
        try:
            troubles = once(context, stop=stop.is_set).troubles
        except QuarterdeckError as error:
            troubles = (str(error),)
        if troubles and troubles != last:
            for trouble in troubles:
                complain(trouble)
        last = troubles or last
        if stop.wait(_SECONDS):
            return


def _cursor(context: Context, box: Outbox, first: int | None) -> int:
    """Return where to go on; a new outbox begins at the ledger's end (but tells of entry `first`, if given).

    Nobody wants three years told at once.
    """
    ledger = context.ledger.origin
    size = context.ledger.head().size
    seen = box.cursor(ledger)
    if seen is None or seen > size:  # a new outbox, or a ledger that was restored from a backup
        begin = size if first is None else min(first - 1, size)
        box.queue((), ledger=ledger, seq=begin)
        return begin
    return seen
