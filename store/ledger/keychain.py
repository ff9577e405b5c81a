"""Which keys this ledger's checkpoints are to be signed by: read from its own entries, tied to the one key pinned."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from store.domain import events as ev
from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.integrity.entry import Entry, open_entry
from store.integrity.logkeys import LogKeys
from store.integrity.note import Verifier
from store.ledger.connection import check_file, open_reader, storage_errors

ROTATED: Final = ev.LogKeyRotated.KIND
ROTATION_MARK: Final = f'"kind":"{ROTATED}"'.encode()
"""Stands in the body of every entry that hands the log over, and hardly in any other."""


class KeyRotated(StorageFailure):
    """Another process handed the log over to a new key: this one must be opened again to sign with it."""


def read_keys(connection: sqlite3.Connection, pinned: Verifier) -> LogKeys:
    """Return every key of the log, from entry 1's over each rotation; `pinned` has to be one of them.

    Whether the rotations are an admin's is judged where signatures of people are judged. Here the notes speak:
    the checkpoint over a rotation is signed by the old key and by the new one.

    Raises:
        IntegrityFailure: the entries cannot be read, do not name keys in order, or none of the keys is `pinned`.
    """
    sql = "SELECT seq, body, hash FROM entry WHERE kind = ? ORDER BY seq"
    rotations = [open_entry(*row) for row in connection.execute(sql, (ROTATED,)).fetchall()]
    if not rotations:
        return LogKeys(pinned)
    first = connection.execute("SELECT seq, body, hash FROM entry WHERE seq = 1").fetchone()
    if first is None:
        raise IntegrityFailure("entry 1, which names the log's first key, is missing")
    keys = LogKeys(_key_of(open_entry(*first)))
    for entry in rotations:
        if entry.statement.data.get("previous") != keys.newest.vkey:
            raise IntegrityFailure(f"entry {entry.seq} hands over a key that was not the log's at the time")
        keys = keys.rotated(entry.seq, _key_of(entry))
    if pinned not in keys.all:
        raise IntegrityFailure(f"none of the log's {len(keys.all)} keys is {pinned.vkey}, which was expected here")
    return keys


def keys_of(path: Path, pinned: Verifier) -> LogKeys:
    """Return every key of the log in the file at `path`; for who has to choose a private key before opening it.

    Raises:
        BadInput, StorageFailure, IntegrityFailure: there is no ledger, or its keys cannot be read.
    """
    check_file(path)
    with storage_errors(path), closing(open_reader(path)) as connection:
        return read_keys(connection, pinned)


def _key_of(entry: Entry) -> Verifier:
    vkey = entry.statement.data.get("log_key")
    try:
        return Verifier.from_vkey(vkey if isinstance(vkey, str) else "")
    except BadInput as error:
        raise IntegrityFailure(f"entry {entry.seq} names no key of the log: {error}") from None
