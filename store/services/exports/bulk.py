"""Files and whole folders from anywhere, a transaction for many of them; they stay where they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from store.errors import BadInput
from store.intake.guard import StillWriting
from store.intake.inbox import Drop, Problem, Root, read_drop, scan
from store.services.context import Context
from store.services.exports import ingesting
from store.services.exports.appending import Read
from store.services.exports.ingesting import FileOutcome, Report
from store.services.exports.progress import Elapsed, Tell, untold


def ingest_paths(
    context: Context,
    paths: Sequence[Path],
    *,
    project: str,
    environment: str,
    tell: Tell = untold,
    stop: threading.Event | None = None,
) -> Report:
    """Ingest files, and all that lies in folders under its path in there, until `stop` is set.

    Every file ends as one of: ingested, unchanged, refused, waiting; none stops the others. A stop comes after a
    transaction: what the report names is recorded, the rest was not touched.

    Raises:
        StorageFailure: a folder that was named cannot be read, and nothing was taken in; or the ledger cannot be
            written, and what was recorded before stays recorded.
    """
    found = [item for path in paths for item in _found(path, project=project, environment=environment)]
    elapsed = Elapsed(tell=tell)
    outcomes: list[FileOutcome] = []
    reads: list[Read] = []
    for position, read in enumerate(ingesting.each_read(found, partial(_read, context)), 1):
        if isinstance(read, FileOutcome):
            outcomes.append(read)
        else:
            reads.append(read)
        if position == len(found) or ingesting.is_enough(reads):
            outcomes += ingesting.append(context, reads)
            reads = []
            elapsed.at(position, len(found))
        if stop is not None and stop.is_set() and not reads:
            break
    return Report(files=tuple(outcomes), seconds=elapsed.seconds)


def _found(path: Path, *, project: str, environment: str) -> list[Drop | Problem]:
    if path.is_dir():
        root = Root(kind="inbox", path=path, environment=environment, project=project)
        return sorted(scan(root), key=lambda item: item.path)
    try:
        return [ingesting.drop_at(path, project=project, environment=environment)]
    except BadInput as error:
        root = Root(kind="inbox", path=path.parent, environment=environment, project=project)
        return [Problem(root=root, path=path, reason=str(error))]


def _read(context: Context, item: Drop | Problem) -> Read | FileOutcome:
    path = ingesting.shown(context, item.path)
    if isinstance(item, Problem):
        return FileOutcome(path=path, outcome="refused", reason=item.reason)
    try:
        return ingesting.read_export(context, read_drop(item), item)
    except StillWriting as waiting:
        return FileOutcome(path=path, outcome="waiting", reason=str(waiting))
    except BadInput as error:
        return FileOutcome(path=path, outcome="refused", reason=str(error))
