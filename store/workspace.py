"""A workspace: one folder with its configuration, ledger, keys and drop folders, opened once."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store import config
from store.clock import Clock, SystemClock, timestamp
from store.config import Config, LedgerConfig
from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure
from store.integrity.checkpoint import open_checkpoint
from store.integrity.entry import Statement
from store.integrity.keyhead import AskPassphrase
from store.integrity.merkle import EMPTY_ROOT
from store.integrity.note import NoteSigner, Verifier
from store.ledger import HeadStore, Ledger, state_heads
from store.ledger.mounts import network_problem
from store.ledger.schema import NotALedger
from store.ledger.upgrade import is_old, upgrade
from store.services.context import SYSTEM, Context, fresh_nonce
from store.services.identity import log_key_file as log_keys
from store.services.policy.book import Book
from store.services.tables import SCHEMA, tables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from store.integrity.signer import Signer
    from store.ledger.report import Contradiction, Problem, Report, Verdict

LEDGER_FILE = "ledger.db"
LOG_KEY_FILE = log_keys.KEY_FILE
FOLDERS = ("inbox", "observed", "quarantine", "out", "heads", "keys", "locks")
FORMAT = 1
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9./-]{0,199}")


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


def create(
    root: Path,
    *,
    signer: Signer,
    handle: str,
    origin: str | None = None,
    clock: Clock | None = None,
    nonce: Callable[[], str] = fresh_nonce,
    log_passphrase: bytes = b"",
) -> Workspace:
    """Make a new workspace at `root`; the owner of the key becomes its first admin.

    A log key that lies in `keys/` already is used, never overwritten; a new one is encrypted if there is a
    `log_passphrase`.

    Raises:
        BadInput: there is a workspace already, or the handle or origin will not do.
        StorageFailure: the folder cannot be written.
    """
    from store.domain.roles import checked_handle

    clock = clock or SystemClock()
    checked_handle(handle)
    root = root.absolute()
    if (root / config.FILE_NAME).exists() or (root / LEDGER_FILE).exists():
        raise BadInput(f"{root} is a workspace already")
    name = re.sub(r"[^a-z0-9.-]+", "-", root.name.lower()).strip("-.") or "ledger"
    origin = origin or f"quarterdeck.local/{name[:40]}-{os.urandom(4).hex()}"
    if not _ORIGIN.fullmatch(origin):
        raise BadInput(f"{origin!a} is no origin: a schema-less URL in lower case, e.g. example.com/ledger")
    remote = network_problem(root)
    if remote is not None:
        raise BadInput(f"{remote}: make the workspace on a local disk")
    _make_folders(root)
    had_key = os.path.lexists(root / LOG_KEY_FILE)
    try:
        log_key = _log_key(root / LOG_KEY_FILE, log_passphrase)
        _set_heads_aside(root, origin, clock)
        context = _founded(root, name[:64], origin, NoteSigner(origin, log_key), clock, nonce)
        _first_entries(context, signer, handle)
        config.save(root, config.render(context.config))
    except BadInput:
        raise  # somebody else's key or ledger stands there: it is left alone
    except BaseException:
        _undo(root, key=not had_key)
        raise
    return Workspace(context=context)


def _make_folders(root: Path) -> None:
    try:
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for private in ("heads", "keys", "locks"):
            (root / private).chmod(0o700)
    except (FileExistsError, NotADirectoryError):
        raise BadInput(f"{root} cannot be made a workspace: a file is in its way") from None
    except OSError as error:
        raise StorageFailure(f"{root} cannot be made a workspace: {error.strerror}") from error


def _founded(
    root: Path, name: str, origin: str, log_signer: NoteSigner, clock: Clock, nonce: Callable[[], str]
) -> Context:
    """Create the ledger that belongs to a new workspace, still empty."""
    settings = Config(name=name, ledger=LedgerConfig(origin=origin, log_key=log_signer.verifier.vkey))
    ledger = Ledger.create(
        root / LEDGER_FILE,
        origin=origin,
        log_signer=log_signer,
        clock=clock,
        heads=_heads(root, settings),
        tables=tables(),
    )
    return Context(root=root, config=settings, ledger=ledger, clock=clock, policies=Book(ledger), nonce=nonce)


def _undo(root: Path, *, key: bool) -> None:
    """Take away what a failed `create` left, so that it can be repeated; folders stay."""
    made = [LEDGER_FILE, *(f"{LEDGER_FILE}-{more}" for more in ("journal", "wal", "shm")), "heads/head.note"]
    for name in [*made, LOG_KEY_FILE] if key else made:
        with contextlib.suppress(OSError):
            (root / name).unlink()


def _log_key(path: Path, passphrase: bytes) -> Ed25519PrivateKey:
    from store.integrity.keyfile import generate_log_key, load_log_key

    return load_log_key(path, lambda: passphrase) if path.exists() else generate_log_key(path, passphrase)


def _set_heads_aside(root: Path, origin: str, clock: Clock) -> None:
    """Keep, under another name, the heads of a ledger that stood in this folder before: it was replaced on purpose."""
    stamp = timestamp(clock.now()).replace(":", "")
    for store in state_heads(root, origin):
        if store.path.exists():
            store.path.rename(store.path.with_name(f"{store.path.name}.before-{stamp}"))


def _first_entries(context: Context, signer: Signer, handle: str) -> None:
    """Write entry 1 (the ledger) and entry 2 (its first admin, vouching for itself)."""
    from store.domain import events as ev
    from store.services.identity.people import bare_line

    vkey = context.config.ledger.log_key
    opened = ev.LedgerOpened(incarnation=context.nonce(), log_key=vkey, policy=context.policy.digest, format=FORMAT)
    admin = ev.PrincipalAdded(principal=handle, keys=(bare_line(signer.public),), grants=(ev.Grant(role="admin"),))
    with context.ledger.writing() as writer:
        for event, actor in ((opened, SYSTEM), (admin, handle)):
            on, data = ev.to_parts(event)
            statement = Statement(
                origin=context.ledger.origin,
                kind=event.KIND,
                time=timestamp(context.clock.now()),
                actor=actor,
                on=on,
                data=data,
            )
            writer.append(statement, signer.sign(statement.bytes()) if event.SIGNED else None)


def verify_unopened(root: Path) -> Report:
    """Verify the ledger of a workspace that cannot be opened, by its file alone; or by the file's absence.

    Raises:
        BadInput: it is no workspace, its ledger is of a newer version, or there is none and no head remembers one.
    """
    from store.domain.signatures import SignatureAudit
    from store.ledger.report import Problem, Verdict
    from store.ledger.verify import verify
    from store.services.witness.cosigning import stores_of, verifier_of

    root = root.absolute()
    settings = _settings(root)
    if not os.path.lexists(root / LEDGER_FILE):
        return _missing(root, settings)
    try:
        return verify(
            root / LEDGER_FILE,
            heads=(*_heads(root, settings), *stores_of(root, settings.witnesses)),
            verifier=Verifier.from_vkey(settings.ledger.log_key),
            witnesses=[verifier_of(one) for one in settings.witnesses.known],
            quorum=settings.witnesses.quorum,
            origin=settings.ledger.origin,
            second=log_keys.expected_second(settings),
            audit=SignatureAudit(),
            tables=tables(),
        )
    except NotALedger as error:  # anywhere else it would be bad input; here a ledger has stood
        return _nothing(Verdict.INVALID, (Problem(seq=0, problem="storage", detail=str(error)),))


def _missing(root: Path, settings: Config) -> Report:
    """Return what is to be said of a ledger whose file is gone, by the heads that remember it."""
    from store.ledger.report import Contradiction, Problem, Verdict

    path = root / LEDGER_FILE
    kept = _remembered(root, settings)
    if not kept:
        raise NotFound(f"{path} is missing, and no head remembers how long it was: restore it from a backup")
    problems = tuple(
        Problem(seq=size, problem="shorter", detail=f"{path} is missing; a kept head remembers {size} entries")
        for size in sorted(kept)
    )
    return _nothing(
        Verdict.SHORTER, problems, tuple(Contradiction(kept=note, ours=None) for _, note in sorted(kept.items()))
    )


def _nothing(verdict: Verdict, problems: tuple[Problem, ...], contradictions: tuple[Contradiction, ...] = ()) -> Report:
    """Return the report about a file in which there is no entry to be read."""
    from store.ledger.report import Report

    return Report(
        verdict=verdict,
        entries=0,
        root=EMPTY_ROOT,
        problems=problems,
        contradictions=contradictions,
        tail_entries=0,
        tail_minutes=0,
        seconds=0.0,
    )


def _settings(root: Path) -> Config:
    """Return the configuration of a workspace, the keys it names being keys.

    Raises:
        BadInput: it is no workspace, or its configuration is faulty.
    """
    try:
        settings = config.load(root)
    except BadInput as error:
        if os.path.lexists(root / LEDGER_FILE) and not (root / config.FILE_NAME).exists():
            raise BadInput(
                f"{root / config.FILE_NAME} is missing beside {LEDGER_FILE}: put it back from a copy"
                " (it names the ledger's origin and log key; quarterdeck init would make another ledger)"
            ) from error
        raise
    for name in ("log_key", "second_key"):
        vkey = getattr(settings.ledger, name)
        try:
            if vkey or name == "log_key":
                Verifier.from_vkey(vkey)
        except BadInput as error:
            raise BadInput(f"{root / config.FILE_NAME}: ledger.{name}: {error}; put back what stood there") from error
    return settings


def _remembered(root: Path, settings: Config) -> dict[int, bytes]:
    """Return size → note of every kept head that this workspace's log signed."""
    verifier = Verifier.from_vkey(settings.ledger.log_key)
    kept: dict[int, bytes] = {}
    for store in _heads(root, settings):
        with contextlib.suppress(StorageFailure, IntegrityFailure):
            note = store.read()
            if note is not None:
                kept[open_checkpoint(note, [verifier]).size] = note
    return kept


def find(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that holds a workspace.

    Raises:
        NotFound: there is none.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / config.FILE_NAME).is_file():
            return folder
    raise NotFound(
        f"no workspace here: neither {start.absolute()} nor a folder above it holds {config.FILE_NAME}"
        " (quarterdeck init makes one; -w DIR names one)"
    )


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
    settings = _settings(root)
    if not os.path.lexists(root / LEDGER_FILE):
        raise IntegrityFailure(_missing(root, settings).problems[-1].detail + ": restore it from a backup")
    remote = None if settings.ledger.network_file_system else network_problem(root / LEDGER_FILE)
    log_key = log_keys.find(root, settings, root / LEDGER_FILE, log_passphrase)
    try:
        old = is_old(root / LEDGER_FILE)
    except NotALedger as error:
        raise IntegrityFailure(f"{error}: the ledger that belongs here was replaced") from error
    if old and remote is None:
        from store import projections

        upgrade(root / LEDGER_FILE, tables=tables(), read_tables=projections.NAMES, rebuild=projections.rebuild)
    ledger = Ledger.open(
        root / LEDGER_FILE,
        clock=clock,
        heads=_heads(root, settings),
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


def _heads(root: Path, settings: Config) -> tuple[HeadStore, ...]:
    more = (HeadStore(Path(path).expanduser() / "head.note") for path in settings.heads.paths)
    return (HeadStore(root / "heads" / "head.note"), *state_heads(root, settings.ledger.origin), *more)
