"""Semantic diffs between releases, artifacts, moments and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from store import archive
from store.collector import undisturbed
from store.domain.component import Component, ComponentRef, Connector, DiffRules, ExportFile, Notice
from store.domain.diff import Diff, compare, with_impact
from store.domain.impact import Surface
from store.domain.place import OF_THE_POLICY
from store.domain.release import EMPTY, Release, ReleaseFile
from store.errors import BadInput, NotFound
from store.intake.guard import read_named
from store.integrity.canonical import canonical_bytes
from store.platforms import GENERIC, platform, recognise
from store.projections import artifacts, deployments, environments, requests
from store.projections.shape import Connection
from store.services import retold
from store.services.connectors import installed
from store.services.connectors.installed import UNKNOWN, Modules
from store.services.context import Context
from store.services.history import history
from store.services.releases import Contents, load
from store.services.sealing import sealing


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a diff: components by the platform that knows how to compare them."""

    components: Mapping[str, tuple[Component, ...]] = field(default_factory=dict)
    connectors: tuple[Connector, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def by_id(self) -> Mapping[str, Component]:
        """Component id → component, whatever its platform."""
        return {part.id: part for parts in self.components.values() for part in parts}

    def with_modules(self, modules: Sequence[Connector]) -> Side:
        """Return the side with what is installed where it runs."""
        return replace(self, connectors=(*self.connectors, *modules))

    @property
    def surface(self) -> Surface:
        """What can be reached and what it reaches, whatever the platform."""
        parts = tuple(part for parts in self.components.values() for part in parts)
        return Surface(components=parts, connectors=self.connectors, notices=self.notices)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A diff and the components it is told from, by component id."""

    diff: Diff
    before: Mapping[str, Component]
    after: Mapping[str, Component]


def between_releases(
    connection: Connection,
    old: Release,
    new: Release,
    *,
    also: Mapping[str, bytes] | None = None,
    modules: Modules = UNKNOWN,
) -> Diff:
    """Return what changes from one release to another; `also` holds bytes that are not archived yet.

    `modules` are those of the installation that carried the one and is to carry the other.
    """
    left, right = _sides(Contents(connection, also=also), old, new)
    return between_sides(left.with_modules(modules.before), right.with_modules(modules.after))


def of_request(context: Context, request: str) -> Diff:
    """Return what a request would change: from what is desired there now to its release."""
    return comparison_of_request(context, request).diff


def comparison_of_request(context: Context, request: str) -> Comparison:
    """Return what a request would change (for one that was deployed: what it changed), with both sides.

    Raises:
        NotFound: there is no such request.
        IntegrityFailure: what the read tables say of it is not what its entries say.
    """
    retold.check_request(context, request)
    return comparison_as_told(context, request)


def comparison_as_told(context: Context, request: str) -> Comparison:
    """Return the same for whoever has just held what the read tables say of the request against its entries.

    Raises:
        NotFound: there is no such request.
    """
    with context.ledger.reading() as connection:
        row = requests.one(connection, request)
        if row is None:
            raise NotFound(f"there is no request {request}")
        if row.environment == OF_THE_POLICY:
            return _comparison_of_policies(connection, row)
        now = {d.project: d for d in deployments.desired(connection, environment=row.environment)}.get(row.project)
        deployed = None
        if row.deployment is not None and row.state in {"live", "superseded", "rolled back"}:
            deployed = deployments.one(connection, row.deployment)
            before = _release_before(connection, deployed) if deployed else None
        else:
            before = load(connection, now.manifest) if now else None
        contents = Contents(connection)
        old, new = _sides(contents, before or EMPTY, load(connection, row.manifest))
    modules = installed.around(context.ledger, context, row.environment, row.project, *_span(now, deployed))
    old, new = old.with_modules(modules.before), new.with_modules(modules.after)
    return Comparison(diff=between_sides(old, new), before=old.by_id, after=new.by_id)


def _span(
    now: deployments.DeploymentRow | None, deployed: deployments.DeploymentRow | None
) -> tuple[int | None, int | None]:
    """Return the entries between which modules may have changed: from what was live there to this release."""
    if deployed is not None:
        return deployed.started_seq, deployed.ended_seq
    return (now.ended_seq if now else None), None


def _comparison_of_policies(connection: Connection, row: requests.RequestRow) -> Comparison:
    """Return what a policy request changes, every default written out, so that only what differs shows."""
    from store.domain.policy import default_policy  # no other diff needs what reads policies
    from store.domain.policy.encoding import whole
    from store.domain.policy.reading import from_canonical

    default = default_policy()
    before = default if row.base in {None, default.digest} else from_canonical(archive.get(connection, str(row.base)))
    after = from_canonical(archive.get(connection, row.release))
    old, new = (recognise(canonical_bytes(whole(one)), "policy.json") for one in (before, after))
    left, right = Side(components={old.platform: old.components}), Side(components={new.platform: new.components})
    return Comparison(diff=between_sides(left, right), before=left.by_id, after=right.by_id)


def _release_before(connection: Connection, deployed: deployments.DeploymentRow) -> Release | None:
    earlier = deployments.desired(connection, at=deployed.started_seq, environment=deployed.environment)
    found = {row.project: row for row in earlier}.get(deployed.project)
    return load(connection, found.manifest) if found else None


def diff(context: Context, old: str, new: str) -> Diff:
    """Return the diff of two things named on a command line: digests, releases, `ENV`, `ENV@WHEN`, ids or files.

    Raises:
        BadInput, NotFound: one of them names nothing.
    """
    with context.ledger.reading() as connection, undisturbed():
        name = Path(new).name  # documents of no known platform are identified by their name: give both the same
        contents = Contents(connection)
        left, right = (_resolve(context, contents, text, name) for text in (old, new))
        return between_sides(_beside(contents, left, right), _beside(contents, right, left))


def changed_components(
    old: Mapping[str, Component], new: Mapping[str, Component], rules: DiffRules, ids: Sequence[str]
) -> Diff:
    """Return the diff of only these components."""
    return compare([old[i] for i in ids if i in old], [new[i] for i in ids if i in new], rules)


def between_sides(old: Side, new: Side) -> Diff:
    """Return what differs: each platform's components by its own rules, connectors and notices as one."""
    with undisturbed():
        parts = [
            compare(old.components.get(name, ()), new.components.get(name, ()), platform(name).rules)
            for name in sorted({*old.components, *new.components})
        ]
        changes = Diff(components=tuple(change for part in parts for change in part.components))
        return with_impact(changes, old.surface, new.surface)


def _sides(contents: Contents, old: Release, new: Release) -> tuple[Side, Side]:
    """Return both sides of a change."""
    return _beside(contents, [old], [new]), _beside(contents, [new], [old])


def _beside(contents: Contents, these: Sequence[Release], those: Sequence[Release]) -> Side:
    """Return one side; a file that an older version took for just a document is read as the other side's is.

    It is the file of its name there. Two that are compared alone belong together whatever they are called.
    """
    here, there = ([file for release in some for file in release.files] for some in (these, those))
    known = {file.name: file.platform for file in there}
    if len(here) == len(there) == 1:
        known = {here[0].name: there[0].platform}
    return _merged([_side(contents, _read_as(contents, release, known)) for release in these])


def _read_as(contents: Contents, release: Release, better: Mapping[str, str]) -> Release:
    files, components = list(release.files), list(release.components)
    for place, file in enumerate(release.files):
        known = better.get(file.name, GENERIC)
        if file.platform != GENERIC or known == GENERIC:
            continue
        parts = contents.of_artifact(file.artifact, file.name, known).values()
        files[place] = replace(file, platform=known)
        components = [part for part in components if part.artifact != file.artifact]
        components += _refs(parts, file.artifact)
    return Release(files=tuple(files), components=tuple(components))


def _side(contents: Contents, release: Release) -> Side:
    components, connectors, notices = contents.of_release(release)
    known = {file.artifact: file.platform for file in release.files}
    carrier = {part.id: known[part.artifact] for part in release.components}
    grouped: dict[str, list[Component]] = {}
    for component in components:
        grouped.setdefault(carrier[component.id], []).append(component)
    by_platform = {name: tuple(found) for name, found in grouped.items()}
    return Side(components=by_platform, connectors=connectors, notices=notices)


def _resolve(context: Context, contents: Contents, text: str, name: str) -> list[Release]:
    """Return what a word of the command line names: of an instant one release for each project."""
    connection = contents.connection
    environment, at, when = text.partition("@")
    if at:
        state = history.state_at(context, environment, history.resolve(context, when))
        return [load(connection, row.manifest) for row in state.deployments]
    if re.fullmatch(r"[0-9a-f]{8,64}", text):
        return [_by_digest(contents, text)]
    if re.fullmatch(r"(CR|DEP)-\d+", text):
        return [load(connection, _manifest_of(connection, text))]
    path = Path(text)
    if not path.is_file() and text in {place.name for place in environments.listing(connection)}:
        return [load(connection, row.manifest) for row in deployments.desired(connection, environment=text)]
    if not path.exists():
        raise NotFound(f"{text!a} is no digest, release, ENV, ENV@WHEN, CR-…, DEP-… or file here")
    seen = sealing.glance(context, ExportFile(name=name, data=read_named(path, empty=True)))
    parsed = recognise(seen.data, seen.name, memo=contents.memo)
    contents.add(seen, parsed)
    return [_alone(seen.digest, seen.name, parsed.platform, parsed.components)]


def _by_digest(contents: Contents, prefix: str) -> Release:
    connection = contents.connection
    found = artifacts.by_digest(connection, prefix)
    if len({row.digest for row in found}) > 1:
        raise BadInput(f"{prefix} names more than one artifact; give more of the digest")
    if found:
        row = found[0]
        return _alone(
            row.digest, row.name, row.platform, contents.of_artifact(row.digest, row.name, row.platform).values()
        )
    manifests = [
        *(row.manifest for row in deployments.listing(connection, limit=100_000) if row.release.startswith(prefix)),
        *(row.manifest for row in requests.listing(connection, limit=100_000) if row.release.startswith(prefix)),
    ]
    if not manifests:
        raise NotFound(f"no artifact or release has a digest starting with {prefix}")
    return load(connection, manifests[0])


def _alone(artifact: str, name: str, platform: str, parts: Iterable[Component]) -> Release:
    """Return one export as a release of nothing else, to be compared and never recorded: it has no manifest."""
    return Release(
        files=(ReleaseFile(name=name, artifact=artifact, manifest="", platform=platform),),
        components=_refs(parts, artifact),
    )


def _refs(parts: Iterable[Component], artifact: str) -> tuple[ComponentRef, ...]:
    return tuple(
        ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=artifact)
        for part in parts
    )


def _manifest_of(connection: Connection, subject: str) -> str:
    row = requests.one(connection, subject) or deployments.one(connection, subject)
    if row is None:
        raise NotFound(f"there is no {subject}")
    return row.manifest


def _merged(sides: Sequence[Side]) -> Side:
    grouped: dict[str, tuple[Component, ...]] = {}
    for side in sides:
        for name, components in side.components.items():
            grouped[name] = (*grouped.get(name, ()), *components)
    return Side(
        components=grouped,
        connectors=tuple(dict.fromkeys(link for side in sides for link in side.connectors)),
        notices=tuple(notice for side in sides for notice in side.notices),
    )
