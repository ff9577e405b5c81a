"""Which keys this ledger's checkpoints are to be signed by: read from its own entries, tied to the one key pinned."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.integrity.entry import Entry, open_entry
from store.integrity.logkeys import LogKeys
from store.integrity.note import Verifier
from store.ledger.connection import check_file, open_reader, storage_errors

ROTATED: Final = "log.key-rotated"
SECONDED: Final = "log.second-key-set"
CHANGES: Final = {kind: f'"kind":"{kind}"'.encode() for kind in (ROTATED, SECONDED)}
"""Kinds that change the log's keys, with what stands in the body of every such entry, and hardly in any other."""


class KeyRotated(StorageFailure):
    """Another process changed the log's keys: this one must open it again to sign with the new one."""


def changes_keys(seq: int, body: bytes, hash_: bytes) -> bool:
    """Say whether an entry changes which keys sign for the log.

    Raises:
        IntegrityFailure: it looks like it, but its bytes are not what they must be.
    """
    return any(mark in body for mark in CHANGES.values()) and open_entry(seq, body, hash_).statement.kind in CHANGES


def read_keys(connection: sqlite3.Connection, pinned: Verifier) -> LogKeys:
    """Return every key of the log, from entry 1's over each change; `pinned` has to be one of the first kind.

    Whether the changes are an admin's is judged where signatures of people are judged. Here the notes speak:
    the checkpoint over a rotation is signed by the old key and by the new one.

    Raises:
        IntegrityFailure: the entries cannot be read, do not name keys in order, or none of the keys is `pinned`.
    """
    sql = "SELECT seq, body, hash FROM entry WHERE kind = ? ORDER BY seq"
    rotations, seconds = ([open_entry(*row) for row in connection.execute(sql, (kind,)).fetchall()] for kind in CHANGES)
    keys = _rotated(connection, pinned, rotations) if rotations else LogKeys(pinned)
    for entry in seconds:
        before = keys.second
        if entry.statement.data.get("previous") != (before.vkey if before else ""):
            raise IntegrityFailure(f"entry {entry.seq} replaces a second key that was not the log's at the time")
        named = entry.statement.data.get("second_key")
        keys = keys.seconded(entry.seq, _key_of(entry, "second_key") if named else None)
    return keys


def _rotated(connection: sqlite3.Connection, pinned: Verifier, rotations: Sequence[Entry]) -> LogKeys:
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


def _key_of(entry: Entry, field: str = "log_key") -> Verifier:
    vkey = entry.statement.data.get(field)
    try:
        return Verifier.from_vkey(vkey if isinstance(vkey, str) else "")
    except BadInput as error:
        raise IntegrityFailure(f"entry {entry.seq} names no key of the log: {error}") from None
