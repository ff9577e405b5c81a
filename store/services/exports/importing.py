"""From somebody's git history to artifacts: every version in order, marked as theirs; twice is once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store import archive
from store.errors import NotFound
from store.intake.git_blobs import Blobs
from store.intake.git_history import Commit, History, inner_path
from store.intake.git_refs import locate
from store.intake.git_shield import shielded
from store.services.context import Context
from store.services.exports.import_run import ImportRun, Refused
from store.services.exports.progress import Elapsed, Tell, untold
from store.services.identity.pseudonyms import Pseudonyms, written


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of a history."""

    repository: str
    head: str
    commits: int = 0
    """How many commits touched the path, as far as was read."""
    versions: int = 0
    deletions: int = 0
    known: int = 0
    """Versions and deletions that an earlier run had recorded."""
    refused: int = 0
    """How many versions could not be taken in."""
    named: tuple[Refused, ...] = ()
    """The first of them, at most 1,000."""
    finished: bool = True
    """False when it was stopped before the end of the history."""
    names: Path | None = None
    """Where the authors' names were written down."""
    seconds: float = 0.0


def import_history(
    context: Context,
    repository: Path,
    path: str,
    *,
    project: str,
    environment: str,
    branch: str | None = None,
    keep_names: bool = False,
    tell: Tell = untold,
    stop: threading.Event | None = None,
) -> ImportReport:
    """Record every version of a file or folder in a git repository's history, oldest first.

    What earlier runs recorded is passed over, so that a run that was stopped, or a history that has grown, goes on
    where it was. Names and mail addresses of authors become pseudonyms; with `keep_names` they are written down
    beside the ledger, in a file that can be deleted.

    Raises:
        BadInput: no such repository, branch or path, or its history cannot be read.
        StorageFailure: the ledger cannot be written; what was recorded before stays recorded.
    """
    stop = threading.Event() if stop is None else stop
    inner, found = inner_path(path), locate(repository, branch)
    elapsed = Elapsed(tell=tell)
    with shielded(found) as shield, archive.Ahead() as ahead:
        history = History(shield, found, inner)
        with history.blobs() as blobs, history.commits() as commits:  # git begins while it is asked for the rest
            run = ImportRun(
                context=context,
                project=project,
                environment=environment,
                inner=inner,
                repository=history.root(),
                people=Pseudonyms(context.root),
                ahead=ahead,
            )
            done = _read(history, commits, blobs, run, elapsed, stop)
    if not stop.is_set():
        run.finished(found.head, done)
    return _report(run, found.head, done, finished=not stop.is_set(), keep_names=keep_names, seconds=elapsed.seconds)


def _read(
    history: History, commits: Iterator[Commit], blobs: Blobs, run: ImportRun, elapsed: Elapsed, stop: threading.Event
) -> int:
    """Read and record a history up to its end, or until `stop` is set; return how many commits that are.

    Raises:
        NotFound: nothing in it touched the path.
    """
    run.learn(run.context.ledger)
    total, done = history.count(), 0
    if total == 0:
        raise NotFound(f"no commit of this branch touched {run.inner or '.'}")
    for commit in blobs.foreseen(commits, run.needed):
        run.take(commit, blobs)
        done += 1
        if run.is_enough():
            run.flush()
        elapsed.at(done, max(total, done))
        if stop.is_set():
            break
    run.flush()
    return done


def _report(
    run: ImportRun, head: str, commits: int, *, finished: bool, keep_names: bool, seconds: float
) -> ImportReport:
    return ImportReport(
        repository=run.repository,
        head=head,
        commits=commits,
        versions=run.versions,
        deletions=run.deletions,
        known=run.known,
        refused=run.refused,
        named=tuple(run.named),
        finished=finished,
        names=run.people.keep() if keep_names else None,
        seconds=seconds,
    )


def names_of(context: Context) -> dict[str, str]:
    """Return who is behind the pseudonyms of authors, for those that somebody asked to be written down."""
    return {author: f"{who.get('name', '')} <{who.get('mail', '')}>" for author, who in written(context.root).items()}
