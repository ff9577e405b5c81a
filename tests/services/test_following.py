"""Read tables that somebody edits behind our back: the next command and the open console say so, and record nothing."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import plain_sql

from console.screen.desk import Desk
from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.ledger.binding import format_of, stamped
from store.ledger.schema import SCHEMA_VERSION
from store.projections import requests
from store.services import following, rounds
from store.services.audit import backing_up, verifying
from store.services.audit.verifying import Scope
from store.services.context import Context
from store.workspace import LEDGER_FILE, open_workspace

EDITS = {
    "a title": "UPDATE request SET title = 'Harmless'",
    "a state": "UPDATE request SET state = 'approved' WHERE id = 'CR-0002'",
    "a decision that nobody took": "INSERT INTO decision SELECT id, 'bo', 'approved', '', digest, 9999, opened_at"
    " FROM request LIMIT 1",
    "a gate's result": "UPDATE gate SET passed = 1 - passed",
    "a risk": "UPDATE risk SET points = points + 1",
    "where an environment leads": 'UPDATE environment SET settings = \'{"root": "/tmp"}\'',
    "a freeze": "UPDATE environment SET frozen = 'for ever'",
    "who may": 'UPDATE principal SET grants = \'[["admin", "*", "*", null]]\'',
    "how many keys somebody has": "UPDATE principal SET keys = 7",
    "a principal's absence": "DELETE FROM principal WHERE handle = 'cy'",
    "what is live": "UPDATE deployment SET release = 'ab'",
    "an artifact": "DELETE FROM artifact",
}
FOLLOWS = "do not follow from the entries"


@pytest.fixture
def waiting(scene: Scene) -> Scene:
    """CR-0001 is live, CR-0002 waits for its approval."""
    scene.live(V1)
    scene.ingest(V2)
    scene.submitted()
    return scene


def edit(context: Context, sql: str) -> None:
    with plain_sql(context.ledger.path) as connection:
        connection.execute(sql)


def told(context: Context) -> str:
    """Return what the next command says of the ledger; empty where nothing is wrong."""
    following.check(context)
    return context.ledger.read_only_reason or ""


@pytest.mark.parametrize("what", EDITS)
def test_a_read_table_that_was_edited_is_noticed_by_the_next_look(waiting: Scene, what: str) -> None:
    context = waiting.context
    assert told(context) == ""
    edit(context, EDITS[what])
    assert FOLLOWS in told(context)
    assert context.ledger.tables_edited
    assert not context.ledger.damaged
    with pytest.raises(IntegrityFailure, match=FOLLOWS):
        waiting.fill(waiting.size + 1)


def test_an_edit_is_seen_though_others_recorded_much_after_it(waiting: Scene) -> None:
    edit(waiting.context, EDITS["a title"])
    waiting.fill(waiting.size + 300)  # by a program that has not looked since
    assert FOLLOWS in told(waiting.context)


def test_tables_made_anew_are_trusted_again(waiting: Scene) -> None:
    edit(waiting.context, EDITS["a title"])
    assert FOLLOWS in told(waiting.context)
    verifying.rebuild(waiting.context)
    assert told(waiting.context) == ""
    waiting.fill(waiting.size + 1)
    with waiting.context.ledger.reading() as connection:
        assert requests.one(connection, "CR-0002").title != "Harmless"


@pytest.mark.parametrize("harmless", ["VACUUM", "ANALYZE"])
def test_a_harmless_write_is_compared_once_and_then_known(
    waiting: Scene, harmless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(waiting.context, harmless)
    assert waiting.context.ledger.touched() is not None
    assert told(waiting.context) == ""
    monkeypatch.setattr("store.projections.differences", None)  # nobody compares any more
    waiting.fill(waiting.size + 2)
    assert told(waiting.context) == ""


def test_whoever_only_reads_is_told_too(waiting: Scene) -> None:
    root = waiting.context.root
    edit(waiting.context, EDITS["a title"])
    (root / "keys" / "log.key").rename(root / "elsewhere")
    other = open_workspace(root)
    try:
        assert "private key is not here" in str(other.ledger.read_only_reason)
        assert FOLLOWS in told(other.context)
        with pytest.raises(StorageFailure, match="private key is not here"):
            verifying.rebuild(other.context)
    finally:
        other.close()


def test_of_a_long_ledger_is_said_that_nobody_compared_it_yet(waiting: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 3)
    edit(waiting.context, "VACUUM")
    assert "until quarterdeck verify has compared" in told(waiting.context)
    assert verifying.verify_workspace(waiting.context, scope=Scope()).ok
    assert told(waiting.context) == ""
    waiting.fill(waiting.size + 1)


def test_an_open_console_turns_red_and_offers_no_act(waiting: Scene) -> None:
    desk = Desk(waiting.context, waiting.dana, check_at_start=False)
    desk.poll()
    assert (desk.read_only, desk.unsound) == (None, "")
    edit(waiting.context, EDITS["a state"])
    assert desk.poll() is not None
    facts = desk.frame()
    assert FOLLOWS in str(facts.read_only)
    assert facts.chain.status == "invalid"


def test_a_watcher_says_so_and_records_nothing(waiting: Scene) -> None:
    edit(waiting.context, EDITS["a risk"])
    before = waiting.size
    assert FOLLOWS in rounds.once(waiting.context).troubles[0]
    assert waiting.size == before


def test_a_transaction_that_is_rolled_back_leaves_nothing_to_compare(waiting: Scene) -> None:
    with pytest.raises(StorageFailure, match="rules"), waiting.context.ledger.writing() as writer:
        writer.connection.execute("INSERT INTO request SELECT * FROM request")
    assert waiting.context.ledger.touched() is None
    with waiting.context.ledger.writing():
        pass  # nothing in it
    assert waiting.context.ledger.touched() is None


def test_two_programs_that_take_turns_know_each_other(waiting: Scene) -> None:
    other = open_workspace(waiting.context.root, clock=waiting.clock)
    try:
        theirs = replace(waiting, workspace=other)
        for one in (waiting, theirs, waiting):
            one.fill(one.size + 1)
            assert waiting.context.ledger.touched() is None
            assert other.ledger.touched() is None
    finally:
        other.close()


def test_a_backup_opens_without_a_comparison(waiting: Scene, tmp_path: Path) -> None:
    made = backing_up.backup(waiting.context, tmp_path / "copy.db")
    path = waiting.context.ledger.path
    waiting.workspace.close()
    copyfile(made.path, path)
    again = open_workspace(waiting.context.root)
    try:
        assert again.ledger.touched() is None
    finally:
        again.close()


def test_a_backup_of_edited_tables_is_not_made_good_by_copying(waiting: Scene, tmp_path: Path) -> None:
    edit(waiting.context, EDITS["a title"])
    made = backing_up.backup(waiting.context, tmp_path / "copy.db")
    waiting.workspace.close()
    copyfile(made.path, waiting.context.ledger.path)
    again = open_workspace(waiting.context.root)
    try:
        assert FOLLOWS in told(again.context)
    finally:
        again.close()


def test_a_file_that_a_newer_quarterdeck_upgraded_meanwhile_is_left_to_it(waiting: Scene) -> None:
    newer = SCHEMA_VERSION + 1
    edit(waiting.context, f"PRAGMA user_version = {newer}")
    before = waiting.size
    with pytest.raises(BadInput, match="newer quarterdeck"):
        waiting.fill(before + 1)
    assert waiting.size == before
    assert "newer quarterdeck" in str(waiting.context.ledger.read_only_reason)
    with waiting.context.ledger.reading() as connection:
        assert format_of(connection.execute("PRAGMA user_version").fetchone()[0]) == newer


@pytest.mark.parametrize("limit", [3, following.AT_ONCE])
def test_nor_are_its_tables_compared(waiting: Scene, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", limit)
    edit(waiting.context, EDITS["a title"])  # the newer one's tables say something else
    edit(waiting.context, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert "newer quarterdeck" in told(waiting.context)
    assert not waiting.context.ledger.tables_edited


def _write(path: Path) -> None:
    with plain_sql(path) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os._exit(7)
    os._exit(0)


def _is_let_in(path: Path) -> bool:
    child = multiprocessing.get_context("fork").Process(target=_write, args=(path,))
    child.start()
    child.join(30)
    return child.exitcode == 0


def test_closing_one_of_two_open_ledgers_gives_no_lock_of_the_other_away(waiting: Scene) -> None:
    with waiting.context.ledger.writing():
        open_workspace(waiting.context.root).close()
        assert not _is_let_in(waiting.context.ledger.path)


def test_what_a_stamp_says_leaves_the_format_as_it_is() -> None:
    for counter in (0, 1, 255, 2**23 - 2, 2**23 - 1, 2**23, 2**32 - 1):
        value = stamped(stamped(SCHEMA_VERSION, 77), counter)
        assert format_of(value) == SCHEMA_VERSION
        assert 0xFF < value < 2**31
    assert stamped(SCHEMA_VERSION, 5) != stamped(SCHEMA_VERSION, 6)


@pytest.fixture
def forged(waiting: Scene) -> Scene:
    """A title edited by somebody who knows how a write of ours is told from another."""
    with plain_sql(waiting.context.ledger.path) as connection:
        counter = int.from_bytes((waiting.context.root / LEDGER_FILE).read_bytes()[24:28], "big")
        connection.execute("BEGIN")
        connection.execute(EDITS["a title"])
        connection.execute(f"PRAGMA user_version = {stamped(SCHEMA_VERSION, counter + 1)}")
        connection.execute("COMMIT")
    return waiting


def test_whoever_forges_the_stamp_too_is_found_by_verify(forged: Scene) -> None:
    assert told(forged.context) == ""  # as docs/integrity.md says
    report = verifying.verify_workspace(forged.context, scope=Scope())
    assert [problem.problem for problem in report.problems] == ["tables"]
