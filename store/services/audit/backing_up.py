"""Backups: a copy of the ledger and its archive that was opened again and verified before it counts as one."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from store import archive
from store.domain.signatures import SignatureAudit
from store.errors import IntegrityFailure, NotFound, StorageFailure
from store.ledger import HeadStore
from store.ledger.backup import copy_database, new_file
from store.ledger.connection import open_reader
from store.ledger.report import Report
from store.ledger.verify import verify
from store.services.context import Context
from store.services.tables import tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A verified copy."""

    path: Path
    size: int
    """In bytes."""
    report: Report
    """Of the copy itself, against the log's own key."""


def store_of(context: Context) -> HeadStore:
    """Return where the checkpoint of the last backup is kept: when it was written, the backup was made."""
    return HeadStore(context.root / "heads" / "backup.note")


def backup(context: Context, target: Path) -> Backup:
    """Copy the ledger to the new file `target`; nothing is left there unless the copy verifies.

    Keys and quarterdeck.toml are not in it. A restored backup is noticed by every kept head that is longer.

    Raises:
        BadInput: something is at `target` already.
        IntegrityFailure: the copy does not verify, as the ledger itself does not.
        StorageFailure: no room, or the disk says no.
    """
    with new_file(target) as building:
        copy_database(context.ledger.path, building)
        report = verify(
            building,
            heads=(),
            verifier=context.ledger.verifier,
            origin=context.ledger.origin,
            audit=SignatureAudit(policies=context.policies.known()),
            tables=tables(),
        )
        if not report.ok:
            first = report.problems[0]
            raise IntegrityFailure(
                f"no backup was made: its copy is {report.verdict} (entry {first.seq}: {first.detail});"
                f" to keep the damaged file as evidence, copy {context.ledger.path} itself"
            )
        with closing(open_reader(building)) as connection:
            broken = archive.verify_blobs(connection)
        if broken:
            raise IntegrityFailure(f"no backup was made: the archived file {broken[0].digest} {broken[0].detail}")
        size = building.stat().st_size
    with suppress(NotFound, StorageFailure):  # it only tells health when the last one was made
        store_of(context).write(context.ledger.checkpoint(report.entries))
    return Backup(path=target, size=size, report=report)
