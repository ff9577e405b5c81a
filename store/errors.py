"""The one error tree. Each class is a meaning a caller can act on; its `exit_code` is the command line's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

MEND: Final = "quarterdeck verify says what and where; a backup that is put back is acknowledged: quarterdeck restore"
"""What to do about a ledger that does not check."""


class QuarterdeckError(Exception):
    """Anything quarterdeck says no with: one clear line, never a traceback."""

    exit_code: ClassVar[int] = 2
    entry: int | None = None
    """The entry that records what was tried and refused, where there is one."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What is wrong, a thing a line: one, unless it says of many things what is wrong with each."""
        return (str(self),)


class BadInput(QuarterdeckError):
    """What was given cannot be read or does not exist; nothing was changed (exit 2)."""


class TooMuch(BadInput):
    """What was given was understood, and is more than is taken in; trying to read it otherwise is no help (exit 2)."""


class Unstated(BadInput):
    """A request does not state what policy or its template says it must (exit 2)."""

    def __init__(self, message: str, *, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        """The fields of the request that are empty."""
        super().__init__(message)


class Disguised(BadInput):
    """A name or a text that is made to be read as something else than it is (exit 2)."""


class NotFound(BadInput):
    """The named thing does not exist in this workspace (exit 2)."""


class Refusal(QuarterdeckError):
    """A rule says no (exit 1): every reason, and what would unblock it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, reasons: Sequence[str], *, would_unblock: Sequence[str] = ()) -> None:
        self.reasons = tuple(reasons)
        self.would_unblock = tuple(would_unblock)
        super().__init__("; ".join(self.reasons))

    @property
    def lines(self) -> tuple[str, ...]:
        """Every reason, then `→` what would unblock it."""
        return (*self.reasons, *(f"→ {words}" for words in self.would_unblock))


class Conflict(QuarterdeckError):
    """Somebody else was faster: what was decided on is no longer what is there (exit 1). Look again."""

    exit_code: ClassVar[int] = 1


class IntegrityFailure(QuarterdeckError):
    """Evidence does not check: bytes, links, signatures or heads contradict each other (exit 1)."""

    exit_code: ClassVar[int] = 1


class Lost(IntegrityFailure, NotFound):
    """The archive does not hold bytes that an entry names (exit 1)."""


def mend(error: QuarterdeckError) -> QuarterdeckError:
    """Return an error about this workspace's own ledger; where evidence does not check it says what to do."""
    if isinstance(error, IntegrityFailure) and not getattr(error, "__notes__", ()):
        error.add_note(MEND)
    return error


class PlatformFailure(QuarterdeckError):
    """A platform or target could not be reached or answered nonsense; nothing was changed (exit 3)."""

    exit_code: ClassVar[int] = 3


class StorageFailure(QuarterdeckError):
    """The disk or the database said no: full, locked, read-only (exit 3). Nothing was half-written."""

    exit_code: ClassVar[int] = 3


class LockFailure(StorageFailure):
    """The file of a lock cannot be opened; nothing was changed, and what needs no such lock goes on (exit 3)."""


class ChangedBehindOurBack(Conflict):
    """What is live was changed by somebody else just now; it was archived, and nothing was pushed over it."""

    def __init__(self, message: str, *, drifts: Sequence[str]) -> None:
        self.drifts = tuple(drifts)
        """The drifts that this opened or moved on: each has a three-way view."""
        super().__init__(message)


class PartialPush(QuarterdeckError):
    """A push to several components failed on the way (exit 1): every component stands in exactly one list."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        changed: Sequence[str],
        unsure: Sequence[str],
        untouched: Sequence[str],
        ids: Mapping[str, str],
    ) -> None:
        self.changed = tuple(changed)
        """Ids of the components that are as they should be now and were not before."""
        self.unsure = tuple(unsure)
        """Ids of the components whose write was sent and not confirmed: they may be either."""
        self.untouched = tuple(untouched)
        """Ids of the components that still have to be changed."""
        self.ids = dict(ids)
        """Component id → the id the platform knows it by, where that is another one."""
        super().__init__(message)
