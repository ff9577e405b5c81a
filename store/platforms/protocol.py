"""What a platform and a target must be able to do; none of them needs to import this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from store.domain.component import DiffRules, ExportFile, Parsed
from store.domain.snapshot import Snapshot
from store.errors import BadInput

__all__ = ["Platform", "Snapshot", "Target", "TargetKind"]


class Platform(Protocol):
    """A no-code platform whose exports are understood."""

    @property
    def name(self) -> str:
        """`node-red`; what `Parsed.platform` says."""
        ...

    @property
    def rules(self) -> DiffRules:
        """What the diff must know of its components."""
        ...

    def detect(self, data: bytes, name: str) -> int:
        """Return at a glance, without parsing, how likely `data` (named `name`) is an export, 0 to 100."""
        ...

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return what the export holds.

        Raises:
            BadInput: one line: `data` cannot be read, or is no export of this platform.
        """
        ...


class Target(Protocol):
    """A place a release is delivered to."""

    @property
    def kind(self) -> str:
        """`folder`, `node-red`."""
        ...

    @property
    def live(self) -> bool:
        """It can be asked at any time what really runs there."""
        ...

    def fetch(self, project: str) -> Snapshot:
        """Return what is there now.

        Raises:
            PlatformFailure: it could not be reached, or answered nonsense.
        """
        ...

    def push(self, project: str, files: Sequence[ExportFile], *, expected: str, remove: Sequence[str] = ()) -> str:
        """Make `files` what is there, delete the files named in `remove`, and return the new revision.

        Raises:
            Conflict: the revision there is not `expected` any more; nothing was changed.
            PlatformFailure: it could not be reached, refused, or answered nonsense.
        """
        ...

    def describe(self) -> str:
        """Return the place in words, without secrets: `Node-RED at http://127.0.0.1:1880`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetKind:
    """A kind of target: which settings an environment of it has, and how it is reached."""

    needs: tuple[str, ...]
    """Settings that must be there."""
    takes: tuple[str, ...]
    """Settings that may be there."""
    connect: Callable[[Path, Mapping[str, str]], Target]
    """(the workspace's folder, settings) → the target; nothing is asked over the network yet."""

    def check(self, settings: Mapping[str, str]) -> None:
        """Make sure that `settings` are what this kind takes.

        Raises:
            BadInput: one is missing, unknown or wrong; all missing and unknown ones are named.
        """
        missing = [f"--{name}" for name in self.needs if not settings.get(name)]
        unknown = [f"--{name}" for name in settings if name not in {*self.needs, *self.takes}]
        if missing or unknown:
            faults = [f"needs {', '.join(missing)}"] * bool(missing) + [f"has no {', '.join(unknown)}"] * bool(unknown)
            raise BadInput(f"this target {' and '.join(faults)}")
        self.connect(Path(), settings)
