"""Opening a workspace: its configuration, keys and ledger, once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from store.clock import Clock, SystemClock
from store.errors import IntegrityFailure
from store.integrity.keyhead import AskPassphrase
from store.integrity.note import Verifier
from store.ledger import Ledger
from store.ledger.mounts import network_problem
from store.ledger.schema import NotALedger
from store.ledger.upgrade import is_old, upgrade
from store.services.context import Context
from store.services.identity import log_key_file as log_keys
from store.services.policy.book import Book
from store.services.tables import SCHEMA, tables
from store.workspace.layout import LEDGER_FILE, heads_of, settings_of
from store.workspace.unopened import missing


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An opened workspace. Close it when done."""

    context: Context

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self.context.root

    @property
    def ledger(self) -> Ledger:
        """The workspace's ledger."""
        return self.context.ledger

    def close(self) -> None:
        """Close the ledger."""
        self.context.ledger.close()


def open_workspace(root: Path, *, clock: Clock | None = None, log_passphrase: AskPassphrase | None = None) -> Workspace:
    """Open the workspace at `root`. Without its log key, or the passphrase of that, it opens read-only.

    So it does on a network file system, unless the configuration says `network_file_system = true`.

    `log_passphrase` is asked only for an encrypted key; without it QUARTERDECK_LOG_PASSPHRASE is.

    Raises:
        BadInput: it is no workspace, its configuration is faulty, or the ledger is of a newer version.
        IntegrityFailure: the ledger is not the one that belongs here.
        StorageFailure: the disk says no.
    """
    clock = clock or SystemClock()
    root = root.absolute()
    settings = settings_of(root)
    if not os.path.lexists(root / LEDGER_FILE):
        raise IntegrityFailure(missing(root, settings).problems[-1].detail + ": restore it from a backup")
    remote = None if settings.ledger.network_file_system else network_problem(root / LEDGER_FILE)
    log_key = log_keys.find(root, settings, root / LEDGER_FILE, log_passphrase)
    _brought_up_to_date(root / LEDGER_FILE, may_write=remote is None)
    ledger = Ledger.open(
        root / LEDGER_FILE,
        clock=clock,
        heads=heads_of(root, settings),
        log_signer=None if remote else log_key.signer,
        second_signer=log_key.second,
        verifier=Verifier.from_vkey(settings.ledger.log_key),
        origin=settings.ledger.origin,
        tables=tables,
        schema=SCHEMA,
        why_no_signer=remote or log_key.why,
    )
    second = log_keys.expected_second(settings)
    if second is not None and not ledger.keys.had_second(second):
        ledger.close()
        raise IntegrityFailure(f"{root / LEDGER_FILE}: no entry names the second key that quarterdeck.toml expects")
    return Workspace(context=Context(root=root, config=settings, ledger=ledger, clock=clock, policies=Book(ledger)))


def _brought_up_to_date(path: Path, *, may_write: bool) -> None:
    """Bring a ledger of an older version to this one's tables; leave it where nothing may be written.

    Raises:
        IntegrityFailure: the file is no ledger.
    """
    try:
        old = is_old(path)
    except NotALedger as error:
        raise IntegrityFailure(f"{error}: the ledger that belongs here was replaced") from error
    if old and may_write:
        from store import projections

        upgrade(path, tables=tables(), read_tables=projections.NAMES, rebuild=projections.rebuild)
