from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ledger_book import ORIGIN, TABLES, Book

from store.errors import BadInput, QuarterdeckError
from store.ledger.report import Report, Verdict, VerificationStopped
from store.ledger.untrusted import MAX_OBJECTS, private_copy, verify_untrusted

FLIPS = 240
SECONDS = 20.0


def verify(path: Path, book: Book, **changes: object) -> Report:
    with private_copy(path) as copy:
        values = {"verifier": book.signer.verifier, "origin": ORIGIN, "tables": TABLES, "seconds": SECONDS}
        return verify_untrusted(copy, **values | changes)


@pytest.fixture
def copy(book: Book, tmp_path: Path) -> Path:
    """A closed file with some entries, as somebody might hand it over."""
    book.fill(12)
    book.fill(300, together=True)
    book.ledger.close()
    return Path(shutil.copy(book.path, tmp_path / "copy.db"))


def test_an_honest_copy_is_verified(book: Book, copy: Path) -> None:
    report = verify(copy, book, heads=book.heads)
    assert (report.verdict, report.entries) == (Verdict.ANCHORED, 312)


def test_no_change_of_the_file_crashes_or_passes_for_another_content(book: Book, copy: Path, tmp_path: Path) -> None:
    """Every outcome is the truth, a bad verdict, or a named error; and it comes in time."""
    whole = copy.read_bytes()
    truth = verify(copy, book)
    victim = tmp_path / "victim.db"
    rng = random.Random(20261123)
    outcomes: Counter[str] = Counter()
    for number in range(FLIPS):
        changed = bytearray(whole)
        match number % 4:
            case 0:
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            case 1:
                page = rng.randrange(len(changed) // 4096) * 4096
                for _ in range(3):
                    changed[page + rng.randrange(200)] ^= 1 << rng.randrange(8)
            case 2:
                first, second = (rng.randrange(len(changed) // 4096) * 4096 for _ in range(2))
                changed[first : first + 4096] = whole[second : second + 4096]
            case _:
                del changed[rng.randrange(len(changed)) :]
        victim.write_bytes(changed)
        began = time.process_time()
        try:
            report = verify(victim, book)
        except QuarterdeckError as error:
            outcomes[type(error).__name__] += 1
        else:
            outcomes[report.verdict.value] += 1
            if report.ok:
                assert (report.entries, report.root) == (truth.entries, truth.root)
        assert time.process_time() - began < SECONDS
    assert outcomes["SELF-CONSISTENT"]
    assert outcomes["INVALID"]


def test_every_bit_of_the_first_hundred_bytes(book: Book, copy: Path, tmp_path: Path) -> None:
    whole = copy.read_bytes()
    victim = tmp_path / "victim.db"
    for at in range(100):
        for bit in (0, 3, 7):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            victim.write_bytes(changed)
            try:
                report = verify(victim, book)
            except QuarterdeckError:
                continue
            assert not report.ok or report.entries == 312


def spoil(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


def test_views_named_like_our_tables_are_never_read(book: Book, copy: Path) -> None:
    for table in ("entry", "checkpoint", "node"):
        path = Path(shutil.copy(copy, copy.with_name(f"{table}.db")))
        view = f"CREATE VIEW {table} AS {ENDLESS} SELECT x AS seq, x'00' AS body, x'00' AS hash FROM n"
        spoil(path, "PRAGMA foreign_keys = OFF", f"DROP TABLE {table}", view)
        began = time.process_time()
        report = verify(path, book)
        assert report.verdict is Verdict.INVALID
        assert report.problems[0].problem == "schema"
        assert time.process_time() - began < 5


def test_an_extra_trigger_or_a_missing_one_is_told_before_anything_is_read(book: Book, copy: Path) -> None:
    spoil(copy, "DROP TRIGGER entry_no_update", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END")
    report = verify(copy, book)
    assert {problem.problem for problem in report.problems} == {"schema"}
    assert report.entries == 0


def test_a_million_triggers_are_counted_not_parsed(book: Book, copy: Path) -> None:
    spoil(
        copy,
        "PRAGMA writable_schema = ON",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000)"
        " INSERT INTO sqlite_schema SELECT 'trigger', 't' || x, 'entry', 0,"
        " 'CREATE TRIGGER t' || x || ' AFTER INSERT ON entry BEGIN SELECT 1; END' FROM n",
    )
    began = time.process_time()
    with pytest.raises(BadInput, match=f"more than {MAX_OBJECTS:,} tables"):
        verify(copy, book)
    assert time.process_time() - began < 5


def test_as_many_tables_as_are_let_in_are_named_up_to_a_bound(book: Book, copy: Path) -> None:
    spoil(copy, "BEGIN", *(f"CREATE TABLE x{n}(a)" for n in range(900)), "COMMIT")
    report = verify(copy, book)
    assert report.verdict is Verdict.INVALID
    assert report.problems[0].detail == "table x0 does not belong in a ledger"
    assert len(report.problems) <= 50


@contextmanager
def loosened(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection to which the tables have no types, checks, indexes or triggers; then they look as before."""
    plain = {
        "entry": "CREATE TABLE entry(seq INTEGER PRIMARY KEY, body, hash UNIQUE)",
        "checkpoint": "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note)",
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        rows = connection.execute("SELECT * FROM sqlite_schema ORDER BY rowid").fetchall()
        connection.execute("DELETE FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
        for name, sql in plain.items():
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema")
        connection.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", rows)


def test_loosening_alone_changes_nothing(book: Book, copy: Path) -> None:
    with loosened(copy):
        pass
    assert verify(copy, book).ok


def test_huge_values_are_an_invalid_file_not_a_full_memory(book: Book, copy: Path) -> None:
    with loosened(copy) as connection:
        connection.execute("INSERT INTO entry VALUES (313, zeroblob(300000000), zeroblob(32))")
    report = verify(copy, book)
    assert report.verdict is Verdict.INVALID
    assert "too big" in report.problems[0].detail


@pytest.mark.parametrize("value", ["'text'", "NULL", "7", "2.5", "x''", "CAST(x'eda080' AS TEXT)"])
@pytest.mark.parametrize(
    ("table", "column", "where"),
    [("entry", "body", "seq = 200"), ("entry", "hash", "seq = 312"), ("checkpoint", "note", "size = 12")],
)
def test_values_of_other_kinds_are_invalid(
    book: Book, copy: Path, table: str, column: str, where: str, value: str
) -> None:
    """STRICT holds while SQLite writes; a page can be edited without it."""
    with loosened(copy) as connection:
        connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}")
    report = verify(copy, book)
    assert report.verdict is Verdict.INVALID


@pytest.mark.parametrize("seq", [-(2**63), -1, 0, 2**62])
def test_entries_with_impossible_numbers_are_invalid(book: Book, copy: Path, seq: int) -> None:
    with loosened(copy) as connection:
        connection.execute("INSERT INTO entry VALUES (?, x'00', x'00')", (seq,))
    report = verify(copy, book)
    assert not report.ok


def test_there_is_an_end_to_it(book: Book, copy: Path) -> None:
    with pytest.raises(VerificationStopped, match=r"no verdict|stopped"):
        verify(copy, book, seconds=-1.0)


def test_a_schema_that_leads_in_circles_is_refused(book: Book, copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[100] = 5  # an interior page
    data[103:105] = (0).to_bytes(2, "big")
    for child in (1, 0, 2**31):
        data[108:112] = child.to_bytes(4, "big")
        copy.write_bytes(data)
        with pytest.raises(QuarterdeckError):
            verify(copy, book)
