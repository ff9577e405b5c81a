"""A look back before the first word is added: nothing is put on top of entries that are no longer what they were."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from store.errors import IntegrityFailure
from store.integrity.entry import FIRST_PREV, check_links
from store.ledger.indexes import index_problems

NEWEST: Final = 10_000
"""Entries that are looked at again, which takes a tenth of a second; `verify` reads all of them."""


def check_newest(connection: sqlite3.Connection, path: Path) -> None:
    """Hash the newest entries again, follow their links, and ask whether look-ups lead to every one of them.

    Opening holds the tree against what was signed, by the stored hashes alone; whoever edits an older entry's bytes,
    or hides one from the indexes that decisions look in, would have people go on deciding on top of that. In a ledger
    of more than `NEWEST` entries the older ones, and the indexes, are left to `verify`.

    Raises:
        IntegrityFailure: an entry is changed, missing or hidden; it is named.
    """
    (size,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
    first = max(1, size - NEWEST + 1)
    row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (first - 1,)).fetchone()
    prev, expected = (row[0] if row is not None else FIRST_PREV), first
    rows = connection.execute("SELECT seq, body, hash FROM entry WHERE seq >= ? ORDER BY seq", (first,))
    for seq, body, stored in rows:
        if seq != expected:
            raise IntegrityFailure(f"{path}: entry {expected} is missing")
        try:
            check_links(seq, body, stored, prev)
        except IntegrityFailure as error:
            raise IntegrityFailure(f"{path}: {error}") from error
        except (TypeError, AttributeError) as error:  # in an edited page a column holds what it likes
            raise IntegrityFailure(f"{path}: entry {seq} is not bytes") from error
        prev, expected = stored, seq + 1
    hidden = index_problems(path, "entry") if size <= NEWEST else ()
    if hidden:
        raise IntegrityFailure(f"{path}: a look-up would miss or invent entries: {hidden[0]}")
