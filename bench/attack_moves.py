"""The attacks themselves: what somebody does to a copy of the database, with plain SQL and what keys they have."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.scene import workspace
from store.demo.samples import orders
from store.domain import events as ev
from store.domain.roles import parse_grant
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.merkle import RootBuilder, leaf_hash
from store.integrity.note import NoteSigner, Verifier
from store.integrity.signer import KeyFileSigner, generate_log_key, load_log_key
from store.ledger import HeadStore
from store.ledger.tree import rebuild_nodes
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.delivery.environments import add as add_environment
from store.services.exports import ingesting
from store.services.identity import people
from store.services.requests import approving, requests


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The true ledger, an older copy of it, and what attackers may have stolen."""

    folder: Path
    path: Path
    older: Path
    note: bytes
    origin: str
    verifier: Verifier
    log: NoteSigner
    revoked: KeyFileSigner
    revoked_body: str


Row = list[Any]
Move = Callable[[Scene, Path, HeadStore, random.Random], None]


def prepared(folder: Path) -> Scene:
    """Live through a little history: people, an export, a request, approvals, a revoked key, observations."""
    space, ana = workspace(folder / "true")
    context = space.context
    for name in ("bo", "eve"):
        generate_log_key(folder / name)
        signer = KeyFileSigner(folder / name)
        people.add(context, ana, name, key_lines=[people.bare_line(signer.public)], grants=[parse_grant("approver")])
    add_environment(context, ana, "prod", target="folder", settings={"deliver": "out/prod"})
    export = folder / "flows.json"
    export.write_bytes(orders(1))
    ingesting.ingest_path(context, export, project="orders", environment="prod")
    stated = ev.RequestContent(title="First", why="go live", success="orders", risk="high", rollback_plan="none")
    requests.open_request(context, ana, project="orders", environment="prod", content=stated)
    requests.submit(context, ana, "CR-0001")
    older = folder / "older.db"
    shutil.copy(space.root / "ledger.db", older)
    eve = KeyFileSigner(folder / "eve")
    for name in ("bo", "eve"):
        approving.approve(context, Actor(handle=name, signer=KeyFileSigner(folder / name)), "CR-0001")
    people.revoke_key(context, ana, "eve", eve.public.fingerprint, reason="lost")
    for number in range(30):
        export.write_bytes(orders(1 + number % 4))
        ingesting.ingest_path(context, export, project="orders", environment="prod")
    event = ev.IncidentNoted(incident="INC-0001", note="nothing to see here")
    body = statement_of(context, event, "eve").bytes().decode()
    note = context.ledger.checkpoint()
    space.close()
    key = load_log_key(space.root / "keys" / "log.key")
    return Scene(
        folder=folder,
        path=space.root / "ledger.db",
        older=older,
        note=note,
        origin=context.config.ledger.origin,
        verifier=Verifier.from_vkey(context.config.ledger.log_key),
        log=NoteSigner(context.config.ledger.origin, key),
        revoked=eve,
        revoked_body=body,
    )


class _Open:
    """The database with its triggers out of the way, put back as they were at the end."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        self._triggers = self.sql.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in self._triggers:
            self.sql.execute(f"DROP TRIGGER {name}")

    def __enter__(self) -> _Open:
        return self

    def __exit__(self, *_: object) -> None:
        for _name, sql in self._triggers:
            self.sql.execute(sql)
        self.sql.close()

    def rows(self) -> list[Row]:
        """Return [seq, entry as JSON] of every entry."""
        return [[seq, json.loads(body)] for seq, body in self.sql.execute("SELECT seq, body FROM entry ORDER BY seq")]

    def write(self, rows: list[Row]) -> None:
        """Put these entries in place of all, chained anew from first to last, tree nodes too."""
        self.sql.execute("BEGIN")
        self.sql.execute("DELETE FROM entry")
        previous = bytes(32)
        for number, (_, entry) in enumerate(rows, start=1):
            entry["seq"], entry["prev"] = number, previous.hex()
            body = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            previous = leaf_hash(body)
            self.sql.execute("INSERT INTO entry(seq, body, hash) VALUES (?, ?, ?)", (number, body, previous))
        rebuild_nodes(self.sql)
        self.sql.execute("COMMIT")

    def drop_notes_above(self, size: int) -> None:
        """Forget checkpoints of larger trees."""
        self.sql.execute("DELETE FROM checkpoint WHERE size > ?", (size,))

    def sign_all(self, scene: Scene) -> bytes:
        """Sign every stored size again with the stolen log key; return the newest note."""
        sizes = [size for (size,) in self.sql.execute("SELECT size FROM checkpoint ORDER BY size")]
        leaves = [digest for (digest,) in self.sql.execute("SELECT hash FROM entry ORDER BY seq")]
        tree, note = RootBuilder(), b""
        for leaf in leaves:
            tree.add(leaf)
            if tree.size in sizes or tree.size == len(leaves):
                note = sign_checkpoint(Checkpoint(origin=scene.origin, size=tree.size, root=tree.root()), scene.log)
                self.sql.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)", (tree.size, note))
        return note


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
    with _Open(path) as db:
        seq, entry = _pick(db.rows(), chance)
        _word(entry, chance)
        body = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        db.sql.execute("UPDATE entry SET body = ? WHERE seq = ?", (body, seq))


def edit_and_rechain(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change an unsigned entry and chain everything after it anew."""
    with _Open(path) as db:
        rows = db.rows()
        _word(_pick(rows, chance, signed=False)[1], chance)
        db.write(rows)


def delete(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Delete one entry and chain the rest anew."""
    with _Open(path) as db:
        rows = db.rows()
        rows.remove(_pick(rows[:-1], chance, signed=False))
        db.write(rows)
        db.drop_notes_above(len(rows))


def insert(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Slip a copy of an observation in somewhere and chain the rest anew."""
    with _Open(path) as db:
        rows = db.rows()
        extra = json.loads(json.dumps(_pick(rows[1:], chance, signed=False)))
        _word(extra[1], chance)
        rows.insert(chance.randrange(2, len(rows)), extra)
        db.write(rows)


def reorder(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Swap two neighbours and chain the rest anew."""
    with _Open(path) as db:
        rows = db.rows()
        at = chance.randrange(len(rows) - 25, len(rows) - 1)
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
        db.write(rows)


def tail_cut(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Cut the newest entries off, with their checkpoints."""
    with _Open(path) as db:
        sizes = [size for (size,) in db.sql.execute("SELECT size FROM checkpoint ORDER BY size")]
        size = chance.choice(sizes[4:-1])
        db.write(db.rows()[:size])
        db.drop_notes_above(size)
        _rebuild_tables(db.sql)


def old_backup(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Put an older copy's entries back, leave the newer checkpoints."""
    with sqlite3.connect(path) as newer:
        notes = newer.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
    newer.close()
    shutil.copy(scene.older, path)
    with _Open(path) as db:
        db.sql.executemany("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", notes)


def old_backup_whole(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Put the whole older file back."""
    shutil.copy(scene.older, path)


def fork(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Go on from the older copy with the log's key, as if the newer entries had never been."""
    shutil.copy(scene.older, path)
    with _Open(path) as db:
        rows = db.rows()
        for _ in range(chance.randint(1, 60)):
            extra = json.loads(json.dumps(next(r for r in rows if r[1]["statement"]["kind"] == "artifact.ingested")))
            _word(extra[1], chance)
            rows.append(extra)
        db.write(rows)
        db.sign_all(scene)
        _rebuild_tables(db.sql)


def rewrite_with_log_key(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Change an observation, chain and sign everything anew with the stolen log key."""
    with _Open(path) as db:
        rows = db.rows()
        _word(_pick(rows[1:], chance, signed=False)[1], chance)
        db.write(rows)
        db.sign_all(scene)
        _rebuild_tables(db.sql)


def rewrite_with_log_key_and_head(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """The same, and replace the kept head too."""
    with _Open(path) as db:
        rows = db.rows()
        _word(_pick(rows[1:], chance, signed=False)[1], chance)
        db.write(rows)
        head.write(db.sign_all(scene))
        _rebuild_tables(db.sql)


def revoked_key(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Append an act signed with a key after its revocation, with the log's key."""
    with _Open(path) as db:
        rows = db.rows()
        statement = json.loads(scene.revoked_body)
        statement["data"]["note"] = f"forged {chance.random()}"
        message = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        rows.append([0, {"sig": b64encode(scene.revoked.sign(message)).decode(), "statement": statement}])
        db.write(rows)
        db.sign_all(scene)
        _rebuild_tables(db.sql)


def signature_moved(scene: Scene, path: Path, head: HeadStore, chance: random.Random) -> None:
    """Give one act the signature of another, chain and sign anew with the log's key."""
    with _Open(path) as db:
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
    with _Open(path) as db:
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


def _rebuild_tables(connection: sqlite3.Connection) -> None:
    """Make the read tables fit the forged entries: an attacker who knows the program would."""
    from store import projections
    from store.integrity.entry import open_entry

    rows = connection.execute("SELECT seq, body, hash FROM entry ORDER BY seq").fetchall()
    connection.execute("BEGIN")
    projections.rebuild(connection, [open_entry(*row) for row in rows])
    connection.execute("COMMIT")


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

__all__ = ["MOVES", "Scene", "prepared"]
