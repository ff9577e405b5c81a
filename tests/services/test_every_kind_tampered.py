"""Whatever kind of entry somebody changes in the file, `verify` says INVALID and names it: it never just fails."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.tampering import past_triggers

from store.demo.build import make
from store.ledger.report import Verdict
from store.services.audit.verifying import Scope, verify_workspace
from store.workspace import open_workspace


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tampered") / "demo"
    make(root, progress=lambda line: None)
    return root


def change_a_byte(root: Path, seq: int) -> None:
    """Change one byte of an entry the way somebody with the file would, leaving the triggers as they were."""
    with past_triggers(root / "ledger.db") as connection:
        (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
        connection.execute(
            "UPDATE entry SET body = ? WHERE seq = ?", (body.replace(b'"time":"20', b'"time":"21', 1), seq)
        )


def test_a_changed_byte_in_any_kind_of_entry_is_told(demo: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(demo / "ledger.db")) as connection:
        newest = connection.execute("SELECT max(seq) FROM entry").fetchone()[0]
        kinds = connection.execute("SELECT kind, max(seq) FROM entry WHERE seq < ? GROUP BY kind", (newest,)).fetchall()
    assert len(kinds) > 15
    for kind, seq in kinds:
        root = tmp_path / kind
        shutil.copytree(demo, root)
        change_a_byte(root, seq)
        workspace = open_workspace(root)
        try:
            report = verify_workspace(workspace.context, scope=Scope())
        finally:
            workspace.close()
        assert report.verdict is Verdict.INVALID, kind
        assert seq in {problem.seq for problem in report.problems}, kind
        shutil.rmtree(root)
