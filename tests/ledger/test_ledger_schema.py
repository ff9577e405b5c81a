from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing

import pytest
from sqlite_utils import Database

from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.ledger.connection import journal_mode, open_reader, open_writer
from store.ledger.report import Verdict
from store.ledger.schema import SCHEMA_VERSION

FORBIDDEN = [
    "UPDATE entry SET body = body",
    "UPDATE entry SET seq = seq + 100",
    "DELETE FROM entry",
    "DELETE FROM entry WHERE seq = 3",
    "INSERT OR REPLACE INTO entry(seq, body, hash) SELECT seq, body, zeroblob(32) FROM entry WHERE seq = 2",
    "REPLACE INTO entry(seq, body, hash) SELECT 4, body, hash FROM entry WHERE seq = 2",
    "INSERT OR IGNORE INTO entry(seq, body, hash) SELECT 4, body, hash FROM entry WHERE seq = 2",
    "INSERT INTO entry(seq, body, hash) SELECT seq, body, hash FROM entry WHERE seq = 2"
    " ON CONFLICT(seq) DO UPDATE SET body = excluded.body",
    "INSERT INTO entry(seq, body, hash) VALUES (5, '{}', randomblob(32))",
    "INSERT INTO entry(seq, body, hash) VALUES (-1, x'7b7d', randomblob(32))",
    "INSERT INTO entry(seq, body, hash) VALUES (NULL, x'7b7d', randomblob(32))",
    "INSERT INTO entry(body, hash) VALUES (x'7b7d', randomblob(32))",
    "INSERT INTO entry(seq, body, hash) VALUES (4, x'7b7d', randomblob(31))",
    "INSERT INTO entry(seq, body, hash) VALUES (4, x'6e6f', randomblob(32))",
    "UPDATE checkpoint SET note = x''",
    "DELETE FROM checkpoint",
    "INSERT OR REPLACE INTO checkpoint VALUES (3, x'00')",
    "INSERT INTO checkpoint VALUES (2, x'00')",
    "INSERT INTO checkpoint VALUES (4, x'00')",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
@pytest.mark.parametrize("through", ["python", "command line"])
def test_triggers_refuse_every_way_to_change_history(book, sql: str, through: str) -> None:
    book.fill(3)
    before = book.rows("SELECT seq, body, hash FROM entry"), book.rows("SELECT * FROM checkpoint")
    if through == "python":
        with closing(sqlite3.connect(book.path)) as connection, pytest.raises(sqlite3.Error), connection:
            connection.execute(sql)
    else:
        if not shutil.which("sqlite3"):
            pytest.skip("the sqlite3 command is not installed")
        ran = subprocess.run(["sqlite3", str(book.path), sql], capture_output=True, text=True, check=False)
        assert ran.returncode, sql
    assert (book.rows("SELECT seq, body, hash FROM entry"), book.rows("SELECT * FROM checkpoint")) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entry SET body = x'00' WHERE seq = 99",
        "DELETE FROM checkpoint WHERE size = 99",
        "DROP TABLE entry",
        "DROP TABLE node",
        "DROP TRIGGER entry_next",
        "DROP INDEX entry_kind",
        "ALTER TABLE entry RENAME TO old",
        "ATTACH ':memory:' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA user_version = 7",
        "UPDATE sqlite_schema SET sql = ''",
        "CREATE TABLE more(x)",
        "CREATE TEMP TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM node; END",
        "CREATE VIEW v AS SELECT 1",
        "SELECT load_extension('x')",
        "VACUUM",
    ],
)
def test_our_own_connections_are_not_able_to(book, sql: str) -> None:
    for connection in (open_writer(book.path), open_reader(book.path)):
        with closing(connection), pytest.raises(sqlite3.Error):
            connection.execute(sql)


@pytest.mark.parametrize("sql", ["INSERT INTO note VALUES (1, 'x')", "DELETE FROM note", "PRAGMA query_only = OFF"])
def test_a_reader_writes_nothing(book, sql: str) -> None:
    with closing(open_reader(book.path)) as connection, pytest.raises(sqlite3.Error):
        connection.execute(sql)


def test_a_statement_the_ledger_refuses_is_told_in_one_line(book) -> None:
    with pytest.raises(StorageFailure, match="append-only"), book.ledger.writing() as writer:
        writer.connection.execute("DELETE FROM entry")
    with pytest.raises(StorageFailure, match="rules"), book.ledger.writing() as writer:
        writer.connection.execute("INSERT INTO note VALUES (1, NULL)")
    assert book.ledger.writable


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER entry_no_update",
        "DROP TRIGGER checkpoint_grows",
        "DROP INDEX entry_kind",
        "DROP TABLE node",
        "DROP TABLE note",
        "CREATE TRIGGER helpful AFTER INSERT ON entry BEGIN SELECT 1; END",
        "CREATE TRIGGER helpful AFTER INSERT ON note BEGIN SELECT 1; END",
        "CREATE INDEX more ON entry(hash)",
        "CREATE TABLE mine(x)",
        "CREATE VIEW approvals AS SELECT * FROM entry",
        "CREATE TRIGGER helpful AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE words USING fts5(x)",
        "ALTER TABLE entry ADD COLUMN comment TEXT",
        "ALTER TABLE checkpoint RENAME COLUMN note TO words",
    ],
)
def test_changed_tables_are_noticed_when_opening_and_verifying(book, sql: str) -> None:
    book.fill(3)
    book.ledger.close()
    book.tamper(sql, keep_triggers=True)
    with pytest.raises(IntegrityFailure, match="tables are not as they were made"):
        book.open()
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert "schema" in {problem.problem for problem in report.problems}


def test_a_table_replaced_by_a_view_is_noticed(book) -> None:
    book.fill(3)
    book.ledger.close()
    book.tamper("ALTER TABLE node RENAME TO hidden", "CREATE VIEW node AS SELECT * FROM hidden", keep_triggers=True)
    with pytest.raises(IntegrityFailure):
        book.open()
    assert book.verify().verdict is Verdict.INVALID


def test_a_tables_transform_that_drops_triggers_is_noticed(book) -> None:
    book.fill(3)
    book.ledger.close()
    Database(book.path)["checkpoint"].transform(rename={})
    with pytest.raises(IntegrityFailure, match=r"checkpoint_\w+ is missing"):
        book.open()


def test_what_the_planner_keeps_about_the_tables_is_no_finding(book) -> None:
    book.fill(3)
    book.tamper("ANALYZE", keep_triggers=True)
    assert book.reopen().writable
    assert book.verify().ok


def test_a_trigger_that_claims_to_be_about_no_table_of_ours_is_noticed(book) -> None:
    book.fill(3)
    book.ledger.close()
    with closing(sqlite3.connect(book.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        words = "CREATE TRIGGER helpful AFTER INSERT ON entry BEGIN SELECT 1; END"
        connection.execute("INSERT INTO sqlite_schema VALUES ('trigger', 'helpful', 'sqlite_stat1', 0, ?)", (words,))
        connection.commit()
    with pytest.raises(IntegrityFailure):
        book.open()
    assert book.verify().verdict is Verdict.INVALID


def test_a_newer_version_is_refused_and_both_are_named(book) -> None:
    book.ledger.close()
    book.tamper("PRAGMA user_version = 9", keep_triggers=True)
    with pytest.raises(BadInput, match=rf"format 9.*format {SCHEMA_VERSION}"):
        book.open()
    with pytest.raises(BadInput, match="newer"):
        book.verify()


def test_another_applications_database_is_refused_and_not_touched(book, tmp_path) -> None:
    book.ledger.close()
    book.path = tmp_path / "other.db"
    with closing(sqlite3.connect(book.path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t(x)")
    before = book.path.read_bytes()
    with pytest.raises(BadInput, match="not one of quarterdeck's"):
        book.open()
    assert book.path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database, but long enough " * 100, b"SQLite format 3\0" * 300])
def test_what_is_no_database_is_refused(book, content: bytes) -> None:
    book.fill(1)
    book.ledger.close()
    book.path.write_bytes(content)
    with pytest.raises(IntegrityFailure, match="damaged or not a ledger"):
        book.open()
    assert book.verify().verdict is Verdict.INVALID


def test_an_empty_file_is_no_ledger(book) -> None:
    book.ledger.close()
    book.path.write_bytes(b"")
    with pytest.raises(BadInput):
        book.open()


def test_a_symbolic_link_a_folder_and_nothing_are_refused(book, tmp_path) -> None:
    book.ledger.close()
    real = book.path
    book.path = tmp_path / "link.db"
    book.path.symlink_to(real)
    with pytest.raises(BadInput, match="symbolic link"):
        book.open()
    book.path = tmp_path
    with pytest.raises(BadInput, match="regular file"):
        book.open()
    book.path = tmp_path / "absent.db"
    with pytest.raises(BadInput, match="no ledger here"):
        book.open()
    assert not book.path.exists()


def test_only_the_owner_may_read_the_file(book) -> None:
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600
    book.path.chmod(0o664)
    book.reopen()
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 53, 0), "WAL"),
    ],
)
def test_wal_only_where_its_corruption_bug_is_mended(version, mode) -> None:
    assert journal_mode(version) == mode


def test_every_setting_that_durability_rests_on_is_on(book) -> None:
    with closing(open_writer(book.path)) as connection:
        connection.set_authorizer(None)
        wanted = {"recursive_triggers": 1, "cell_size_check": 1, "foreign_keys": 1, "fullfsync": 1}
        assert connection.execute("PRAGMA mmap_size").fetchone() in {None, (0,)}
        safe_wal = journal_mode() == "WAL"
        wanted |= {"synchronous": 2 if safe_wal else 3, "journal_mode": "wal" if safe_wal else "delete"}
        for name, value in wanted.items():
            row = connection.execute(f"PRAGMA {name}").fetchone()
            assert row == (value,), name


def test_a_damaged_letter_in_the_tables_own_sql_is_told_and_is_no_traceback(book) -> None:
    book.fill(2)
    book.ledger.close()
    data = bytearray(book.path.read_bytes())
    at = data.index(b"CREATE TRIGGER entry_next")
    data[at + 60] = 0xEE
    book.path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match="damaged or not a ledger"):
        book.open()
    assert book.verify().verdict is Verdict.INVALID
