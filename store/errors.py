"""The one error tree. Each class is a meaning a caller can act on; its `exit_code` is the command line's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class QuarterdeckError(Exception):
    """Anything quarterdeck says no with: one clear line, never a traceback."""

    exit_code: ClassVar[int] = 2


class BadInput(QuarterdeckError):
    """What was given cannot be read or does not exist; nothing was changed (exit 2)."""


class TooMuch(BadInput):
    """What was given was understood, and is more than is taken in; trying to read it otherwise is no help (exit 2)."""


class NotFound(BadInput):
    """The named thing does not exist in this workspace (exit 2)."""


class Refusal(QuarterdeckError):
    """A rule says no (exit 1): every reason, and what would unblock it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, reasons: Sequence[str], *, would_unblock: Sequence[str] = ()) -> None:
        self.reasons = tuple(reasons)
        self.would_unblock = tuple(would_unblock)
        super().__init__("; ".join(self.reasons))


class Conflict(QuarterdeckError):
    """Somebody else was faster: what was decided on is no longer what is there (exit 1). Look again."""

    exit_code: ClassVar[int] = 1


class IntegrityFailure(QuarterdeckError):
    """Evidence does not check: bytes, links, signatures or heads contradict each other (exit 1)."""

    exit_code: ClassVar[int] = 1


class PlatformFailure(QuarterdeckError):
    """A platform or target could not be reached or answered nonsense; nothing was changed (exit 3)."""

    exit_code: ClassVar[int] = 3


class StorageFailure(QuarterdeckError):
    """The disk or the database said no: full, locked, read-only (exit 3). Nothing was half-written."""

    exit_code: ClassVar[int] = 3
