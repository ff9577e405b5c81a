from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from support.scene import Scene

from store.ledger.report import Verdict
from store.services.audit import verifying
from store.services.audit.verifying import Scope
from store.services.identity import people


def hide(path: Path, seq: int) -> None:
    """Take one entry out of the index over kinds, as an editor of pages can: the row itself stays."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_kind'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        partial = f"{sql} WHERE seq <> {seq}"
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entry_kind'", (partial,))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("REINDEX entry_kind")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entry_kind'", (sql,))


def test_an_entry_that_an_index_hides_is_noticed(scene: Scene) -> None:
    """Decisions look entries up by kind: a revoked key would count again, and every byte of the chain is whole."""
    fingerprint = scene.bo.signer.public.fingerprint
    entry = people.revoke_key(scene.context, scene.alice, "bo", fingerprint, reason="lost")
    assert verifying.verify_workspace(scene.context, scope=Scope()).ok
    hide(scene.context.ledger.path, entry.seq)
    assert not list(scene.context.ledger.entries(kinds=["key.revoked"]))
    report = verifying.verify_workspace(scene.context, scope=Scope())
    assert report.verdict is Verdict.INVALID
    assert {problem.problem for problem in report.problems} >= {"index"}
