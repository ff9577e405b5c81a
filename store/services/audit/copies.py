"""Copies of ledgers that came from somewhere: verified and compared without believing them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from store import config
from store.domain.signatures import SignatureAudit
from store.errors import BadInput, IntegrityFailure, NotFound
from store.intake.guard import read_named
from store.integrity.note import MAX_NOTE, Verifier
from store.ledger.backup import copy_database
from store.ledger.compare import Comparison, compare
from store.ledger.heads import HeadStore, stated_size
from store.ledger.report import Report, Verdict
from store.ledger.untrusted import SECONDS, immutable_reader, private_copy, verify_untrusted
from store.services.tables import tables

LEDGER_FILE = "ledger.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """Which log a copy is held against."""

    verifier: Verifier
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Two copies and what they are to each other."""

    comparison: Comparison
    log: Log
    """Which log they were held against."""
    first: Report
    """Of the entries, tree and checkpoints of the first; signatures of people are not looked at."""
    second: Report


def log_of(log_key: str, origin: str | None = None) -> Log:
    """Return the log of a verifier key; its name is the origin, unless another is given.

    Raises:
        BadInput: it is no verifier key.
    """
    verifier = Verifier.from_vkey(log_key)
    return Log(verifier=verifier, origin=origin or verifier.name)


def log_at(root: Path) -> Log:
    """Return the log of the workspace at `root`, by the key that its configuration names.

    No older key counts here, whatever the ledger says: it may be rotated because somebody stole it, and with it a
    history of any length could be made. Who has a copy from before a rotation names that key himself (`log_of`).

    Raises:
        BadInput: it is no workspace, or its configuration is faulty.
    """
    settings = config.load(root).ledger
    return Log(verifier=Verifier.from_vkey(settings.log_key), origin=settings.origin)


def verify_copy(
    path: Path,
    log: Log,
    *,
    heads: Sequence[Path] = (),
    witnesses: Sequence[Verifier] = (),
    quorum: int = 1,
    fast: bool = False,
    seconds: float = SECONDS,
    progress: Callable[[int, int], bool] | None = None,
) -> Report:
    """Verify the ledger in somebody's database file against a log's key and kept heads: entries and signatures.

    Raises:
        BadInput: no database, or not one of quarterdeck's; or a head is no checkpoint: that says nothing of the ledger.
        VerificationStopped: the time was up.
    """
    for head in heads:
        if not head.is_file():
            raise NotFound(f"{head}: there is no such file")
        if stated_size(read_named(head, limit=MAX_NOTE)) is None:
            raise BadInput(f"{head}: not a checkpoint: its first lines are no origin and size")
    with private_copy(path) as copy:
        return verify_untrusted(
            copy,
            verifier=log.verifier,
            origin=log.origin,
            tables=tables(),
            heads=[HeadStore(head) for head in heads],
            witnesses=witnesses,
            quorum=quorum,
            audit=None if fast else SignatureAudit(),
            fast=fast,
            seconds=seconds,
            progress=progress,
        )


def compare_copies(
    first: Path, second: Path, log: Log | None = None, *, here: Path | None = None, seconds: float = SECONDS
) -> Compared:
    """Compare two ledgers: workspaces or database files; each is verified (quickly) before it is believed.

    Without `log`, the configuration of one that is a workspace, or else of the workspace `here`, names it.

    Raises:
        BadInput: one of them is no ledger, or nothing says which log they should be of.
        IntegrityFailure: one of them is too damaged to compare.
        VerificationStopped: the time was up.
    """
    log = log or _configured(first) or _configured(second) or (_configured(here) if here else None)
    if log is None:
        raise BadInput("which log are these of? Name its key with --log-key VKEY, or give a workspace")
    deadline = time.monotonic() + seconds
    with ExitStack() as opened:
        paths = [opened.enter_context(_snapshot(path)) for path in (first, second)]
        reports = []
        for path, named in zip(paths, (first, second), strict=True):
            report = verify_untrusted(
                path, verifier=log.verifier, origin=log.origin, tables=tables(), fast=True,
                seconds=max(1.0, deadline - time.monotonic()),
            )  # fmt: skip
            if report.verdict is Verdict.INVALID and not _is_comparable(report):
                raise IntegrityFailure(f"{named}: {report.problems[0].detail}; it cannot be compared")
            reports.append(report)
        reader = immutable_reader(deadline)
        with closing(reader(paths[0])) as ours, closing(reader(paths[1])) as theirs:
            return Compared(comparison=compare(ours, theirs), log=log, first=reports[0], second=reports[1])


def _is_comparable(report: Report) -> bool:
    """Say whether the tables can be read: damaged entries are a finding, other tables are not."""
    return report.entries > 0 and not any(p.problem in {"schema", "storage", "sequence"} for p in report.problems)


def _configured(path: Path) -> Log | None:
    if not path.is_dir():
        return None
    return log_at(path)


@contextmanager
def _snapshot(path: Path) -> Iterator[Path]:
    """Lend a private copy: of a workspace's ledger as of now, whoever writes to it; of a file, its bytes."""
    if not path.is_dir():
        with private_copy(path) as copy:
            yield copy
        return
    with TemporaryDirectory(prefix="quarterdeck-") as folder:
        copy = Path(folder) / "copy.db"
        copy_database(path / LEDGER_FILE, copy)
        yield copy
