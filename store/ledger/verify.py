"""Verification: reads every byte that matters, believes nothing, and says one word (docs/integrity.md)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from store.collector import undisturbed
from store.errors import IntegrityFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.logkeys import LogKeys
from store.integrity.note import Verifier
from store.ledger.connection import check_file, explain, open_reader
from store.ledger.heads import HeadStore
from store.ledger.ledger import Ledger
from store.ledger.report import Report, VerificationStopped
from store.ledger.schema import check_identity
from store.ledger.span import Rules, Stopped
from store.ledger.verification import Audit, Verification
from store.ledger.workers import Progress


def verify(
    ledger: Path | Ledger,
    *,
    heads: Sequence[HeadStore],
    verifier: Verifier,
    origin: str,
    second: Verifier | None = None,
    progress: Progress | None = None,
    start: Checkpoint | None = None,
    audit: Audit | None = None,
    tables: Sequence[str] = (),
    witnesses: Sequence[Verifier] = (),
    quorum: int = 1,
    fast: bool = False,
    processes: int | None = None,
    reader: Callable[[Path], sqlite3.Connection] = open_reader,
) -> Report:
    """Check a ledger against its own key, and against every head kept in `heads`.

    `verifier` is any key that the log had: its rotations are followed from entry 1 on. `second` is an ML-DSA-44 key
    that the log must have had beside it; those that its entries name are asked for in any case. Every body is hashed,
    every link followed, the tree computed, every stored checkpoint checked; `fast` leaves out the canonical form
    of the bodies, and `audit`. With `start`, a checkpoint the caller trusts, only what came after it is read.
    `witnesses` are cosigners, of whom `quorum` have to vouch for a head; `reader` opens the file.
    Long ledgers are shared between `processes` (default: one a core). Memory stays flat.

    Raises:
        BadInput: there is no ledger, or it is of another application or of a newer version.
        StorageFailure: the file cannot be read.
        VerificationStopped: `progress` said no.
    """
    path = ledger.path if isinstance(ledger, Ledger) else ledger
    began = time.perf_counter()
    check_file(path)
    kinds = getattr(audit, "kinds", None)
    rules = Rules(origin=origin, keys=LogKeys(verifier), kinds=frozenset(kinds or ()), fast=fast)
    check = Verification(path, rules, heads, tuple(witnesses), start, progress or _go_on)
    check.expected_second = second
    told = _told(check, path, can_go_on=not fast and (audit is None or kinds is not None))
    with told, closing(reader(path)) as connection, undisturbed():
        check_identity(connection, path)
        check.run(connection, tables, processes, None if fast else audit)
    return check.report(quorum, time.perf_counter() - began)


@contextmanager
def _told(check: Verification, path: Path, *, can_go_on: bool) -> Iterator[None]:
    """Make problems of what the file is to blame for; let through what it is not.

    `can_go_on`: whether a later verification may begin where this one was stopped.
    """
    try:
        yield
    except IntegrityFailure as error:
        check.add(0, "storage", str(error))
    except sqlite3.Error as error:
        if not check.is_malformed:
            failure = explain(error, path)
            if not isinstance(failure, IntegrityFailure):
                raise failure from error
        check.add(0, "storage", str(error))
    except (TypeError, AttributeError, UnicodeDecodeError) as error:
        # STRICT holds while SQLite writes; in an edited page a column holds what it likes, and messages quote it.
        check.add(0, "storage", f"a value of another kind than this program writes ({type(error).__name__})")
    except Stopped:
        stopped = VerificationStopped(f"{path}: verification was stopped; there is no verdict")
        stopped.reached = check.reached() if can_go_on else 0
        raise stopped from None


def _go_on(_done: int, _total: int) -> bool:
    return True
