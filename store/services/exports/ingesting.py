"""From a dropped file to an entry: read guarded, understand, archive, append; or quarantine with the reason."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from store.collector import undisturbed
from store.domain import events as ev
from store.domain import secrets
from store.domain.build import refuse_too_many
from store.domain.component import ExportFile, Parsed
from store.errors import BadInput, Conflict, NotFound, QuarterdeckError
from store.intake.guard import UNSEEN, StillWriting
from store.intake.inbox import Drop, Problem, Root, label_fault, read_drop
from store.intake.quarantine import FOLDER, REASON_SUFFIX, quarantine
from store.integrity.entry import Entry
from store.projections import artifacts
from store.services.acting import statement_of
from store.services.context import SYSTEM, Context
from store.services.drift import drifting
from store.services.exports.appending import Appending, Read, Stored
from store.services.sealing import sealing
from store.services.sealing.sealing import Taken

Item = TypeVar("Item")
T = TypeVar("T")
BATCH = 200
"""Files a transaction: the lock is held some tens of milliseconds, and 5,000 files need 25 checkpoints."""
BATCH_BYTES = 8 * 1024 * 1024
"""Bytes a transaction, but one file at least: what is read stays in memory until it is written."""
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
_ARCHIVE_NAMES = (".zip", ".gz", ".tgz")
_TEXT_NAMES = (".json", ".yaml", ".yml", ".toml", ".xml", ".flow")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: str
    outcome: str
    """ingested, unchanged, observed, opened (a request file), quarantined, refused (and left where it is) or waiting
    (still being written)."""
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
    for read in each_read(found, partial(_read, context)):
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


def each_read(found: Iterable[Item], read: Callable[[Item], T]) -> Iterator[T]:
    """Yield what `read` says of each; Python's collector looks for cycles between batches, not within."""
    items = iter(found)
    while batch := tuple(islice(items, BATCH)):
        with undisturbed():
            yield from map(read, batch)


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


def read_export(context: Context, data: bytes, drop: Drop, *, imported: ev.Imported | None = None) -> Read:
    """Return what an export holds, ready to be recorded.

    Raises:
        BadInput: it cannot be taken in.
    """
    taken, parsed = _understood(context, ExportFile(name=drop.name, data=data))
    return Read(drop=drop, taken=taken, parsed=parsed, imported=imported)


def _read(context: Context, item: Drop | Problem) -> Read | FileOutcome:
    if isinstance(item, Problem):
        return refuse(context, item, item.reason)
    try:
        return read_export(context, read_drop(item), item)
    except (StillWriting, NotFound) as waiting:
        return FileOutcome(path=shown(context, item.path), outcome="waiting", reason=str(waiting))
    except BadInput as error:
        return refuse(context, item, str(error))


def _understood(context: Context, file: ExportFile) -> tuple[Taken, Parsed]:
    """Return an export with its secrets taken out, and what it holds then.

    Raises:
        BadInput: it cannot be read, is not what its name says, or two of its components claim one id, so that
            none could be told apart.
    """
    _refuse_disguise(file.data, file.name.lower())
    taken = sealing.take(context, file)
    parsed = sealing.understood(taken, memo=context.memo)
    refuse_too_many(len(parsed.components))
    twice = [part for part, count in Counter(part.id for part in parsed.components).items() if count > 1]
    if twice:
        raise BadInput(f"two components carry the id {ascii(twice[0])[:80]}")
    return taken, parsed


def _refuse_disguise(data: bytes, name: str) -> None:
    """Refuse an archive that is named as text, and anything else that is named as an archive."""
    is_archive = data.startswith(_ARCHIVES)
    if is_archive and name.endswith(_TEXT_NAMES):
        raise BadInput("its name says text, but it is an archive (zip or gzip)")
    if data and not is_archive and name.endswith(_ARCHIVE_NAMES):
        raise BadInput("its name says archive, but it is none (zip or gzip)")


def refuse(context: Context, item: Drop | Problem, reason: str) -> FileOutcome:
    """Move the file to quarantine with its reason, and record it."""
    path, reason = shown(context, item.path), secrets.redact(reason)
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
            writer.append(statement_of(context, event, SYSTEM))
            for event in events
            if not artifacts.is_refused(writer.connection, event.kept)
        )


def is_enough(reads: Sequence[Read]) -> bool:
    """Say whether `reads` are as many, or as large, as should be recorded in one transaction."""
    if len(reads) % 8 and len(reads[-1].taken.file.data) < BATCH_BYTES // 8:
        return False  # counted now and then, and whenever one alone matters
    return len(reads) >= BATCH or sum(len(read.taken.file.data) for read in reads) >= BATCH_BYTES


def append(context: Context, reads: Sequence[Read]) -> list[FileOutcome]:
    """Archive and append exports in one transaction: when this returns, all of them are durable.

    Raises:
        StorageFailure: the ledger cannot be written; none of them is recorded.
    """
    if not reads:
        return []
    with context.ledger.writing() as writer:
        appending = Appending(context, writer)
        stored = [appending.append(read) for read in reads]
    return [_outcome(context, read, one) for read, one in zip(reads, stored, strict=True)]


def _outcome(context: Context, read: Read, stored: Stored) -> FileOutcome:
    return FileOutcome(
        path=shown(context, read.drop.path),
        outcome="ingested" if stored.is_new else "unchanged",
        digest=stored.digest,
        platform=read.parsed.platform,
    )


def _observe(context: Context, read: Read) -> tuple[FileOutcome, int]:
    drop = read.drop
    seen = drifting.observe(
        context,
        environment=drop.environment,
        project=drop.project,
        file=read.taken.file,
        source="export",
        read=(read.taken, read.parsed),
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
    """Return `path` relative to the workspace where it can be, as valid Unicode, secrets taken out."""
    return secrets.redact(printable(os.fspath(path).removeprefix(f"{context.root}{os.sep}")))


def printable(text: str) -> str:
    """Return `text` without lone surrogates (file names that are no UTF-8), so that an entry can hold it."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
