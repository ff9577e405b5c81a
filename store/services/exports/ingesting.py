"""From a dropped file to an entry: read guarded, understand, archive, append; or quarantine with the reason."""

from __future__ import annotations

import contextlib
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
from store.intake.guard import StillWriting, read_guarded
from store.intake.inbox import Drop, Problem, Root, label_fault, read_drop
from store.intake.quarantine import FOLDER, REASON_SUFFIX, quarantine
from store.integrity.entry import Entry, Statement
from store.ledger import Writer
from store.platforms import recognise
from store.projections import artifacts
from store.services.acting import record, statement_of
from store.services.context import SYSTEM, Context
from store.services.drift import drifting

BATCH = 200
"""Files a transaction: the lock is held some tens of milliseconds, and 5,000 files need 25 checkpoints."""
MAX_NOTICES = 8
"""Notices an entry repeats; the rest are counted, and a review reads all of them from the archived export."""
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
_ARCHIVE_NAMES = (".zip", ".gz", ".tgz")
_TEXT_NAMES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: str
    outcome: str
    """ingested, unchanged, observed, quarantined or waiting (it was still being written)."""
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
class _Read:
    """A dropped file that was read and understood."""

    drop: Drop
    file: ExportFile
    parsed: Parsed
    secrets: int = field(default=0)


def ingest(context: Context, found: Iterable[Drop | Problem]) -> Report:
    """Ingest what was dropped: `inbox/` becomes artifacts, `observed/` becomes observations.

    Every file ends as exactly one of: ingested, unchanged, observed, quarantined, waiting. A file that
    cannot be read never stops the others.

    Raises:
        StorageFailure: the ledger cannot be written; files that have no entry yet stay where they are.
    """
    began = time.monotonic()
    outcomes: list[FileOutcome] = []
    reads: list[_Read] = []
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
            if len(reads) == BATCH:
                outcomes += _append(context, reads)
                reads = []
    outcomes += _append(context, reads)
    return Report(files=tuple(outcomes), drifts=drifts, seconds=round(time.monotonic() - began, 3))


def ingest_path(context: Context, path: Path, *, project: str, environment: str) -> Report:
    """Ingest one file from anywhere, as if it had been dropped into the inbox; the file is left alone.

    Raises:
        BadInput: it cannot be taken in.
        StillWriting: somebody is writing to it.
        StorageFailure: the ledger cannot be written.
    """
    fault = label_fault(path.name)
    if fault is not None:
        raise BadInput(fault)
    data = read_guarded(path)
    file = ExportFile(name=path.name, data=data)
    root = Root(kind="inbox", path=path.parent)
    drop = Drop(root=root, environment=environment, project=project, name=path.name, path=path, signature=(0, 0, 0, 0))
    parsed = understood(data, path.name)
    read = _Read(drop=drop, file=file, parsed=parsed, secrets=_count_secrets(parsed, data))
    return Report(files=tuple(_append(context, [read])))


def _read(context: Context, item: Drop | Problem) -> _Read | FileOutcome:
    if isinstance(item, Problem):
        return _refuse(context, item, item.reason)
    try:
        data = read_drop(item)
        parsed = understood(data, item.name)
    except (StillWriting, NotFound) as waiting:
        return FileOutcome(path=shown(context, item.path), outcome="waiting", reason=str(waiting))
    except BadInput as error:
        return _refuse(context, item, str(error))
    file = ExportFile(name=item.name, data=data)
    return _Read(drop=item, file=file, parsed=parsed, secrets=_count_secrets(parsed, data))


def understood(data: bytes, name: str) -> Parsed:
    """Return what an export holds.

    Raises:
        BadInput: it cannot be read, is not what its name says, or two of its components claim one id, so that
            none could be told apart.
    """
    _refuse_disguise(data, name.lower())
    parsed = recognise(data, name)
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
    record(
        context,
        [
            ev.ArtifactRefused(
                path=path,
                reason=_printable(reason)[:500],
                kept=shown(context, kept),
                project=item.project if isinstance(item, Drop) else None,
                environment=item.environment if isinstance(item, Drop) else None,
            )
        ],
    )
    return FileOutcome(path=path, outcome="quarantined", reason=reason)


def _append(context: Context, reads: Sequence[_Read]) -> list[FileOutcome]:
    if not reads:
        return []
    with context.ledger.writing() as writer:
        return [_one(context, writer, read) for read in reads]


def _one(context: Context, writer: Writer, read: _Read) -> FileOutcome:
    """Archive and append one export, unless the same bytes stand under its name already."""
    drop, file, parsed = read.drop, read.file, read.parsed
    last = artifacts.latest_named(writer.connection, drop.project, drop.environment, drop.name)
    path, digest = shown(context, drop.path), file.digest
    if last is not None and last.digest == digest:
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
    )
    writer.append(_statement(context, event))
    return FileOutcome(path=path, outcome="ingested", digest=digest, platform=parsed.platform)


def _statement(context: Context, event: ev.Event) -> Statement:
    return statement_of(context, event, SYSTEM)


def _notice(notice: Notice) -> ev.NoticeRecord:
    detail = secrets.redact(notice.detail)
    return ev.NoticeRecord(code=notice.code, component=notice.component[:100], detail=detail[:200])


def _observe(context: Context, read: _Read) -> tuple[FileOutcome, int]:
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
    with context.ledger.reading() as connection:
        known = {row.kept for row in artifacts.refused(connection, limit=1_000_000)}
    missing = []
    for note in sorted(folder.rglob(f"*{REASON_SUFFIX}")) if folder.is_dir() else []:
        kept = shown(context, note.with_name(note.name.removesuffix(REASON_SUFFIX)))
        if kept not in known:
            try:
                reason = note.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise QuarterdeckError(f"{note} cannot be read: {error.strerror}") from error
            missing.append(ev.ArtifactRefused(path=kept, reason=_printable(reason)[:500], kept=kept))
    return record(context, missing) if missing else ()


def shown(context: Context, path: Path) -> str:
    """Return `path` relative to the workspace where it can be, as valid Unicode."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(context.root)
    return _printable(str(path))


def _printable(text: str) -> str:
    """Return `text` without lone surrogates (file names that are no UTF-8), so that an entry can hold it."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
