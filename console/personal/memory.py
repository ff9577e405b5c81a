"""Where a person left off: kept per ledger when the console is left, read when it is opened again.

It is a convenience, never evidence: what cannot be read is left aside with a note, what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from store.errors import QuarterdeckError
from store.intake.guard import read_guarded

_MOST_BYTES = 16_384
_MOST_LETTERS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOff:
    """The last screen, what was open in it, and its filter."""

    place: str = ""
    subject: str = ""
    filter: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """What holds for a person in every ledger."""

    theme: str = ""
    """The theme chosen in the console; what settings.toml says goes before it."""
    toured: bool = False
    told_ssh: bool = False
    """Whether the advice about `ssh -C` was given."""
    text: str = ""
    """How a person reads a text that changed: `split`, `unified`; empty: by the room there is."""
    noise: bool = False
    """Whether what only moved is shown."""
    comparison: str = ""
    """Which comparison of a drift is turned to first: `three`, `live`, `last`; empty for the first there is."""


T = TypeVar("T", LeftOff, Habits)


class Memory:
    """The two small files under the state folder: one of the person, one of this ledger."""

    def __init__(self, folder: Path, origin: str) -> None:
        """Keep things under `folder`, for the ledger of this origin."""
        self._ledger = folder / "console" / f"ledger-{sha256(origin.encode()).hexdigest()[:32]}.json"
        self._person = folder / "console" / "person.json"
        self.notes: list[str] = []
        """What could not be read, in words."""

    def left_off(self) -> LeftOff:
        """Return where the person left off; nowhere when nothing readable was kept."""
        return self._read(self._ledger, LeftOff())

    def habits(self) -> Habits:
        """Return what was kept of the person."""
        return self._read(self._person, Habits())

    def keep(self, what: LeftOff | Habits) -> None:
        """Keep it, whole or not at all; a disk that refuses costs nothing but the memory."""
        path = self._ledger if isinstance(what, LeftOff) else self._person
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(json.dumps(asdict(what)), encoding="utf-8")
            fresh.chmod(0o600)
            fresh.replace(path)
        except (OSError, UnicodeEncodeError):
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def _read(self, path: Path, default: T) -> T:
        if not path.exists():
            return default
        try:
            found = json.loads(read_guarded(path, limit=_MOST_BYTES))
            return _made(default, found)
        except (QuarterdeckError, TypeError, ValueError, RecursionError):
            self.notes.append(f"what the console kept in {path} cannot be read and was left aside")
            return default


def _made(default: T, found: object) -> T:
    if not isinstance(found, dict):
        msg = "no object"
        raise TypeError(msg)
    known = {}
    for field in fields(default):
        value, usual = found.get(field.name, getattr(default, field.name)), getattr(default, field.name)
        if type(value) is not type(usual) or (isinstance(value, str) and len(value) > _MOST_LETTERS):
            msg = f"{field.name} is of another kind"
            raise ValueError(msg)
        known[field.name] = value
    return type(default)(**known)
