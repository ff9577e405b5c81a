"""Whether the look-up columns lead to every entry: an index that leaves one out hides it from every decision."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from store.ledger.connection import open_reader, storage_errors

_MOST: Final = 20


def index_problems(path: Path, table: str = "") -> tuple[str, ...]:
    """Return, in SQLite's words, where the entries' indexes, types and checks do not hold; empty when they do.

    Verification reads entries in their order and would not notice. Reads everything: seconds for a million. With
    `table` (a name of ours) only that one is looked at.

    Raises:
        StorageFailure: the file cannot be read.
        IntegrityFailure: it is damaged so far that not even this can be asked.
    """
    with closing(open_reader(path)) as connection, storage_errors(path):
        connection.set_authorizer(None)  # of all pragmas this one is needed
        rows = connection.execute(f"PRAGMA integrity_check({table or _MOST})").fetchall()
    return tuple(str(line) for (line,) in rows if line != "ok")[:_MOST]
