"""The attacks themselves: what somebody does to a copy of the database, with plain SQL and what keys they have."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.attacked import Opened, Row, Scene
from store.ledger import HeadStore

Move = Callable[[Scene, Path, HeadStore, random.Random], None]


def _word(entry: dict[str, Any], chance: random.Random) -> None:
    """Change something that an entry says."""
    time = entry["statement"]["time"]
    digit = str((int(time[-2]) + chance.randint(1, 9)) % 10)
    entry["statement"]["time"] = f"{time[:-2]}{digit}Z"


def _pick(rows: list[Row], chance: random.Random, *, signed: bool | None = None) -> Row:
    fitting = [row for row in rows if signed is None or (row[1]["sig"] is not None) == signed]
    return chance.choice(fitting)


def edit(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change one character of one body."""
    with Opened(path) as db:
        seq, entry = _pick(db.rows(), chance)
        _word(entry, chance)
        body = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        db.sql.execute("UPDATE entry SET body = ? WHERE seq = ?", (body, seq))


def edit_and_rechain(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change an unsigned entry and chain everything after it anew."""
    with Opened(path) as db:
        rows = db.rows()
        _word(_pick(rows, chance, signed=False)[1], chance)
        db.write(rows)


def delete(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Delete one entry and chain the rest anew."""
    with Opened(path) as db:
        rows = db.rows()
        rows.remove(_pick(rows[:-1], chance, signed=False))
        db.write(rows)
        db.drop_notes_above(len(rows))


def insert(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Slip a copy of an observation in somewhere and chain the rest anew."""
    with Opened(path) as db:
        rows = db.rows()
        extra = json.loads(json.dumps(_pick(rows[1:], chance, signed=False)))
        _word(extra[1], chance)
        rows.insert(chance.randrange(2, len(rows)), extra)
        db.write(rows)


def reorder(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Swap two neighbours and chain the rest anew."""
    with Opened(path) as db:
        rows = db.rows()
        at = chance.randrange(len(rows) - 25, len(rows) - 1)
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
        db.write(rows)


def tail_cut(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Cut the newest entries off, with their checkpoints."""
    with Opened(path) as db:
        sizes = [size for (size,) in db.sql.execute("SELECT size FROM checkpoint ORDER BY size")]
        size = chance.choice(sizes[4:-1])
        db.write(db.rows()[:size])
        db.drop_notes_above(size)
        db.rebuild_tables()


def old_backup(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Put an older copy's entries back, leave the newer checkpoints."""
    with sqlite3.connect(path) as newer:
        notes = newer.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
    newer.close()
    shutil.copy(scene.older, path)
    with Opened(path) as db:
        db.sql.executemany("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", notes)


def old_backup_whole(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Put the whole older file back."""
    shutil.copy(scene.older, path)


def fork(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Go on from the older copy with the log's key, as if the newer entries had never been."""
    shutil.copy(scene.older, path)
    with Opened(path) as db:
        rows = db.rows()
        for _ in range(chance.randint(1, 60)):
            extra = json.loads(json.dumps(next(r for r in rows if r[1]["statement"]["kind"] == "artifact.ingested")))
            _word(extra[1], chance)
            rows.append(extra)
        db.write(rows)
        db.sign_all(scene)
        db.rebuild_tables()


def rewrite_with_log_key(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change an observation, chain and sign everything anew with the stolen log key."""
    with Opened(path) as db:
        rows = db.rows()
        _word(_pick(rows[1:], chance, signed=False)[1], chance)
        db.write(rows)
        db.sign_all(scene)
        db.rebuild_tables()


def rewrite_with_log_key_and_head(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """The same, and replace the kept head too."""
    with Opened(path) as db:
        rows = db.rows()
        _word(_pick(rows[1:], chance, signed=False)[1], chance)
        db.write(rows)
        head.write(db.sign_all(scene))
        db.rebuild_tables()


def revoked_key(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Append an act signed with a key after its revocation, with the log's key."""
    with Opened(path) as db:
        rows = db.rows()
        statement = json.loads(scene.revoked_body)
        statement["data"]["note"] = f"forged {chance.random()}"
        message = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        rows.append([0, {"sig": b64encode(scene.revoked.sign(message)).decode(), "statement": statement}])
        db.write(rows)
        db.sign_all(scene)
        db.rebuild_tables()


def signature_moved(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Give one act the signature of another, chain and sign anew with the log's key."""
    with Opened(path) as db:
        rows = db.rows()
        signed = [row for row in rows if row[1]["sig"] is not None]
        one, other = chance.sample(signed, 2)
        one[1]["sig"] = other[1]["sig"]
        db.write(rows)
        db.sign_all(scene)


def triggers_stripped(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Drop one of the triggers that keep tables append-only."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
        db.execute(f"DROP TRIGGER {chance.choice(names)}")
    db.close()


def signatures_stripped(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Take a person's signature off an act, chain and sign anew with the log's key."""
    with Opened(path) as db:
        rows = db.rows()
        _pick(rows, chance, signed=True)[1]["sig"] = None
        db.write(rows)
        db.sign_all(scene)


def read_tables_edited(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change what a screen shows, and no entry."""
    with sqlite3.connect(path) as db:
        change = chance.choice(
            [
                "UPDATE request SET state = 'live'",
                "UPDATE request SET risk = 'low'",
                "DELETE FROM decision WHERE actor = 'bo'",
                "UPDATE principal SET grants = replace(grants, 'approver', 'admin')",
                "UPDATE artifact SET secrets = 7",
            ]
        )
        db.execute(change)
    db.close()


MOVES: Mapping[str, tuple[str, Move]] = {
    "edit": ("one character of one entry", edit),
    "edit and re-chain": ("an observation, everything after it chained anew", edit_and_rechain),
    "delete": ("one entry, the rest chained anew", delete),
    "insert": ("a made-up observation, the rest chained anew", insert),
    "reorder": ("two neighbours swapped, the rest chained anew", reorder),
    "tail cut": ("the newest entries with their checkpoints", tail_cut),
    "old backup": ("older entries, newer checkpoints left", old_backup),
    "old backup with old checkpoint": ("the whole older file", old_backup_whole),
    "fork": ("an older copy continued with the log's key", fork),
    "rewrite with the log key": ("an observation, all chained and signed anew", rewrite_with_log_key),
    "rewrite with the log key and the kept head": (
        "the same, the kept head replaced too",
        rewrite_with_log_key_and_head,
    ),
    "revoked key": ("an act signed after the key was revoked, with the log's key", revoked_key),
    "signature moved": ("one act's signature on another, with the log's key", signature_moved),
    "triggers stripped": ("a trigger dropped, nothing else", triggers_stripped),
    "signatures stripped": ("a person's signature taken off, with the log's key", signatures_stripped),
    "read tables edited": ("what screens show changed, no entry", read_tables_edited),
}
"""Attack → (how, in words; the move)."""
