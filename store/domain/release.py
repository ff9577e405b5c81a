"""A release: a fixed set of component digests of one project, and the files that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from store.domain.component import ComponentRef, release_digest
from store.errors import IntegrityFailure
from store.integrity.canonical import canonical_bytes
from store.integrity.strict_json import parse


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFile:
    """One file of a release: its name in the project, and where its bytes and components are archived."""

    name: str
    artifact: str
    manifest: str
    platform: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What a project is made of at one moment."""

    files: tuple[ReleaseFile, ...]
    components: tuple[ComponentRef, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted pairs of component id and component digest: the release's name in every entry."""
        return release_digest((component.id, component.digest) for component in self.components)

    @property
    def by_id(self) -> Mapping[str, ComponentRef]:
        """Component id → component."""
        return {component.id: component for component in self.components}

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the release manifest, as the archive keeps them."""
        return canonical_bytes(
            {
                "files": [asdict(file) for file in self.files],
                "components": [asdict(component) for component in self.components],
            }
        )


def from_bytes(data: bytes) -> Release:
    """Return the release whose manifest is `data`.

    Raises:
        IntegrityFailure: the bytes are no release manifest.
    """
    plain: Any = parse(data).value
    try:
        return Release(
            files=tuple(ReleaseFile(**file) for file in plain["files"]),
            components=tuple(ComponentRef(**component) for component in plain["components"]),
        )
    except (KeyError, TypeError) as error:
        raise IntegrityFailure(f"the archive holds no release manifest here: {error}") from error


EMPTY = Release(files=(), components=())
