"""A workspace: one folder with its configuration, ledger, keys and drop folders, opened once."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from store import config
from store.clock import Clock, SystemClock, timestamp
from store.config import Config, LedgerConfig
from store.domain import events as ev
from store.domain.policy import default_policy
from store.domain.roles import checked_handle
from store.domain.signatures import SignatureAudit
from store.errors import BadInput, NotFound, StorageFailure
from store.integrity.entry import Statement
from store.integrity.note import NoteSigner, Verifier
from store.integrity.signer import Signer, generate_log_key, load_log_key
from store.ledger import HeadStore, Ledger, state_heads
from store.ledger.report import Report
from store.ledger.verify import verify
from store.services.context import SYSTEM, TABLES, Context, fresh_nonce
from store.services.people import bare_line

LEDGER_FILE = "ledger.db"
LOG_KEY_FILE = "keys/log.key"
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
) -> Workspace:
    """Make a new workspace at `root`; the owner of the key becomes its first admin.

    A log key that lies in `keys/` already is used, never overwritten.

    Raises:
        BadInput: there is a workspace already, or the handle or origin will not do.
        StorageFailure: the folder cannot be written.
    """
    clock = clock or SystemClock()
    checked_handle(handle)
    root = root.absolute()
    if (root / config.FILE_NAME).exists() or (root / LEDGER_FILE).exists():
        raise BadInput(f"{root} is a workspace already")
    name = re.sub(r"[^a-z0-9.-]+", "-", root.name.lower()).strip("-.") or "ledger"
    origin = origin or f"quarterdeck.local/{name[:40]}-{secrets.token_hex(4)}"
    if not _ORIGIN.fullmatch(origin):
        raise BadInput(f"{origin!a} is no origin: a schema-less URL in lower case, e.g. example.com/ledger")
    try:
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for private in ("heads", "keys", "locks"):
            (root / private).chmod(0o700)
        key_path = root / LOG_KEY_FILE
        log_key = load_log_key(key_path) if key_path.exists() else generate_log_key(key_path)
    except (FileExistsError, NotADirectoryError):
        raise BadInput(f"{root} cannot be made a workspace: a file is in its way") from None
    except OSError as error:
        raise StorageFailure(f"{root} cannot be made a workspace: {error.strerror}") from error
    _set_heads_aside(root, origin, clock)
    log_signer = NoteSigner(origin, log_key)
    vkey = log_signer.verifier.vkey
    settings = Config(name=name[:64], ledger=LedgerConfig(origin=origin, log_key=vkey))
    ledger = Ledger.create(
        root / LEDGER_FILE,
        origin=origin,
        log_signer=log_signer,
        clock=clock,
        heads=_heads(root, settings),
        tables=TABLES,
    )
    context = Context(root=root, config=settings, ledger=ledger, clock=clock, policy=default_policy(), nonce=nonce)
    _first_entries(context, signer, handle, vkey)
    _write_new(root / config.FILE_NAME, config.render(settings))
    return Workspace(context=context)


def _set_heads_aside(root: Path, origin: str, clock: Clock) -> None:
    """Keep, under another name, the heads of a ledger that stood in this folder before: it was replaced on purpose."""
    stamp = timestamp(clock.now()).replace(":", "")
    for store in state_heads(root, origin):
        if store.path.exists():
            store.path.rename(store.path.with_name(f"{store.path.name}.before-{stamp}"))


def _first_entries(context: Context, signer: Signer, handle: str, vkey: str) -> None:
    """Write entry 1 (the ledger) and entry 2 (its first admin, vouching for itself)."""
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
    """Verify the ledger of a workspace that cannot be opened, by its file alone.

    Raises:
        BadInput: it is no workspace or no ledger.
    """
    root = root.absolute()
    settings = config.load(root)
    return verify(
        root / LEDGER_FILE,
        heads=_heads(root, settings),
        verifier=Verifier.from_vkey(settings.ledger.log_key),
        origin=settings.ledger.origin,
        audit=SignatureAudit(),
        tables=TABLES,
    )


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


def open_workspace(root: Path, *, clock: Clock | None = None) -> Workspace:
    """Open the workspace at `root`. Without its log key it opens read-only.

    Raises:
        BadInput: it is no workspace, its configuration is faulty, or the ledger is of a newer version.
        IntegrityFailure: the ledger is not the one that belongs here.
        StorageFailure: the disk says no.
    """
    clock = clock or SystemClock()
    root = root.absolute()
    settings = config.load(root)
    if not (root / LEDGER_FILE).exists():
        raise NotFound(f"{root / LEDGER_FILE} is missing: restore it from a backup (heads/ remembers how long it was)")
    key_path = root / LOG_KEY_FILE
    log_signer = NoteSigner(settings.ledger.origin, load_log_key(key_path)) if key_path.exists() else None
    ledger = Ledger.open(
        root / LEDGER_FILE,
        clock=clock,
        heads=_heads(root, settings),
        log_signer=log_signer,
        verifier=Verifier.from_vkey(settings.ledger.log_key),
        origin=settings.ledger.origin,
        tables=TABLES,
    )
    return Workspace(context=Context(root=root, config=settings, ledger=ledger, clock=clock, policy=default_policy()))


def _heads(root: Path, settings: Config) -> tuple[HeadStore, ...]:
    more = (HeadStore(Path(path).expanduser() / "head.note") for path in settings.heads.paths)
    return (HeadStore(root / "heads" / "head.note"), *state_heads(root, settings.ledger.origin), *more)


def _write_new(path: Path, text: str) -> None:
    """Write a new file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StorageFailure(f"{path} cannot be written: {error.strerror}") from error
