"""Making a new workspace: its folders, its log key, its ledger and the two entries that this begins with."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store import config
from store.clock import Clock, SystemClock, timestamp
from store.config import Config, LedgerConfig
from store.errors import BadInput, StorageFailure
from store.integrity.entry import Statement
from store.integrity.note import NoteSigner
from store.ledger import Ledger, state_heads
from store.ledger.mounts import network_problem
from store.services.context import SYSTEM, Context, fresh_nonce
from store.services.policy.book import Book
from store.services.tables import tables
from store.workspace.layout import LEDGER_FILE, LOG_KEY_FILE, heads_of
from store.workspace.opening import Workspace

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from store.integrity.signer import Signer

FOLDERS: Final = ("inbox", "observed", "quarantine", "out", "heads", "keys", "locks")
FORMAT: Final = 1
_ORIGIN: Final = re.compile(r"[a-z0-9][a-z0-9./-]{0,199}")


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
    name, origin = _named(root, origin)
    remote = network_problem(root)
    if remote is not None:
        raise BadInput(f"{remote}: make the workspace on a local disk")
    _make_folders(root)
    had_key = os.path.lexists(root / LOG_KEY_FILE)
    try:
        log_key = _log_key(root / LOG_KEY_FILE, log_passphrase)
        _set_heads_aside(root, origin, clock)
        context = _founded(root, name, origin, NoteSigner(origin, log_key), clock, nonce)
        _first_entries(context, signer, handle)
        config.save(root, config.render(context.config))
    except BadInput:
        raise  # somebody else's key or ledger stands there: it is left alone
    except BaseException:
        _undo(root, key=not had_key)
        raise
    return Workspace(context=context)


def _named(root: Path, origin: str | None) -> tuple[str, str]:
    """Return the workspace's name, which is its folder's, and the origin: the one asked for, else one by that name."""
    name = re.sub(r"[^a-z0-9.-]+", "-", root.name.lower()).strip("-.") or "ledger"
    origin = origin or f"quarterdeck.local/{name[:40]}-{os.urandom(4).hex()}"
    if not _ORIGIN.fullmatch(origin):
        raise BadInput(f"{origin!a} is no origin: a schema-less URL in lower case, e.g. example.com/ledger")
    return name[:64], origin


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
        heads=heads_of(root, settings),
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
    policy = context.policy.digest
    opened = ev.LedgerOpened(incarnation=context.nonce(), log_key=vkey, policy=policy, format=FORMAT, lapses=True)
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
