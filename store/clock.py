"""The only place that knows what time it is; everything else is handed a `Clock`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

SKEW: Final = timedelta(minutes=10)
"""How far two machines' clocks may be apart, or one be set back, before anybody minds."""


class Clock(Protocol):
    """A source of the current instant."""

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        return datetime.now(UTC)


def timestamp(instant: datetime) -> str:
    """Return `instant` as RFC 3339 in UTC with milliseconds and `Z`."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="milliseconds")[:-6] + "Z"  # without its "+00:00"


def parse_timestamp(text: str) -> datetime:
    """Return the instant that an RFC 3339 text names; a text without a zone is taken as UTC.

    Raises:
        ValueError: `text` is no RFC 3339 date or time.
    """
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
