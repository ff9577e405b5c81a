"""Releases: composed from the newest exports, kept in the archive, read back as files and components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from store import archive
from store.domain import events as ev
from store.domain import release as model
from store.domain.build import gathered
from store.domain.component import Component, ComponentRef, Connector, ExportFile, Notice, Parsed
from store.domain.memo import Memo
from store.domain.release import Release, ReleaseFile
from store.errors import BadInput
from store.platforms import reread
from store.projections import artifacts
from store.projections.artifacts import ArtifactRow
from store.projections.shape import Connection
from store.services.context import Context, Source, recorded

MAX_NAMED_ARTIFACTS = 400
_Read: TypeAlias = tuple[dict[str, Component], tuple[Connector, ...], tuple[Notice, ...]]


def compose(connection: Connection, rows: Iterable[ArtifactRow]) -> Release:
    """Return the release these artifacts make; a component in several files counts where it is newest."""
    files: list[ReleaseFile] = []
    newest: dict[str, ComponentRef] = {}
    for row in sorted(rows, key=lambda row: row.seq):
        files.append(ReleaseFile(name=row.name, artifact=row.digest, manifest=row.manifest, platform=row.platform))
        for part in archive.manifest(connection, row.manifest):
            newest[part.id] = ComponentRef(
                id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=row.digest
            )
    return Release(
        files=tuple(sorted(files, key=lambda file: file.name)),
        components=tuple(newest[component] for component in sorted(newest)),
    )


def newest_of_project(
    connection: Connection, project: str, environment: str, digests: Sequence[str] = ()
) -> tuple[ArtifactRow, ...]:
    """Return the exports a new request is about: those named, else the newest of the project.

    The environment's own inbox comes first; a project that only arrived elsewhere (dev, say) is taken
    from where it arrived last.

    Raises:
        BadInput: there is none, or a named one is unknown or ambiguous.
    """
    if digests:
        return tuple(_named(connection, project, digest) for digest in digests)
    found = artifacts.newest(connection, project, environment)
    if not found:
        places = [place for name, place in artifacts.projects_of(connection) if name == project]
        per_place = [artifacts.newest(connection, project, place) for place in places]
        found = max(per_place, key=lambda rows: max(row.seq for row in rows), default=())
    if not found:
        raise BadInput(
            f"nothing of the project {project!r} has been ingested: drop an export into"
            f" inbox/{environment}/{project}/ and run quarterdeck watch --once"
        )
    return found


def _named(connection: Connection, project: str, digest: str) -> ArtifactRow:
    rows = [row for row in artifacts.by_digest(connection, digest) if row.project == project]
    if len({row.digest for row in rows}) != 1:
        how_many = "no artifact" if not rows else "more than one artifact"
        raise BadInput(f"{digest!r} names {how_many} of the project {project!r}")
    return rows[0]


def ref_of(release: Release) -> ev.ReleaseRef:
    """Return how entries refer to a release; whoever appends such an entry archives `release.to_bytes()` with it."""
    return ev.ReleaseRef(
        release=release.digest,
        manifest=sha256(release.to_bytes()).hexdigest(),
        files=len(release.files),
        components=len(release.components),
    )


def load(connection: Connection, manifest: str) -> Release:
    """Return the release whose manifest has this digest."""
    return model.from_bytes(archive.get(connection, manifest))


class Contents:
    """Components with their whole content, parsed from archived exports; each export is parsed once."""

    def __init__(self, connection: Connection, *, also: Mapping[str, bytes] | None = None) -> None:
        """Read from the archive, and from `also` (digest → bytes) what is not in it yet."""
        self.connection = connection
        self._also = also or {}
        self._parsed: dict[tuple[str, str], _Read] = {}
        self.memo: Final = Memo.of_two_sides()
        """What is known of the parts of exports that were read: the other side of a diff has most of them too."""

    def add(self, file: ExportFile, parsed: Parsed) -> None:
        """Take in an export that is not archived, and what it was read as."""
        parts = {component.id: component for component in parsed.components}
        self._also = {**self._also, file.digest: file.data}
        self._parsed[file.digest, parsed.platform] = (parts, parsed.connectors, parsed.notices)

    def of_artifact(self, artifact: str, name: str, platform: str) -> dict[str, Component]:
        """Return component id → component of one archived export, as the recorded platform reads it."""
        return self._read(artifact, name, platform)[0]

    def of_release(self, release: Release) -> tuple[tuple[Component, ...], tuple[Connector, ...], tuple[Notice, ...]]:
        """Return the components, connectors and notices of a release."""
        files = {file.artifact: file for file in release.files}
        wanted = {component.id: component.artifact for component in release.components}
        components, connectors, notices = [], list[Connector](), list[Notice]()
        for artifact, file in files.items():
            parts, links, marks = self._read(artifact, file.name, file.platform)
            components += [part for part in parts.values() if wanted.get(part.id) == artifact]
            connectors += links
            notices += marks
        users = ((user, link) for link in connectors for user in link.components or ("",))
        return tuple(components), gathered(users), tuple(notices)

    def outside_of(self, artifact: str, name: str, platform: str) -> tuple[tuple[Connector, ...], tuple[Notice, ...]]:
        """Return the connectors and notices of one archived export."""
        return self._read(artifact, name, platform)[1:]

    def _read(self, artifact: str, name: str, platform: str) -> _Read:
        if (artifact, platform) not in self._parsed:
            data = self._also.get(artifact) or archive.get(self.connection, artifact)
            parsed = reread(data, name, platform, memo=self.memo)
            parts = {component.id: component for component in parsed.components}
            self._parsed[artifact, platform] = (parts, parsed.connectors, parsed.notices)
        return self._parsed[artifact, platform]


def desired(source: Source, environment: str, project: str) -> ev.DeploymentVerified | None:
    """Return the entry that set the desired state: the newest verified deployment. None when there is none."""
    place = {"environment": environment, "project": project}
    newest = source.entries(kinds=["deployment.verified"], on=place, limit=1, newest_first=True)
    for record in recorded(newest):
        if isinstance(record.event, ev.DeploymentVerified):
            return record.event
    return None


def history(source: Source, environment: str, project: str) -> list[ev.DeploymentVerified]:
    """Return every verified deployment here, newest first."""
    place = {"environment": environment, "project": project}
    entries = source.entries(kinds=["deployment.verified"], on=place, newest_first=True)
    return [r.event for r in recorded(entries) if isinstance(r.event, ev.DeploymentVerified)]


def quarantine(source: Source, project: str, release: str) -> str | None:
    """Return why this release is in quarantine, None when it is not."""
    reason: str | None = None
    kinds = ["release.quarantined", "release.quarantine-lifted"]
    for record in recorded(source.entries(kinds=kinds, on={"project": project})):
        match record.event:
            case ev.ReleaseQuarantined() as event if event.release == release:
                reason = event.reason
            case ev.QuarantineLifted() as event if event.release == release:
                reason = None
            case _:
                pass
    return reason


def artifact_digests(release: Release) -> tuple[str, ...]:
    """Return the artifact digests an approval names; empty above 400, where the manifest alone binds them."""
    digests = tuple(sorted({file.artifact for file in release.files}))
    return digests if len(digests) <= MAX_NAMED_ARTIFACTS else ()


def load_ref(context: Context, ref: ev.ReleaseRef) -> Release:
    """Return the release an entry refers to."""
    with context.ledger.reading() as connection:
        return load(connection, ref.manifest)
