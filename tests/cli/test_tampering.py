"""What plain SQL does to a ledger behind our back: `verify` finds it, says where, and ends with status 1."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cli_desk import Desk, Ran

from store.ledger.schema import SCHEMA_VERSION

Change = Callable[[sqlite3.Connection], object]
ONE = 12
"""An entry in the middle."""


@dataclass(frozen=True)
class Tampering:
    """One way to change the file, what verify must call it, and where it must point (None: anywhere)."""

    change: Change
    problem: str
    seq: int | None = None
    verdict: str = "INVALID"


def sql(*statements: str) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return change


def body(connection: sqlite3.Connection, seq: int) -> bytes:
    (found,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
    return bytes(found)


def rewrite(connection: sqlite3.Connection, seq: int, data: bytes, *, again: bool = True) -> bytes:
    """Put other bytes in an entry's place, with the hash that belongs to them; return that hash."""
    digest = sha256(b"\0" + data).digest()
    connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (data, seq))
    if again:
        connection.execute("UPDATE entry SET hash = ? WHERE seq = ?", (digest, seq))
    return digest


def flip(connection: sqlite3.Connection) -> None:
    data = bytearray(body(connection, ONE))
    data[-10] ^= 1
    rewrite(connection, ONE, bytes(data), again=False)


def rehash(connection: sqlite3.Connection) -> None:
    rewrite(connection, ONE, body(connection, ONE).replace(b'"bo"', b'"eve"').replace(b"2026", b"2025"))


def rechain(connection: sqlite3.Connection) -> None:
    """Change one entry and every link after it, as somebody without the log's key would."""
    link, last = b"", connection.execute("SELECT max(seq) FROM entry").fetchone()[0]
    for seq in range(ONE, last + 1):
        entry = json.loads(body(connection, seq))
        if seq == ONE:
            entry["statement"]["time"] = "2020-01-01T00:00:00.000Z"
        else:
            entry["prev"] = link.hex()
        data = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        link = rewrite(connection, seq, data)


def swap(connection: sqlite3.Connection) -> None:
    connection.execute(f"UPDATE entry SET seq = 1000 WHERE seq = {ONE}")
    connection.execute(f"UPDATE entry SET seq = {ONE} WHERE seq = {ONE + 1}")
    connection.execute(f"UPDATE entry SET seq = {ONE + 1} WHERE seq = 1000")


def append(connection: sqlite3.Connection) -> None:
    """Add a well-formed entry that nobody's program wrote and no checkpoint covers."""
    last, link = connection.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    entry = json.loads(body(connection, last)) | {"prev": link.hex(), "seq": last + 1}
    data = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    row = (last + 1, data, sha256(b"\0" + data).digest())
    connection.execute("INSERT INTO entry(seq, body, hash) VALUES (?, ?, ?)", row)


def flip_note(connection: sqlite3.Connection) -> None:
    size, note = connection.execute("SELECT size, note FROM checkpoint ORDER BY size LIMIT 1 OFFSET 3").fetchone()
    connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note[:-8] + b"AAAAAA=\n", size))


def flip_blob(connection: sqlite3.Connection) -> None:
    rowid, data = connection.execute("SELECT rowid, data FROM blob ORDER BY length(data) DESC LIMIT 1").fetchone()
    changed = bytearray(data)
    changed[len(changed) // 2] ^= 1
    connection.execute("UPDATE blob SET data = ? WHERE rowid = ?", (bytes(changed), rowid))


def loosely(statement: str) -> Change:
    """Let one statement write what STRICT, NOT NULL and CHECK forbid; afterwards the table's SQL is as before."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA writable_schema = ON")
        (words,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry'").fetchone()
        loose = re.sub(r" STRICT| NOT NULL| CHECK\(.*?\)(?=,| GEN)", "", words)
        for sql, act in ((loose, statement), (words, "SELECT 1")):
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entry'", (sql,))
            connection.execute("PRAGMA writable_schema = RESET")
            connection.execute(act)
            connection.execute("PRAGMA writable_schema = ON")

    return change


LAST = "(SELECT max(seq) FROM entry)"
TAMPERINGS = {
    "one bit of an entry": Tampering(flip, "hash", ONE),
    "an entry and its hash": Tampering(rehash, "link", ONE + 1),
    "an entry and every hash after it": Tampering(rechain, "checkpoint"),
    "a hash": Tampering(sql(f"UPDATE entry SET hash = zeroblob(32) WHERE seq = {ONE}"), "hash", ONE),
    "a hash for nothing": Tampering(loosely(f"UPDATE entry SET hash = NULL WHERE seq = {ONE}"), "storage", ONE),
    "bytes for a text": Tampering(
        loosely(f"UPDATE entry SET body = CAST(body AS TEXT) WHERE seq = {ONE}"), "storage", ONE
    ),
    "a hash for a text": Tampering(
        loosely(f"UPDATE entry SET hash = CAST(hash AS TEXT) WHERE seq = {ONE}"), "storage", ONE
    ),
    "a checkpoint over nothing": Tampering(sql("INSERT INTO checkpoint VALUES (0, x'00')"), "checkpoint", 0),
    "a tree node in the way of entries to come": Tampering(
        sql("INSERT INTO node VALUES (8, 0, zeroblob(32))"), "tree"
    ),
    "a tree node of a level that is not stored": Tampering(
        sql("INSERT INTO node VALUES (-1, -7, zeroblob(32))"), "tree"
    ),
    "a signature": Tampering(
        lambda c: rewrite(c, 3, body(c, 3).replace(b'"sig":"', b'"sig":"AAAA')), "link", 4
    ),
    "an entry's absence in the middle": Tampering(sql(f"DELETE FROM entry WHERE seq = {ONE}"), "sequence"),
    "two entries' order": Tampering(swap, "form", ONE),
    "the last entry": Tampering(sql(f"DELETE FROM entry WHERE seq = {LAST}"), "shorter", verdict="SHORTER"),
    "the last entries with their checkpoints": Tampering(
        sql(f"DELETE FROM entry WHERE seq > {LAST} - 4", f"DELETE FROM checkpoint WHERE size > {LAST}"),
        "shorter",
        verdict="SHORTER",
    ),
    "everything": Tampering(
        sql("DELETE FROM entry", "DELETE FROM checkpoint", "DELETE FROM node"), "shorter", verdict="SHORTER"
    ),
    "an entry too many": Tampering(append, "unsigned"),
    "a checkpoint's signature": Tampering(flip_note, "checkpoint"),
    "the newest checkpoint": Tampering(
        sql("DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)"), "unsigned", verdict="UNSIGNED"
    ),
    "all checkpoints": Tampering(sql("DELETE FROM checkpoint"), "unsigned", 1, verdict="UNSIGNED"),
    "a checkpoint's size": Tampering(
        sql("UPDATE checkpoint SET size = size - 1 WHERE size = (SELECT min(size) FROM checkpoint)"), "checkpoint"
    ),
    "an archived file": Tampering(flip_blob, "archive"),
    "an archived file's absence": Tampering(
        sql("DELETE FROM blob WHERE rowid = (SELECT max(rowid) FROM blob)"), "archive"
    ),
    "a read table": Tampering(sql("UPDATE request SET state = 'live', requester = 'eve'"), "tables"),
    "a read table's row": Tampering(sql("DELETE FROM artifact"), "tables"),
    "a read table's rows, one more": Tampering(
        sql("INSERT INTO decision SELECT request, 'eve', 'approved', '', digest, 999, time FROM decision LIMIT 1"),
        "tables",
    ),
    "a trigger's absence": Tampering(sql("DROP TRIGGER entry_no_update"), "schema"),
    "a trigger of another wording": Tampering(
        sql("DROP TRIGGER blob_no_delete", "CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob BEGIN SELECT 1; END"),
        "schema",
    ),
    "one trigger more": Tampering(
        sql("CREATE TRIGGER also AFTER INSERT ON entry BEGIN DELETE FROM decision; END"), "schema"
    ),
    "one table more": Tampering(sql("CREATE TABLE extra(x)"), "schema"),
    "one view more": Tampering(sql("CREATE VIEW approvals AS SELECT * FROM decision"), "schema"),
    "a table's absence": Tampering(sql("DROP TABLE request"), "schema"),
    "an index's absence": Tampering(sql("DROP INDEX request_state"), "schema"),
}  # fmt: skip


@contextmanager
def behind_our_back(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection with the triggers out of the way, and put them back afterwards as they were."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for statement in triggers.values():
            connection.execute(statement)


@pytest.fixture(scope="module")
def verified(released: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What `verify --json` says of one copy of the workspace for each tampering."""
    desk = released.copy_to(tmp_path_factory.mktemp("tampered"))
    for number, tampering in enumerate(TAMPERINGS.values()):
        path = shutil.copytree(desk.ws, desk.root / f"{number}") / "ledger.db"
        if tampering.problem == "schema":
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                tampering.change(connection)
        else:
            with behind_our_back(path) as connection:
                tampering.change(connection)
    ran = desk.runs([("-w", f"{number}", "verify", "--json") for number in range(len(TAMPERINGS))])
    return dict(zip(TAMPERINGS, ran, strict=True))


@pytest.mark.parametrize("what", list(TAMPERINGS))
def test_verify_finds_that_somebody_changed(verified: dict[str, Ran], what: str) -> None:
    tampering, ran = TAMPERINGS[what], verified[what]
    assert b"Traceback" not in ran.err
    assert ran.status == 1
    report = ran.json
    assert report["ok"] is False
    assert report["verdict"] == tampering.verdict
    found = [one for one in report["problems"] if one["problem"] == tampering.problem]
    assert found, report["problems"]
    assert tampering.seq is None or tampering.seq in {one["seq"] for one in found}, report["problems"]
    assert all(one["detail"] and "\n" not in one["detail"] for one in report["problems"])
    assert len(report["problems"]) <= 40, "one change is not told a hundred times"


def test_a_read_table_that_was_edited_is_mended_from_the_entries(live: Desk) -> None:
    before = live.json("request", "list")
    with behind_our_back(live.ws / "ledger.db") as connection:
        connection.execute("UPDATE request SET state = 'live', requester = 'eve'")
    live.run("verify", status=1)
    assert live.json("verify", "--rebuild")["ok"] is True
    assert live.json("request", "list") == before


def test_a_rollback_is_not_done_from_bytes_that_were_changed(live: Desk) -> None:
    delivered = live.delivered()
    with behind_our_back(live.ws / "ledger.db") as connection:
        flip_blob(connection)
    ran = live.run("rollback", "prod", "--project", "orders", "--yes", key="bo")
    assert ran.status == 1
    assert "Traceback" not in ran.complaint
    assert live.delivered() == delivered


def said(desk: Desk) -> tuple[Any, Ran]:
    """What verify says, and how a reading command begins to speak."""
    ran = desk.run("verify", "--json", status=1)
    return ran.json, desk.run("log")


def test_a_deleted_database_is_missed(live: Desk) -> None:
    live.run("log", status=0)
    (live.ws / "ledger.db").unlink()
    report, log = said(live)
    assert (report["ok"], report["verdict"], report["entries"]) == (False, "SHORTER", 0)
    assert report["problems"][0]["problem"] == "shorter"
    assert report["contradictions"][0]["kept"].splitlines()[1] == str(report["problems"][0]["seq"])
    assert log.status == 1
    assert "ledger.db is missing" in log.complaint
    assert live.run("incident", "open", "--title", "x", key="alice").status == 1


def test_a_database_put_back_from_an_old_copy_is_noticed(live: Desk) -> None:
    old = (live.ws / "ledger.db").read_bytes()
    live.run("incident", "open", "--title", "This will be forgotten", key="alice", status=0)
    (live.ws / "ledger.db").write_bytes(old)
    report, log = said(live)
    assert (report["ok"], report["verdict"]) == (False, "SHORTER")
    assert "only" in log.complaint
    assert "read-only" in log.complaint
    refused = live.run("incident", "open", "--title", "x", key="alice", status=1)
    assert "a restore, a loss or a cut" in refused.complaint
    assert live.run("verify", "--json", status=1).json["entries"] == report["entries"]


def test_a_database_of_another_workspace_is_noticed(live: Desk) -> None:
    live.run("log", status=0)
    live.run("init", "other", "--name", "alice", key="alice", status=0)
    (live.ws / "ledger.db").write_bytes((live.root / "other" / "ledger.db").read_bytes())
    report, log = said(live)
    assert (report["ok"], report["verdict"]) == (False, "INVALID")
    assert "read-only" in log.complaint
    assert live.run("incident", "open", "--title", "x", key="alice").status == 1


@pytest.mark.parametrize("cut", [0, 100, 4096, 0.5, -4096, "noise"])
def test_a_database_cut_short_or_overwritten_is_noticed(live: Desk, cut: float | str) -> None:
    path = live.ws / "ledger.db"
    data = path.read_bytes()
    if cut == "noise":
        path.write_bytes(b"\0" * len(data))
    elif isinstance(cut, float):
        path.write_bytes(data[: int(len(data) * cut)])
    else:
        path.write_bytes(data[: int(cut)])
    ran = live.run("verify", "--json", status=1)
    assert (ran.json["ok"], ran.json["verdict"]) == (False, "INVALID")
    acted = live.run("incident", "open", "--title", "x", key="alice")
    assert acted.status in {1, 2, 3}
    assert acted.complaint.startswith("quarterdeck: ")


@pytest.mark.parametrize("header", ["PRAGMA application_id = 1", "PRAGMA user_version = 0"])
def test_a_header_that_disowns_the_ledger_is_tampering_not_bad_input(live: Desk, header: str) -> None:
    with closing(sqlite3.connect(live.ws / "ledger.db")) as connection:
        connection.execute(header)
    report, log = said(live)
    assert (report["ok"], report["verdict"]) == (False, "INVALID")
    assert log.status == 1
    assert "was replaced" in log.complaint


def test_a_database_of_a_newer_version_is_refused_naming_both(live: Desk) -> None:
    with closing(sqlite3.connect(live.ws / "ledger.db")) as connection:
        connection.execute("PRAGMA user_version = 7")
    for ran in live.runs([("log",), ("verify", "--json"), ("--key", "alice", "incident", "open", "--title", "x")]):
        assert ran.status == 2
        assert "format 7" in ran.complaint
        assert f"format {SCHEMA_VERSION}" in ran.complaint
        assert ran.complaint.count("\n") == 1


def test_a_list_made_of_edited_tables_ends_with_status_1_and_says_why_until_they_are_made_anew(live: Desk) -> None:
    before = live.size
    with closing(sqlite3.connect(live.ws / "ledger.db")) as connection, connection:
        connection.execute("UPDATE request SET title = 'Harmless', state = 'approved'")
    for words in (["request", "list"], ["triage", "--json"], ["principal", "list"], ["log"]):
        ran = live.run(*words, status=1)
        assert "read tables do not follow from the entries (request)" in ran.complaint, words
    live.run("freeze", "prod", "--reason", "to see whether it is recorded", key="alice", status=1)
    assert live.json("verify", "--rebuild")["entries"] == before
    assert "read tables" not in live.run("request", "list", status=0).complaint
