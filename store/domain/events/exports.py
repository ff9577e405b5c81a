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
class ArtifactIngested(Event):
    """An export arrived in the inbox and was understood; its bytes are in the archive."""

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
