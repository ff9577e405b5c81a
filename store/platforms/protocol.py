"""What a platform and a target must be able to do; none of them needs to import this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from store.domain.component import Component, Connector, DiffRules, ExportFile, Parsed
from store.domain.memo import Memo
from store.domain.snapshot import Pushed, Snapshot
from store.errors import BadInput

__all__ = [
    "Grafts",
    "HoldsCredentials",
    "Inventory",
    "NamesItself",
    "Platform",
    "Pushed",
    "Remembers",
    "Snapshot",
    "Target",
    "TargetKind",
    "UsesCredentials",
]


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

    def detect(self, data: bytes, name: str, /) -> int:
        """Return at a glance, without parsing, how likely `data` (named `name`) is an export, 0 to 100."""
        ...

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return what the export holds.

        Raises:
            BadInput: one line: `data` cannot be read, or is no export of this platform.
        """
        ...


@runtime_checkable
class Remembers(Protocol):
    """A platform that reads a version of an export quicker when it has read one like it."""

    def parse_with(self, data: bytes, name: str, memo: Memo) -> Parsed:
        """Return exactly what `parse` returns, going on from what `memo` knows of the parts, and telling it more.

        Raises:
            BadInput: as `parse`.
        """
        ...


@runtime_checkable
class Grafts(Protocol):
    """A platform whose components can be taken from one export and put into another."""

    def graft(self, data: bytes, donor: bytes | None, ids: Sequence[str]) -> bytes:
        """Return `data` with the components `ids` as they are in `donor`; gone, where they are not in it.

        Raises:
            BadInput: one of the two cannot be read.
        """
        ...


@runtime_checkable
class UsesCredentials(Protocol):
    """A platform whose exports tell which parts use credentials, though not what these are."""

    def credentials(self, component: Component) -> Mapping[str, str]:
        """Return key → words for each part that uses credentials; a key means the same part in every version."""
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

    @property
    def whole(self) -> bool:
        """A push replaces all that is there; else what the release does not name stays as it is."""
        ...

    def fetch(self, project: str, /) -> Snapshot:
        """Return what is there now.

        Raises:
            PlatformFailure: it could not be reached, or answered nonsense.
        """
        ...

    def push(
        self,
        project: str,
        files: Sequence[ExportFile],
        /,
        *,
        expected: str,
        remove: Sequence[str] = (),
        gone: Sequence[str] = (),
        carriers: Mapping[str, str] | None = None,
    ) -> Pushed:
        """Make `files` what is there; delete the files named in `remove` and the components `gone`.

        `carriers` says for each component which file it is taken from, where several hold it.

        Raises:
            Conflict: the revision there is not `expected` any more; nothing was changed.
            PlatformFailure: it could not be reached, refused, or answered nonsense; nothing was changed.
            PartialPush: it failed on the way; the record says exactly what was changed.
        """
        ...

    def describe(self) -> str:
        """Return the place in words, without secrets: `Node-RED at http://127.0.0.1:1880`."""
        ...


@runtime_checkable
class NamesItself(Protocol):
    """A target that gives components ids of its own when it creates them."""

    def knowing(self, ids: Mapping[str, str]) -> Target:
        """Return the same target, told by what ids (component id → its own) it knows components."""
        ...


@runtime_checkable
class OutlivesUs(Protocol):
    """A target whose push may go on when this process dies."""

    def holding(self, lock: int) -> Target:
        """Return the same target, whose push holds the handle `lock` until it is really over."""
        ...


@runtime_checkable
class Inventory(Protocol):
    """A target that tells which modules are installed."""

    def modules(self) -> tuple[Connector, ...]:
        """Return the installed third-party modules with their versions.

        Raises:
            PlatformFailure: it could not be reached, or answered nonsense.
        """
        ...


@runtime_checkable
class HoldsCredentials(Protocol):
    """A target that tells for which parts it has credentials, though not what these are."""

    def without_credentials(self, parts: Mapping[str, str]) -> frozenset[str]:
        """Return the keys of those `parts` (`UsesCredentials.credentials`) that have none there now.

        Raises:
            PlatformFailure: it could not be reached, or answered nonsense.
        """
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
    projects: int | None = None
    """How many projects one such place carries; None for any number."""

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
