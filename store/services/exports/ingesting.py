"""From a dropped file to an entry: read guarded, understand, archive, append; or quarantine with the reason."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from store import archive
from store.domain import events as ev
from store.domain import secrets
from store.domain.component import ExportFile, Notice, Parsed
from store.errors import BadInput, Conflict, NotFound, QuarterdeckError
from store.intake.guard import UNSEEN, StillWriting
from store.intake.inbox import Drop, Problem, Root, label_fault, read_drop
from store.intake.quarantine import FOLDER, REASON_SUFFIX, quarantine
from store.integrity.entry import Entry, Statement
from store.ledger import Writer
from store.platforms import recognise
from store.projections import artifacts
from store.projections.artifacts import ArtifactRow
from store.services.acting import statement_of
from store.services.context import SYSTEM, Context
from store.services.drift import drifting

BATCH = 200
"""Files a transaction: the lock is held some tens of milliseconds, and 5,000 files need 25 checkpoints."""
BATCH_BYTES = 8 * 1024 * 1024
"""Bytes a transaction, but one file at least: what is read stays in memory until it is written."""
MAX_NOTICES = 8
"""Notices an entry repeats; the rest are counted, and a review reads all of them from the archived export."""
MAX_COMPONENTS = 20_000
"""Parts an export may have: each is stored and looked at on its own."""
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
_ARCHIVE_NAMES = (".zip", ".gz", ".tgz")
_TEXT_NAMES = (".json", ".yaml", ".yml", ".toml", ".xml", ".flow")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: str
    outcome: str
    """ingested, unchanged, observed, quarantined, refused (and left where it is) or waiting (still being written)."""
    reason: str | None = None
    digest: str | None = None
    platform: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a batch of files."""

    files: tuple[FileOutcome, ...] = ()
    drifts: int = 0
    """Drifts that opened or changed."""
    said: tuple[str, ...] = ()
    """What was done about drift without anybody asking, in words."""
    seconds: float = 0.0

    def count(self, outcome: str) -> int:
        """Return how many files came out so."""
        return sum(file.outcome == outcome for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Read:
    """An export that was read and understood, and is not recorded yet."""

    drop: Drop
    file: ExportFile
    parsed: Parsed
    secrets: int = field(default=0)
    imported: ev.Imported | None = None


def ingest(context: Context, found: Iterable[Drop | Problem]) -> Report:
    """Ingest what was dropped: `inbox/` becomes artifacts, `observed/` becomes observations.

    Every file ends as exactly one of: ingested, unchanged, observed, quarantined, waiting. A file that
    cannot be read never stops the others.

    Raises:
        StorageFailure: the ledger cannot be written; files that have no entry yet stay where they are.
    """
    began = time.monotonic()
    outcomes: list[FileOutcome] = []
    reads: list[Read] = []
    drifts = 0
    for item in found:
        read = _read(context, item)
        if isinstance(read, FileOutcome):
            outcomes.append(read)
        elif read.drop.kind == "observed":
            outcome, news = _observe(context, read)
            outcomes.append(outcome)
            drifts += news
        else:
            reads.append(read)
            if is_enough(reads):
                outcomes += append(context, reads)
                reads = []
    outcomes += append(context, reads)
    return Report(files=tuple(outcomes), drifts=drifts, seconds=round(time.monotonic() - began, 3))


def ingest_path(context: Context, path: Path, *, project: str, environment: str) -> Report:
    """Ingest one file from anywhere, as if it had been dropped into the inbox; the file is left alone.

    Raises:
        BadInput: it cannot be taken in.
        StillWriting: somebody is writing to it.
        StorageFailure: the ledger cannot be written.
    """
    drop = drop_at(path, project=project, environment=environment)
    return Report(files=tuple(append(context, [read_export(read_drop(drop), drop)])))


def drop_at(path: Path, *, project: str, environment: str) -> Drop:
    """Return the file at `path`, from anywhere, as if it had been dropped under its last name.

    Raises:
        BadInput: its name is unfit.
    """
    fault = label_fault(path.name)
    if fault is not None:
        raise BadInput(fault)
    root = Root(kind="inbox", path=path.parent, environment=environment, project=project)
    return Drop(root=root, environment=environment, project=project, name=path.name, path=path, signature=UNSEEN)


def read_export(data: bytes, drop: Drop, *, imported: ev.Imported | None = None) -> Read:
    """Return what an export holds, ready to be recorded.

    Raises:
        BadInput: it cannot be taken in.
    """
    parsed = understood(data, drop.name)
    file = ExportFile(name=drop.name, data=data)
    return Read(drop=drop, file=file, parsed=parsed, secrets=_count_secrets(parsed, data), imported=imported)


def _read(context: Context, item: Drop | Problem) -> Read | FileOutcome:
    if isinstance(item, Problem):
        return _refuse(context, item, item.reason)
    try:
        return read_export(read_drop(item), item)
    except (StillWriting, NotFound) as waiting:
        return FileOutcome(path=shown(context, item.path), outcome="waiting", reason=str(waiting))
    except BadInput as error:
        return _refuse(context, item, str(error))


def understood(data: bytes, name: str) -> Parsed:
    """Return what an export holds.

    Raises:
        BadInput: it cannot be read, is not what its name says, or two of its components claim one id, so that
            none could be told apart.
    """
    _refuse_disguise(data, name.lower())
    parsed = recognise(data, name)
    if len(parsed.components) > MAX_COMPONENTS:
        raise BadInput(
            f"it has {len(parsed.components):,} components, more than the {MAX_COMPONENTS:,} that are taken in"
        )
    twice = [part for part, count in Counter(part.id for part in parsed.components).items() if count > 1]
    if twice:
        raise BadInput(f"two components carry the id {ascii(twice[0])[:80]}")
    return parsed


def _refuse_disguise(data: bytes, name: str) -> None:
    """Refuse an archive that is named as text, and anything else that is named as an archive."""
    is_archive = data.startswith(_ARCHIVES)
    if is_archive and name.endswith(_TEXT_NAMES):
        raise BadInput("its name says text, but it is an archive (zip or gzip)")
    if data and not is_archive and name.endswith(_ARCHIVE_NAMES):
        raise BadInput("its name says archive, but it is none (zip or gzip)")


def _count_secrets(parsed: Parsed, data: bytes) -> int:
    if parsed.secrets is not None:
        return parsed.secrets
    return len(secrets.find(data.decode("utf-8", errors="replace")))


def _refuse(context: Context, item: Drop | Problem, reason: str) -> FileOutcome:
    """Move the file to quarantine with its reason, and record it."""
    path = shown(context, item.path)
    try:
        kept = quarantine(context.root, item, reason, now=context.clock.now())
    except (NotFound, Conflict) as changed:
        return FileOutcome(path=path, outcome="waiting", reason=str(changed))
    event = ev.ArtifactRefused(
        path=path,
        reason=printable(reason)[:500],
        kept=shown(context, kept),
        project=item.project if isinstance(item, Drop) else None,
        environment=item.environment if isinstance(item, Drop) else None,
    )
    _record_refused(context, [event])
    return FileOutcome(path=path, outcome="quarantined", reason=reason)


def _record_refused(context: Context, events: Sequence[ev.ArtifactRefused]) -> tuple[Entry, ...]:
    """Record refusals, each once: another watcher may have found the file in quarantine and recorded it."""
    with context.ledger.writing() as writer:
        return tuple(
            writer.append(_statement(context, event))
            for event in events
            if not artifacts.is_refused(writer.connection, event.kept)
        )


def is_enough(reads: Sequence[Read]) -> bool:
    """Say whether `reads` are as many, or as large, as should be recorded in one transaction."""
    return len(reads) >= BATCH or sum(len(read.file.data) for read in reads) >= BATCH_BYTES


def append(context: Context, reads: Sequence[Read]) -> list[FileOutcome]:
    """Archive and append exports in one transaction.

    Raises:
        StorageFailure: the ledger cannot be written; none of them is recorded.
    """
    if not reads:
        return []
    with context.ledger.writing() as writer:
        return [append_one(context, writer, read) for read in reads]


def append_one(context: Context, writer: Writer, read: Read) -> FileOutcome:
    """Archive and append one export, unless it is no import and the same bytes stand under its name already."""
    drop, file, parsed = read.drop, read.file, read.parsed
    path, digest = shown(context, drop.path), file.digest
    last = _before(writer, read)
    if last is not None and last.digest == digest and not last.imported and read.imported is None:
        return FileOutcome(path=path, outcome="unchanged", digest=digest, platform=last.platform)
    archive.put(writer.connection, file.data, previous=last.digest if last else None)
    manifest = archive.put_manifest(
        writer.connection, parsed.components, previous=last.manifest if last else None, artifact=digest
    )
    event = ev.ArtifactIngested(
        artifact=digest,
        project=drop.project,
        environment=drop.environment,
        name=drop.name,
        platform=parsed.platform,
        confidence=parsed.confidence,
        bytes=len(file.data),
        manifest=manifest,
        components=len(parsed.components),
        previous=last.digest if last else None,
        secrets=read.secrets,
        notices=tuple(_notice(notice) for notice in parsed.notices[:MAX_NOTICES]),
        more_notices=max(0, len(parsed.notices) - MAX_NOTICES),
        imported=read.imported,
        connectors=archive.put_connectors(writer.connection, parsed.connectors),
    )
    writer.append(_statement(context, event))
    return FileOutcome(path=path, outcome="ingested", digest=digest, platform=parsed.platform)


def _before(writer: Writer, read: Read) -> ArtifactRow | None:
    """Return what stood there before: of the same sort, exported to us or imported, else of the other."""
    drop, imported = read.drop, read.imported is not None
    earlier = read.imported.renamed_from if read.imported else None
    names = (drop.name,) if earlier is None else (drop.name, earlier)
    for sort in (imported, not imported):
        for name in names:
            row = artifacts.latest_named(writer.connection, drop.project, drop.environment, name, imported=sort)
            if row is not None:
                return row
    return None


def _statement(context: Context, event: ev.Event) -> Statement:
    return statement_of(context, event, SYSTEM)


def _notice(notice: Notice) -> ev.NoticeRecord:
    detail = secrets.redact(notice.detail)
    return ev.NoticeRecord(code=notice.code, component=notice.component[:100], detail=detail[:200])


def _observe(context: Context, read: Read) -> tuple[FileOutcome, int]:
    drop = read.drop
    seen = drifting.observe(
        context,
        environment=drop.environment,
        project=drop.project,
        file=read.file,
        source="export",
        parsed=read.parsed,
    )
    path = shown(context, drop.path)
    outcome = FileOutcome(path=path, outcome="observed", digest=seen.artifact, platform=read.parsed.platform)
    return outcome, len(seen.news)


def recover_quarantine(context: Context) -> tuple[Entry, ...]:
    """Record files that a crash left in quarantine without an entry."""
    folder = context.root / FOLDER
    missing = []
    with context.ledger.reading() as connection:
        for note in sorted(folder.rglob(f"*{REASON_SUFFIX}")) if folder.is_dir() else []:
            thing = note.with_name(note.name.removesuffix(REASON_SUFFIX))
            kept = shown(context, thing)
            # A reason alone is of somebody who is just about to move the thing there, or could not.
            if os.path.lexists(thing) and not artifacts.is_refused(connection, kept):
                try:
                    reason = note.read_text(encoding="utf-8", errors="replace")
                except OSError as error:
                    raise QuarterdeckError(f"{note} cannot be read: {error.strerror}") from error
                missing.append(ev.ArtifactRefused(path=kept, reason=printable(reason)[:500], kept=kept))
    return _record_refused(context, missing) if missing else ()


def shown(context: Context, path: Path) -> str:
    """Return `path` relative to the workspace where it can be, as valid Unicode."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(context.root)
    return printable(str(path))


def printable(text: str) -> str:
    """Return `text` without lone surrogates (file names that are no UTF-8), so that an entry can hold it."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
