"""Bytes by their SHA-256: an append-only table of whole frames and of deltas on an earlier version.

A chain is never longer than `MAX_DEPTH` deltas. When it is full, the next version is told apart from an ancestor
near the root instead of the latest one, so that it costs a delta over some thirty versions, not a whole copy;
`turns` counts how often that happened, and so names the ancestor to take the next time.

sqlite3's own errors pass through: whoever opened the connection says what they mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

from store.archive import codec
from store.archive.ahead import Ahead
from store.archive.recent import ALWAYS_ALLOWED_CHAIN, MAX_DEPTH, Foothold, Kept, Recent, sealed
from store.errors import BadInput, IntegrityFailure, Lost, mend

_MAX_TURNS = 16

TABLES: tuple[str, ...] = (
    f"""CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    size INTEGER NOT NULL CHECK (size BETWEEN 0 AND {codec.MAX_SIZE}),
    depth INTEGER NOT NULL CHECK (depth BETWEEN 0 AND {MAX_DEPTH}),
    turns INTEGER NOT NULL CHECK (turns BETWEEN 0 AND depth),
    base INTEGER REFERENCES blob (id) CHECK (base < id),
    data BLOB NOT NULL,
    CHECK ((base IS NULL) = (depth = 0))
) STRICT""",
    # A delta is often shorter than a digest, so an index over all of it would double the archive. Six bytes find
    # the row; the trigger keeps digests unique.
    "CREATE INDEX blob_by_digest ON blob (substr(digest, 1, 6))",
    """CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END""",
    """CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END""",
    # Also closes INSERT OR REPLACE, which deletes without asking the trigger above.
    """CREATE TRIGGER blob_next BEFORE INSERT ON blob
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM blob)
    OR EXISTS (SELECT 1 FROM blob WHERE substr(digest, 1, 6) = substr(NEW.digest, 1, 6) AND digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'the archive takes only new blobs, in order'); END""",
)

_FIND = "SELECT id FROM blob WHERE substr(digest, 1, 6) = substr(?1, 1, 6) AND digest = ?1"

_CHAIN = """
WITH RECURSIVE link (step, id) AS (
    SELECT 0, ?1
    UNION ALL
    SELECT link.step + 1, blob.base FROM link JOIN blob ON blob.id = link.id
    WHERE blob.base IS NOT NULL AND link.step < ?2
)
SELECT link.step, blob.id, blob.size, blob.depth, blob.turns, blob.base, length(blob.data) AS stored,
    CASE WHEN length(blob.data) <= blob.size + blob.size / 1024 + 64 THEN blob.data END AS data
FROM link JOIN blob ON blob.id = link.id
"""

_INSERT = """
INSERT INTO blob (id, digest, size, depth, turns, base, data)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM blob), ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """What the archive holds."""

    blobs: int
    raw_bytes: int
    """Bytes of everything in it, as it would lie around in files."""
    stored_bytes: int
    """Bytes its frames take, without what SQLite adds per row."""


class _Link(NamedTuple):
    """One blob of a chain; its depth is its position, the root's is 0. Made 32 times a read: a tuple is quicker."""

    id: int
    size: int
    turns: int
    data: bytes


def put(
    connection: sqlite3.Connection,
    data: bytes,
    *,
    previous: str | None = None,
    recent: Recent | None = None,
    ahead: Ahead | None = None,
) -> str:
    """Keep `data` and return its digest (SHA-256, 64 hex digits); what is there already is not stored again.

    `previous` is the digest of an earlier version of the same thing: only the difference is stored then. With
    `recent` that is quicker where both were put with it, with `ahead` where the difference was expected.

    Raises:
        BadInput: `data` is larger than `codec.MAX_SIZE`.
        NotFound: `previous` is not in the archive.
        IntegrityFailure: `previous` is damaged.
    """
    raw = (ahead.digest(data) if ahead is not None else None) or sha256(data).digest()
    if _row_number(connection, raw) is not None:
        return raw.hex()
    near = _near(connection, previous, recent) if recent is not None and previous is not None else None
    far = _foothold(connection, previous) if near is None and previous is not None else None
    hold, frame = _framed(data, near or far, ahead)
    depth, turns, base = (hold.depth, hold.turns, hold.id) if hold is not None else (0, 0, None)
    row = connection.execute(_INSERT, (raw, len(data), depth, turns, base, frame)).lastrowid
    if recent is not None and row is not None:
        stored, seal = (hold.stored, hold.seal) if hold is not None else (0, b"")
        kept = Kept(
            id=row,
            digest=raw,
            depth=depth,
            turns=turns,
            stored=stored + len(frame),
            seal=sealed(seal, frame),
            data=data,
        )
        recent.keep(kept, instead_of=previous)
    return raw.hex()


def _framed(data: bytes, hold: Foothold | None, ahead: Ahead | None) -> tuple[Foothold | None, bytes]:
    """Return the frame to store and what it rests on: a delta, unless that saves too little to be worth the chain."""
    if hold is None:
        return None, codec.compress(data, None)
    expected = ahead.frame(data, hold.base.content) if ahead is not None else None
    delta = expected if expected is not None else codec.compress(data, hold.base)
    if len(delta) * 8 <= len(data):
        return hold, delta
    whole = codec.compress(data, None)
    return (None, whole) if len(whole) * 3 <= len(delta) * 4 else (hold, delta)


def _near(connection: sqlite3.Connection, digest: str, recent: Recent) -> Foothold | None:
    """Return where the next version rests by what was put lately, if the frames on the disk are still those.

    They are looked at once in a transaction, and not decoded.
    """
    hold = recent.foothold(connection, digest)
    if hold is None or recent.is_trusted(digest):
        return hold
    if _seal(_chain(connection, digest)) != hold.seal:
        return None
    recent.trust(digest)
    return hold


def _seal(links: Sequence[_Link]) -> bytes:
    return reduce(sealed, (link.data for link in links), b"")


def _foothold(connection: sqlite3.Connection, digest: str) -> Foothold | None:
    """Return where the next version of `digest` can rest: on it, on an ancestor, or nowhere (a new whole frame)."""
    links = _chain(connection, digest)
    if sum(len(link.data) for link in links) > max(links[-1].size, ALWAYS_ALLOWED_CHAIN):
        return None  # reading the chain would take more memory than the thing itself
    turns = links[-1].turns
    if len(links) > MAX_DEPTH:
        if turns >= _MAX_TURNS:
            return None
        links, turns = links[: turns + 1], turns + 1
    data, number = _expanded(links, digest), links[-1].id
    (promised,) = connection.execute("SELECT digest FROM blob WHERE id = ?", (number,)).fetchone()
    if sha256(data).digest() != promised:
        raise IntegrityFailure(f"blob {digest[:12]}, row {number}: the stored bytes have another SHA-256")
    return Foothold(
        id=number,
        depth=len(links),
        turns=turns,
        stored=sum(len(link.data) for link in links),
        seal=_seal(links),
        base=codec.Base(data),
    )


def get(connection: sqlite3.Connection, digest: str) -> bytes:
    """Return the bytes whose SHA-256 is `digest`, hashed again before they are handed out.

    Raises:
        BadInput: `digest` is not 64 hex digits.
        Lost: the archive does not hold it.
        IntegrityFailure: what is stored does not give these bytes.
    """
    data = _expanded(_chain(connection, digest), digest)
    if sha256(data).hexdigest() != digest:
        raise IntegrityFailure(f"blob {digest[:12]}: the stored bytes have another SHA-256")
    return data


def contains(connection: sqlite3.Connection, digest: str) -> bool:
    """Say whether the archive holds `digest`, without decoding it.

    Raises:
        BadInput: `digest` is not 64 hex digits.
    """
    return _row_number(connection, _digest_bytes(digest)) is not None


def sizes(connection: sqlite3.Connection) -> Sizes:
    """Return how much is in the archive and what it takes."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0), coalesce(sum(length(data)), 0) FROM blob"
    ).fetchone()
    return Sizes(blobs=row[0], raw_bytes=row[1], stored_bytes=row[2])


def _digest_bytes(digest: str) -> bytes:
    if len(digest) == 64 and not digest.strip("0123456789abcdef"):
        return bytes.fromhex(digest)
    raise BadInput("a digest is 64 lower-case hex digits (SHA-256)")


def _row_number(connection: sqlite3.Connection, raw: bytes) -> int | None:
    row = connection.execute(_FIND, (raw,)).fetchone()
    return None if row is None else row[0]


def _chain(connection: sqlite3.Connection, digest: str) -> tuple[_Link, ...]:
    """Return the blobs from the whole frame at the root to the one with `digest`; at most `MAX_DEPTH` + 1 of them."""
    number = _row_number(connection, _digest_bytes(digest))
    if number is None:
        raise mend(Lost(f"the archive holds no {digest[:12]}…"))
    # Sorted here, not by SQLite: a sorter would copy every frame once more.
    rows = sorted(connection.execute(_CHAIN, (number, MAX_DEPTH)).fetchall(), key=itemgetter(0), reverse=True)
    return tuple(_link(position, row, digest) for position, row in enumerate(rows))


def _link(position: int, row: tuple[Any, ...], digest: str) -> _Link:
    """Believe nothing: the row may come from a copy that somebody edited."""
    _step, number, size, depth, turns, base, stored, data = row
    where = f"blob {digest[:12]}, row {number}"
    if not isinstance(size, int) or not 0 <= size <= codec.MAX_SIZE:
        raise IntegrityFailure(f"{where}: the recorded size is impossible")
    if not isinstance(data, bytes):
        raise IntegrityFailure(f"{where}: {stored} stored bytes cannot hold {size:,} bytes of content")
    if depth != position or (base is None) != (position == 0):
        raise IntegrityFailure(f"{where}: its chain is broken or longer than {MAX_DEPTH} deltas")
    if not isinstance(turns, int) or not 0 <= turns <= position:
        raise IntegrityFailure(f"{where}: its place in the chain is impossible")
    return _Link(number, size, turns, data)


def _expanded(links: Sequence[_Link], digest: str) -> bytes:
    try:
        return codec.expand([link.data for link in links], [link.size for link in links])
    except IntegrityFailure as failure:
        raise IntegrityFailure(f"blob {digest[:12]}: {failure}") from failure
