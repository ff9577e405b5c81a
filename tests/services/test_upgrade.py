"""A workspace that the first quarterdeck made (format 1): opened, upgraded, and not one true byte changed."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from store.errors import BadInput, IntegrityFailure
from store.ledger.schema import SCHEMA_VERSION
from store.ledger.upgrade import is_old
from store.projections import NAMES, requests
from store.services.audit.verifying import Scope, verify_workspace
from store.workspace import LEDGER_FILE, open_workspace, verify_unopened

SAMPLE = Path(__file__).parents[1] / "ledger/fixtures/format-1.tar.xz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "ws"


def truth(root: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(root / LEDGER_FILE)) as connection:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("entry", "checkpoint", "node", "blob")
        ]


def test_it_opens_verifies_and_keeps_every_true_byte(old: Path) -> None:
    before = truth(old)
    assert is_old(old / LEDGER_FILE)
    workspace = open_workspace(old)
    try:
        report = verify_workspace(workspace.context, scope=Scope())
        assert report.ok, report.problems
        with workspace.ledger.reading() as connection:
            assert requests.one(connection, "CR-0001") is not None
    finally:
        workspace.close()
    assert truth(old) == before
    assert not is_old(old / LEDGER_FILE)


def test_a_copy_of_it_is_verified_as_it_is(old: Path) -> None:
    before = (old / LEDGER_FILE).read_bytes()
    assert verify_unopened(old).entries == 21
    assert (old / LEDGER_FILE).read_bytes() == before


def test_an_upgrade_that_dies_in_the_middle_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = truth(old)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("store.projections.rebuild", dies)
    with pytest.raises(KeyboardInterrupt):
        open_workspace(old)
    monkeypatch.undo()
    assert is_old(old / LEDGER_FILE)
    open_workspace(old).close()
    assert truth(old) == before


def test_stripped_triggers_are_not_upgraded_away(old: Path) -> None:
    with closing(sqlite3.connect(old / LEDGER_FILE)) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
    with pytest.raises(IntegrityFailure, match="trigger entry_no_update is missing"):
        open_workspace(old)


def test_pretending_to_be_old_only_rebuilds_what_was_edited(old: Path) -> None:
    open_workspace(old).close()
    with closing(sqlite3.connect(old / LEDGER_FILE)) as connection:
        connection.execute("UPDATE request SET state = 'live', title = 'Harmless'")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    workspace = open_workspace(old)
    try:
        with workspace.ledger.reading() as connection:
            assert requests.one(connection, "CR-0001").title == "First"
    finally:
        workspace.close()


def test_a_format_of_the_future_is_refused(old: Path) -> None:
    with closing(sqlite3.connect(old / LEDGER_FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(BadInput, match="newer"):
        open_workspace(old)


def test_every_read_table_can_be_rebuilt_by_name() -> None:
    assert len(set(NAMES)) == len(NAMES)
