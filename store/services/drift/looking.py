"""When a live target was last asked and answered: no evidence and no entry, or an idle watcher would fill the ledger.

What was seen is an entry as soon as it differs. That somebody looked and saw nothing new is kept beside the locks,
as the time of an empty file, so that the console can tell a quiet environment from one nobody watches.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from store.clock import timestamp
from store.services.context import Context


def note(context: Context, environment: str) -> None:
    """Keep that `environment` was asked and answered now; a disk that refuses costs nothing but the note."""
    at = context.clock.now().timestamp()
    with contextlib.suppress(OSError):
        path = _path(context, environment)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        os.utime(path, times=(at, at))


def last(context: Context, environment: str) -> str | None:
    """Return when `environment` last answered (RFC 3339), None when nobody has asked it yet."""
    try:
        return timestamp(datetime.fromtimestamp(_path(context, environment).stat().st_mtime, UTC))
    except (OSError, OverflowError, ValueError):
        return None


def _path(context: Context, environment: str) -> Path:
    return context.root / "locks" / f"{environment}.looked"
