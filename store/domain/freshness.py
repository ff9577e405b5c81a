"""How long what was seen live may be relied on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from store.clock import parse_timestamp

UNASKED: Final = timedelta(days=1)
"""Where live is not asked for but observed by files: after so long without one, nobody knows any more."""
_LEAST: Final = timedelta(seconds=15)
"""A target that takes some seconds to answer is no stale one."""


def is_stale(seen: str | None, *, now: datetime, interval: float | None) -> bool:
    """Return whether live was last looked at too long ago: twice the `interval` (seconds) at which it is asked.

    `interval` None: it is not asked. Never looked at is stale.
    """
    if seen is None:
        return True
    allowed = UNASKED if interval is None else max(timedelta(seconds=2 * interval), _LEAST)
    try:
        return now - parse_timestamp(seen) > allowed
    except (ValueError, OverflowError):
        return True
