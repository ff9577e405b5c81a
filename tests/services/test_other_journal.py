"""A ledger that another SQLite, or somebody by hand, left in another journal mode opens, and is in ours afterwards."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from support.scene import Scene
from support.tampering import plain_sql

from store.ledger.binding import Header
from store.ledger.connection import journal_mode
from store.services.audit.verifying import Scope, verify_workspace
from store.workspace import open_workspace


def has_other_journal(path: Path) -> bool:
    with closing(Header(path)) as header:
        return header.has_other_journal()


def test_it_opens_appends_and_verifies(scene: Scene) -> None:
    path, other = scene.context.ledger.path, "DELETE" if journal_mode() == "WAL" else "WAL"
    scene.workspace.close()
    assert not has_other_journal(path)
    with plain_sql(path) as sql:
        assert sql.execute(f"PRAGMA journal_mode = {other}").fetchone() == (other.lower(),)
    assert has_other_journal(path)
    scene.workspace = open_workspace(scene.workspace.root, clock=scene.clock)
    assert scene.context.ledger.read_only_reason is None
    assert not has_other_journal(path)
    scene.open_note()
    assert verify_workspace(scene.context, scope=Scope()).ok
