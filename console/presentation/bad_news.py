"""How bad news looks: the one place that decides it, by what went wrong."""

from __future__ import annotations

from console.presentation.spans import Line, line
from store.errors import (
    Conflict,
    IntegrityFailure,
    LockFailure,
    PlatformFailure,
    QuarterdeckError,
    Refusal,
    StorageFailure,
)


def told(error: QuarterdeckError) -> tuple[tuple[str, ...], str]:
    """Return what is said of an error, and in which tone."""
    match error:
        case Refusal():
            return error.lines or (str(error),), "warn"
        case Conflict():
            return (f"somebody was faster: {error}", "reloaded; look again"), "warn"
        case PlatformFailure():
            return (str(error), "nothing was changed; `r` tries again"), "danger"
        case LockFailure():  # the ledger has no part in it, and is written as before
            return (str(error),), "danger"
        case StorageFailure():
            return (str(error), "nothing was half-written; the console only reads now"), "danger"
        case IntegrityFailure():
            return (f"integrity: {error}",), "danger"
        case _:
            return (str(error),), "warn"


def alarm(error: IntegrityFailure) -> list[str | Line]:
    """Return what a person reads who is alarmed of evidence that does not check."""
    return [
        line(("Evidence in this ledger does not check.", "danger")),
        "",
        *str(error).split("\n"),
        "",
        "Nothing more should be approved or deployed on the strength of it until a person has looked.",
        "Keep a copy of the workspace as it is, then run: quarterdeck verify",
    ]


class Alarms:
    """What a screen has alarmed of: not again while it stands, as often as it is read; again where it came back."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        """What was alarmed of, this time or the last that the screen was read."""
        self._met: set[str] = set()
        """What was met since the screen was read last: what is not met again has been mended."""

    def read_again(self) -> None:
        """Forget what was not met since the last reading."""
        self._known, self._met = self._met, set()

    def is_new(self, error: IntegrityFailure) -> bool:
        """Say whether nobody has been alarmed of this yet, and note that they are now."""
        words = str(error)
        new = words not in self._known
        self._met.add(words)
        self._known.add(words)
        return new
