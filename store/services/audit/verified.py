"""The last verified head: a signed checkpoint of our own that verification may go on from.

It stands in `heads/verified.note`. Whoever can write the database can write it too, and every checkpoint in the
database is signed: going on from it shows that nothing new is wrong, not that nothing old was changed since. That is
why it only saves time, at the console's start and after a stop; a plain `verify` reads everything.
"""

from __future__ import annotations

from contextlib import suppress

from store.errors import IntegrityFailure, NotFound, QuarterdeckError, StorageFailure
from store.integrity.checkpoint import Checkpoint
from store.ledger import HeadStore
from store.services.context import Context


def store_of(context: Context) -> HeadStore:
    """Return where the last verified head is kept."""
    return HeadStore(context.root / "heads" / "verified.note")


def last(context: Context) -> Checkpoint | None:
    """Return the last verified head; None where there is none, or none that our key signed for this ledger's size."""
    try:
        note = store_of(context).read()
        kept = context.ledger.keys.open(note) if note is not None else None
        usable = kept is not None and kept.origin == context.ledger.origin and kept.size <= context.ledger.head().size
    except QuarterdeckError:
        return None
    return kept if usable else None


def remember(context: Context, size: int, root: bytes | None = None) -> None:
    """Keep the checkpoint over exactly so many entries (with this root), which were just found good.

    Nothing is kept where no checkpoint ends there, or where the workspace cannot be written: it only saves time.
    """
    with suppress(NotFound, IntegrityFailure, StorageFailure):
        note = context.ledger.checkpoint(size)
        found = context.ledger.keys.open(note)
        kept = store_of(context)
        if 0 < size == found.size and root in {None, found.root} and kept.read() != note:
            kept.write(note)
