"""Where a backup was put back: what was granted before may have been taken back in the entries that are lost."""

from __future__ import annotations

from store.domain import events as ev
from store.services.source import Source, recorded

_KIND = ev.LedgerRestored.KIND


def newest(source: Source) -> int:
    """Return the entry of the newest restore, 0 where there was none.

    One that nobody signed counts too: it only makes things stricter, and `verify` names it.
    """
    return next((entry.seq for entry in source.entries(kinds=[_KIND], limit=1, newest_first=True)), 0)


def newest_judged(source: Source, *, until: int) -> int:
    """Return the newest restore up to entry `until` that was recorded under the rule, 0 where there was none.

    What was adopted after an older one stays judged as it was made.
    """
    for record in recorded(source.entries(kinds=[_KIND], until=until, newest_first=True)):
        if isinstance(record.event, ev.LedgerRestored) and record.event.lapses:
            return record.seq
    return 0
