"""Some components of a release as they were, the rest as it is: whole files where they are alone, grafts elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from store import archive
from store.domain.component import ComponentRef
from store.domain.diff import Diff
from store.domain.release import Release, ReleaseFile
from store.errors import BadInput, NotFound
from store.platforms import platform, reread
from store.platforms.protocol import Grafts
from store.projections.shape import Connection
from store.services.context import Context
from store.services.sealing import sealing

Blobs = dict[str, bytes]
"""Digest → bytes that the archive may not hold yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixed:
    """A release made of two, and the bytes that have to be archived before it can be deployed."""

    release: Release
    blobs: Blobs = field(default_factory=dict, repr=False)


def mixed(
    context: Context, connection: Connection, now: Release, back: Release, ids: Sequence[str], diff: Diff
) -> Mixed:
    """Return `now` with the components `ids` as they are in `back`; gone, where they are not in it.

    `diff` leads from `now` to `back`: a component that came back under another id there goes with its old one.

    Raises:
        NotFound: neither release has such a component.
        BadInput: a component shares its file with others, and its platform cannot take it out or secrets are sealed
            in it; or nothing is left.
    """
    wanted = _with_other_ids(ids, diff)
    for one in wanted:
        if one not in now.by_id and one not in back.by_id:
            raise NotFound(f"there is no component {one!r} in either release")
    made = Mixed(release=now)
    for name in sorted({_home(one, now, back) for one in wanted}):
        mine = [one for one in wanted if _home(one, now, back) == name]
        made = _file(context, connection, made, back, name, mine)
    if not made.release.components:
        raise BadInput("this would leave nothing at all")
    return made


def _with_other_ids(ids: Sequence[str], diff: Diff) -> tuple[str, ...]:
    """Return `ids`, and for each component that is there now under an id of its own the id it had before.

    Not the other way round: whoever asks for a component that is gone did not ask for another one to go.
    """
    before = {change.old_id: change.id for change in diff.components if change.old_id is not None}
    return tuple(dict.fromkeys([*ids, *(before[one] for one in ids if one in before)]))


def _home(component: str, now: Release, back: Release) -> str:
    """Return the name of the file in which a component is changed: where it is, else where it was."""
    release = now if component in now.by_id else back
    return _name(release, release.by_id[component].artifact)


def _name(release: Release, artifact: str) -> str:
    return next(file.name for file in release.files if file.artifact == artifact)


def _file(context: Context, connection: Connection, made: Mixed, back: Release, name: str, ids: Sequence[str]) -> Mixed:
    """Return the release with these components of one file as they are in `back`."""
    release = made.release
    file = next((file for file in release.files if file.name == name), None)
    staying = [part for part in _parts(release, file) if part.id not in ids]
    coming = [back.by_id[one] for one in ids if one in back.by_id]
    sources = {part.artifact for part in coming}
    taken = {one.name for one in release.files if one != file} & _names(back, sources)
    if not staying and not taken and all(_parts_of(back, source) <= set(ids) for source in sources):
        return _swapped(made, back, file, coming)
    donors = sorted(sources) or [""]
    for donor in donors:
        mine = [one for one in ids if not donor or (one in back.by_id and back.by_id[one].artifact == donor)]
        mine += [one for one in ids if one not in back.by_id and donor == donors[0] and one not in mine]
        made = _grafted(context, connection, made, back, name, mine, donor)
    return made


def _swapped(made: Mixed, back: Release, file: ReleaseFile | None, coming: Sequence[ComponentRef]) -> Mixed:
    """Return the release with whole files exchanged: they hold nothing but what is exchanged."""
    release = made.release
    sources = {part.artifact for part in coming}
    files = [one for one in release.files if one != file]
    files += [one for one in back.files if one.artifact in sources]
    leaving = {part.id for part in _parts(release, file)}
    parts = [part for part in release.components if part.id not in leaving]
    return replace(made, release=_release(files, [*parts, *coming]))


def _names(release: Release, artifacts: set[str]) -> set[str]:
    return {file.name for file in release.files if file.artifact in artifacts}


def _grafted(
    context: Context, connection: Connection, made: Mixed, back: Release, name: str, ids: Sequence[str], donor: str
) -> Mixed:
    """Return the release with one file written anew: some components are taken from a file of `back`."""
    release = made.release
    file = next((file for file in release.files if file.name == name), None)
    source = next((one for one in back.files if one.artifact == donor), None)
    known = file or source
    assert known is not None
    reader = platform(known.platform)
    if not isinstance(reader, Grafts) or (source is not None and source.platform != known.platform):
        named = ", ".join(repr((release.by_id.get(one) or back.by_id[one]).name) for one in ids)
        raise BadInput(f"{named} shares its file with other components: roll back the whole release")
    if any(sealing.commitment(context.ledger, one) for one in (donor, file.artifact if file else "") if one):
        raise BadInput(f"{name} holds sealed secrets and cannot be written anew: roll back the whole release")
    base = b"[]" if file is None else made.blobs.get(file.artifact) or archive.get(connection, file.artifact)
    data = reader.graft(base, archive.get(connection, donor) if donor else None, ids)
    parts = reread(data, name, known.platform).components
    digest, manifest = sha256(data).hexdigest(), archive.manifest_bytes(parts)
    blobs = {digest: data, sha256(manifest).hexdigest(): manifest, **{part.digest: part.canonical for part in parts}}
    fresh = ReleaseFile(name=name, artifact=digest, manifest=sha256(manifest).hexdigest(), platform=known.platform)
    old = file.artifact if file is not None else ""
    mine = {part.id for part in release.components if part.artifact == old} | set(ids)
    shown = [
        ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=digest)
        for part in parts
        if part.id in mine  # another file may hold a newer one
    ]
    rest = [part for part in release.components if part.id not in mine]
    files = [one for one in release.files if one.name != name]
    return Mixed(release=_release([*files, fresh], [*rest, *shown]), blobs={**made.blobs, **blobs})


def _parts(release: Release, file: ReleaseFile | None) -> list[ComponentRef]:
    return [part for part in release.components if file is not None and part.artifact == file.artifact]


def _parts_of(release: Release, artifact: str) -> set[str]:
    return {part.id for part in release.components if part.artifact == artifact}


def _release(files: Sequence[ReleaseFile], parts: Sequence[ComponentRef]) -> Release:
    return Release(
        files=tuple(sorted(files, key=lambda file: file.name)),
        components=tuple(sorted(parts, key=lambda part: part.id)),
    )
