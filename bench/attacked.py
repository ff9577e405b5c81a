"""What is attacked: a true ledger with an older copy of it, and a database that is written to behind the program."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.scene import workspace
from store import projections
from store.demo.samples import orders
from store.domain import events as ev
from store.domain.roles import parse_grant
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.entry import open_entry
from store.integrity.merkle import RootBuilder, leaf_hash
from store.integrity.note import NoteSigner, Verifier
from store.integrity.signer import KeyFileSigner, generate_log_key, load_log_key
from store.ledger.tree import rebuild_nodes
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.delivery.environments import add as add_environment
from store.services.exports.bulk import ingest_paths
from store.services.identity import people
from store.services.requests import approving, requests

Row = list[Any]


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
    ingest_paths(context, [export], project="orders", environment="prod")
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
        ingest_paths(context, [export], project="orders", environment="prod")
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


class Opened:
    """The database with its triggers out of the way, put back as they were at the end."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        self._triggers = self.sql.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in self._triggers:
            self.sql.execute(f"DROP TRIGGER {name}")

    def __enter__(self) -> Opened:
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

    def rebuild_tables(self) -> None:
        """Make the read tables fit the forged entries: an attacker who knows the program would."""
        rows = self.sql.execute("SELECT seq, body, hash FROM entry ORDER BY seq").fetchall()
        self.sql.execute("BEGIN")
        projections.rebuild(self.sql, [open_entry(*row) for row in rows])
        self.sql.execute("COMMIT")
