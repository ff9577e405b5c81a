"""Events about environments and the exports that arrive from the outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class EnvironmentAdded(Event):
    """A place that releases are deployed to; `settings` name paths, URLs and variables, never secrets."""

    KIND: ClassVar[str] = "environment.added"
    ON: ClassVar[tuple[str, ...]] = ("environment",)
    SIGNED: ClassVar[bool] = True
    environment: str
    target: str
    settings: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class EnvironmentEdited(Event):
    """How an environment is reached, or what is done there by itself, was changed; its target stays what it is."""

    KIND: ClassVar[str] = "environment.edited"
    ON: ClassVar[tuple[str, ...]] = ("environment",)
    SIGNED: ClassVar[bool] = True
    environment: str
    settings: Mapping[str, str]
    """All settings as they are from now on."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentFrozen(Event):
    """Nothing deploys here until it is thawed."""

    KIND: ClassVar[str] = "environment.frozen"
    ON: ClassVar[tuple[str, ...]] = ("environment",)
    SIGNED: ClassVar[bool] = True
    environment: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentThawed(Event):
    KIND: ClassVar[str] = "environment.thawed"
    ON: ClassVar[tuple[str, ...]] = ("environment",)
    SIGNED: ClassVar[bool] = True
    environment: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NoticeRecord:
    code: str
    component: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Where in somebody's git history a version stands. It is that history's word, not this ledger's time."""

    repository: str
    """The id of its first commit: the same wherever the repository lies and whatever it is called."""
    commit: str
    path: str
    """The file's path in the repository."""
    change: str
    """added, modified, renamed or deleted."""
    author: str
    """A pseudonym of this workspace's; names and mail addresses are in no entry."""
    authored: str | None = None
    """RFC 3339, UTC; None where the commit names no time that can be."""
    committed: str | None = None
    renamed_from: str | None = None
    """The name it had before, inside the project."""


@dataclass(frozen=True, kw_only=True)
class ArtifactIngested(Event):
    """An export arrived in the inbox, or out of a git history, and was understood; its bytes are in the archive."""

    KIND: ClassVar[str] = "artifact.ingested"
    ON: ClassVar[tuple[str, ...]] = ("artifact", "project", "environment")
    artifact: str
    project: str
    environment: str
    name: str
    platform: str
    confidence: int
    bytes: int
    manifest: str
    """Digest of the component manifest in the archive."""
    components: int
    previous: str | None = None
    """Artifact that stood under this name before."""
    secrets: int = 0
    """How many likely secrets the detector found; their values are nowhere in the entry."""
    notices: tuple[NoticeRecord, ...] = ()
    more_notices: int = 0
    commitment: str | None = None
    """SHA-256(salt || bytes) of the export as it came, where it held secrets: `artifact` is then its covered form."""
    connectors: str | None = None
    """Digest of the archived list of what it reaches outside; None in entries from before there were such lists."""
    imported: Imported | None = None
    """Set for a version out of a git history."""


@dataclass(frozen=True, kw_only=True)
class ImportedDeletion(Event):
    """In an imported history, the file that held this artifact was deleted."""

    KIND: ClassVar[str] = "artifact.deletion-imported"
    ON: ClassVar[tuple[str, ...]] = ("artifact", "project", "environment")
    artifact: str
    project: str
    environment: str
    name: str
    imported: Imported


@dataclass(frozen=True, kw_only=True)
class HistoryImported(Event):
    """A git history was read to its end; what it holds stands in the entries before this one."""

    KIND: ClassVar[str] = "history.imported"
    ON: ClassVar[tuple[str, ...]] = ("project", "environment")
    project: str
    environment: str
    repository: str
    head: str
    """The commit it was read up to."""
    path: str
    """The file or folder in the repository that was imported; empty for all of it."""
    commits: int
    """How many commits touched that path."""
    versions: int
    """How many versions this run recorded."""
    deletions: int
    refused: int
    """How many versions could not be taken in; they are in no entry."""
    refusals: tuple[str, ...] = ()
    """The first of them: commit, name and reason."""


@dataclass(frozen=True, kw_only=True)
class ArtifactRefused(Event):
    """A dropped file could not be read; it stands in quarantine with its reason."""

    KIND: ClassVar[str] = "artifact.refused"
    ON: ClassVar[tuple[str, ...]] = ("project", "environment")
    path: str
    reason: str
    kept: str
    """Where the file stands now, relative to the workspace."""
    project: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConfigurationObserved(Event):
    """What runs in an environment was seen, and differs from what was seen before."""

    KIND: ClassVar[str] = "configuration.observed"
    ON: ClassVar[tuple[str, ...]] = ("artifact", "project", "environment")
    artifact: str
    project: str
    environment: str
    name: str
    platform: str
    manifest: str
    source: str
    """`export` (a file in `observed/`) or `live` (fetched from the platform)."""
    drifted: int
    """How many components differ from the desired state."""
    revision: str | None = None
    """The target's own; blinded (`sealed:…`) where it would be a hash over secrets."""
    commitment: str | None = None
    """As in `artifact.ingested`."""
    connectors: str | None = None
    """Digest of the archived list of what it reaches outside."""


@dataclass(frozen=True, kw_only=True)
class ArtifactUnsealed(Event):
    """Somebody was shown an export with its secrets."""

    KIND: ClassVar[str] = "artifact.unsealed"
    ON: ClassVar[tuple[str, ...]] = ("artifact", "project", "environment")
    SIGNED: ClassVar[bool] = True
    artifact: str
    project: str
    environment: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ArtifactShredded(Event):
    """The raw bytes of an export were destroyed: its secrets cannot be had back, nor can it be delivered."""

    KIND: ClassVar[str] = "artifact.shredded"
    ON: ClassVar[tuple[str, ...]] = ("artifact", "project", "environment")
    SIGNED: ClassVar[bool] = True
    artifact: str
    project: str
    environment: str
    reason: str
    commitment: str
    """What the entries held of the bytes; its salt is destroyed with them."""
