"""Before an export is kept: its secrets are taken out and sealed. Before it is delivered: they are put back.

What is archived, hashed, compared and shown everywhere is the covered form; its digest is the artifact's. The raw bytes
lie sealed in the vault, and the entry holds a salted commitment to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from store import archive
from store.archive import codec
from store.archive.vault import FILE_NAME, Row, Vault
from store.domain import events as ev
from store.domain.component import ExportFile, Parsed
from store.domain.cutting import Cutting
from store.domain.memo import Memo
from store.domain.release import Release
from store.domain.secrets import Fingerprint, cover, fingerprints
from store.domain.snapshot import Snapshot
from store.errors import BadInput, IntegrityFailure, NotFound, Refusal
from store.formats.archive_covering import cover_archive, is_archive
from store.integrity import sealing as seals
from store.integrity.sealing import SealingKey
from store.platforms import known_secrets, recognise
from store.projections.shape import Connection
from store.services.context import Context, Source, recorded

KEY_FILE: Final = "keys/sealing.key"
KINDS: Final = ("artifact.ingested", "configuration.observed")
"""The kinds of entry that may hold a commitment."""
SHREDDED: Final = "artifact.shredded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """An export as it may be kept."""

    file: ExportFile
    """The covered form: what is archived; the file as it came where it holds no secret."""
    raw: bytes | None = field(default=None, repr=False)
    """The bytes as they came, where they hold secrets; else None."""
    secrets: int = 0


def take(context: Context, file: ExportFile) -> Taken:
    """Return an export with its secrets covered, in its bytes and in its name. Nothing is written but a first key.

    Raises:
        BadInput: an archive that cannot be looked into, or a key that others may read.
        StorageFailure: the sealing key of what is sealed already is gone, or a first one cannot be written.
    """
    keys: list[SealingKey] = []

    def fingerprint(secret: bytes) -> str:  # most exports hold no secret, and need no key
        if not keys:
            keys.append(_key(context))
        return keys[0].fingerprint(secret)

    cut = Cutting(file.name, context.memo)
    taken = _taken(file, fingerprint, cut)
    cut.keep(taken.file.data, taken.file.name)
    return taken


def glance(context: Context, file: ExportFile) -> ExportFile:
    """Return the covered form of a file that is only looked at; marks are this workspace's where it has any."""
    path = context.root / KEY_FILE
    key = seals.load(path) if path.exists() else seals.new_key()
    return _taken(file, key.fingerprint).file


def understood(taken: Taken, *, memo: Memo | None = None) -> Parsed:
    """Return what the covered form holds; `memo` as `recognise` takes it.

    Raises:
        BadInput: it cannot be read; says so where only taking out its secrets broke it.
    """
    try:
        return recognise(taken.file.data, taken.file.name, memo=memo)
    except BadInput:
        if taken.raw is not None:
            recognise(taken.raw, taken.file.name)  # cannot be read either way: say how
            raise BadInput("it holds secrets that cannot be taken out without breaking it") from None
        raise


def keep(context: Context, source: Source, taken: Taken) -> str | None:
    """Seal the raw bytes and return the commitment that the entry is to hold; None where nothing is sealed.

    What was shredded once is not sealed again. The row is durable before the entry is: a crash between the two leaves
    a row that no entry names, which the next attempt takes up.
    """
    if taken.raw is None:
        return None
    digest = taken.file.digest
    if shredded(source, digest) is not None:
        return None
    key, about = _key(context), bytes.fromhex(digest)
    known = vault(context).get(digest)
    if known is None:
        frame = codec.compress(
            taken.raw, codec.Base(taken.file.data)
        )  # the difference to the covered form: mostly the secrets
        row = Row(
            artifact=digest,
            size=len(taken.raw),
            sealed=seals.seal(key, frame, about=about),
            prints=fingerprints(taken.file.data),
        )
        known = vault(context).put(row)
    return seals.commitment(known.sealed.salt, _opened(key, known, taken.file.data))


def raw(context: Context, connection: Connection, digest: str) -> bytes:
    """Return the bytes of an artifact as they came, checked against the commitment in its entry.

    Raises:
        Refusal: they were shredded, or are not here; or the export is an edited copy of a covered one.
        IntegrityFailure: what is sealed is not what the entry commits to.
    """
    data = archive.get(connection, digest)
    promised = commitment(context.ledger, digest)
    gone = missing(context, context.ledger, digest)
    if gone is not None:
        raise Refusal([gone], would_unblock=["export it again, with a new secret, and request that"])
    if promised is None:
        if fingerprints(data):
            raise Refusal(
                [f"{digest[:12]} is a covered copy: marks stand in it where secrets belong"],
                would_unblock=["export it again from the platform, or put the secrets in by hand"],
            )
        return data
    row = vault(context).get(digest)
    if row is None:
        raise NotFound(f"the sealed bytes of {digest[:12]} are gone")
    plain = _opened(_existing_key(context), row, data)
    if seals.commitment(row.sealed.salt, plain) != promised:
        raise IntegrityFailure(f"the sealed bytes of {digest[:12]} are not the ones that its entry commits to")
    return plain


def raw_files(context: Context, connection: Connection, release: Release) -> tuple[ExportFile, ...]:
    """Return the exact bytes of every file of a release, as a target is to have them.

    Raises:
        Refusal, IntegrityFailure: as `raw`.
    """
    return tuple(ExportFile(name=file.name, data=raw(context, connection, file.artifact)) for file in release.files)


def erased(context: Context, source: Source, release: Release) -> tuple[str, ...]:
    """Return, a line each, why files of a release cannot be delivered any more; empty when all can."""
    lines = ((file.name, missing(context, source, file.artifact)) for file in release.files)
    return tuple(f"{name}: {line}" for name, line in lines if line is not None)


def refuse_erased(context: Context, source: Source, release: Release) -> None:
    """Raise Refusal when secrets that a release needs were shredded or are not here."""
    lines = erased(context, source, release)
    if lines:
        raise Refusal(lines, would_unblock=["export it again, with a new secret, and open a request for that"])


def missing(context: Context, source: Source, digest: str) -> str | None:
    """Return why the raw bytes of an artifact cannot be had, None when they can."""
    if commitment(source, digest) is None:
        return None
    gone = shredded(source, digest)
    if gone is not None:
        return f"its secrets were shredded (entry {gone.seq}), so its bytes cannot be delivered any more"
    if vault(context).get(digest) is None:
        return f"its sealed secrets are not in this workspace ({FILE_NAME} is not part of a backup)"
    return None


def commitment(source: Source, digest: str) -> str | None:
    """Return the newest commitment that an entry holds to an artifact's raw bytes, None when they were never sealed."""
    return next((promised for _, promised in commitments(source, digest)), None)


def commitments(source: Source, digest: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield (artifact, commitment) of the entries that hold one, newest first."""
    on = None if digest is None else {"artifact": digest}
    for entry in source.entries(kinds=KINDS, on=on, newest_first=True):
        promised = entry.statement.data.get("commitment")
        if isinstance(promised, str):
            yield entry.statement.on["artifact"], promised


def shredded(source: Source, digest: str) -> ev.Recorded | None:
    """Return the entry that shredded an artifact's raw bytes, None when there is none."""
    return next(recorded(source.entries(kinds=[SHREDDED], on={"artifact": digest}, limit=1)), None)


def public_revision(context: Context, snapshot: Snapshot) -> str:
    """Return what may be recorded of a revision: a platform's is mostly a hash, and must not be one over secrets."""
    if not any(_holds_secret(file) for file in snapshot.files):
        return snapshot.revision
    return blinded(context, snapshot.revision)


def blinded(context: Context, revision: str) -> str:
    """Return what stands for a revision over bytes that hold secrets."""
    return revision if revision.startswith("sealed:") else _key(context).blinded(revision)


def covered_release(
    context: Context, connection: Connection, files: Sequence[tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Return artifact → component id → digest, as if old archived exports had been covered when they came.

    `files` are (artifact, name). Only exports from before secrets were sealed are in the answer: what is compared
    with them is covered now.
    """
    found: dict[str, dict[str, str]] = {}
    for artifact, name in files:
        taken = take(context, ExportFile(name=name, data=archive.get(connection, artifact)))
        if taken.raw is not None:
            found[artifact] = {part.id: part.digest for part in understood(taken).components}
    return found


def vault(context: Context) -> Vault:
    """Return the workspace's vault."""
    return Vault(context.root / FILE_NAME)


def opened(context: Context, row: Row, covered: bytes) -> bytes:
    """Return the raw bytes of a row of the vault, given the covered form.

    Raises:
        IntegrityFailure: they do not open.
        NotFound: the key is not here.
    """
    return _opened(_existing_key(context), row, covered)


def _taken(file: ExportFile, fingerprint: Fingerprint, cut: Cutting | None = None) -> Taken:
    name = cover(file.name.encode("utf-8", "surrogatepass"), fingerprint)
    if is_archive(file.data):
        covered = cover_archive(file.data, fingerprint)
    else:
        known = known_secrets(file.data, file.name, cut(file.data) if cut is not None else None)
        covered = cover(file.data, fingerprint, name=file.name, more=known, cut=cut)
    shown = name.data.decode("utf-8", "surrogatepass") if name.kinds else file.name
    if not covered.kinds:
        return Taken(file=file if not name.kinds else ExportFile(name=shown, data=file.data))
    return Taken(file=ExportFile(name=shown, data=covered.data), raw=file.data, secrets=len(covered.kinds))


def _holds_secret(file: ExportFile) -> bool:
    return _taken(file, lambda _: "a" * 10).raw is not None


def _opened(key: SealingKey, row: Row, covered: bytes) -> bytes:
    frame = seals.unseal(key, row.sealed, about=bytes.fromhex(row.artifact))
    return codec.expand_one(frame, row.size, covered)


def _existing_key(context: Context) -> SealingKey:
    return seals.load(context.root / KEY_FILE)


def _key(context: Context) -> SealingKey:
    """Return the workspace's key, made when the first secret comes; never a second one beside what a first sealed."""
    path: Path = context.root / KEY_FILE
    try:
        return seals.load(path)
    except NotFound:
        if vault(context).artifacts():
            raise NotFound(
                f"{path} is missing, and {FILE_NAME} was sealed with it: put it back from its backup"
            ) from None
    return seals.create(path)
