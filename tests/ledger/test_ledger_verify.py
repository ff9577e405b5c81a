from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from conftest import ORIGIN, log_signer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.errors import QuarterdeckError
from store.integrity.canonical import canonical_bytes
from store.integrity.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from store.integrity.entry import FIRST_PREV, Entry, seal
from store.integrity.merkle import RootBuilder, leaf_hash
from store.integrity.note import Cosigner, make_note, open_note
from store.ledger import HeadStore, Problem, Verdict, VerificationStopped, rebuild_nodes
from store.ledger.report import Report


def kinds(report: Report) -> set[str]:
    return {problem.problem for problem in report.problems}


def rechain(book, first: int, change) -> None:
    """Rewrite history from entry `first` on: `change(entry)` → statement, every link and hash made to fit."""
    entries = list(book.ledger.entries())
    prev = FIRST_PREV if first == 1 else entries[first - 2].hash
    changes: list[tuple[str, tuple[object, ...]]] = []
    for entry in entries[first - 1 :]:
        sealed = seal(entry.seq, prev, change(entry), entry.signature)
        changes.append(("UPDATE entry SET body = ?, hash = ? WHERE seq = ?", (sealed.body, sealed.hash, entry.seq)))
        prev = sealed.hash
    book.tamper(*changes)


def cut(book, size: int, *, checkpoints: bool = True) -> None:
    changes = [f"DELETE FROM entry WHERE seq > {size}"]
    if checkpoints:
        changes.append(f"DELETE FROM checkpoint WHERE size > {size}")
    book.tamper(*changes)


def test_a_whole_ledger_is_anchored_at_its_size(book) -> None:
    book.fill(5)
    report = book.verify()
    assert report.verdict is Verdict.ANCHORED
    assert report.ok
    assert (report.entries, report.anchored, report.tail_entries) == (5, (5, 5), 0)
    assert report.root == book.ledger.head().root


def test_without_kept_heads_it_is_only_self_consistent(book) -> None:
    book.fill(5)
    report = book.verify(heads=())
    assert report.verdict is Verdict.SELF_CONSISTENT
    assert report.ok
    assert report.anchored is None
    assert report.tail_entries == 5
    assert report.tail_minutes == 1  # five seconds, rounded up


def test_an_empty_ledger_is_unsigned(book) -> None:
    report = book.verify()
    assert report.verdict is Verdict.UNSIGNED
    assert not report.ok


def test_the_tail_is_counted_from_the_newest_head_that_agrees(book) -> None:
    book.fill(2)
    old = book.heads[0].read()
    book.clock.advance(minutes=10)
    book.fill(3)
    for store in book.heads:
        store.write(old)
    report = book.verify()
    assert report.verdict is Verdict.ANCHORED
    assert (report.anchored, report.tail_entries, report.tail_minutes) == ((2, 5), 3, 11)


def test_every_changed_byte_of_every_body_is_found_at_its_entry(book) -> None:
    book.fill(4)
    bodies = dict(book.rows("SELECT seq, body FROM entry"))
    for seq, body in bodies.items():
        for place in range(0, len(body), 3):
            changed = bytearray(body)
            changed[place] ^= 1 << (place % 7)
            # the look-up columns' indexes would refuse what is no JSON any more; a hex editor would not
            with closing(sqlite3.connect(book.path, isolation_level=None)) as connection:
                overwrite_body(book, connection, seq, bytes(changed))
                report = book.verify(heads=())
                overwrite_body(book, connection, seq, body)
            assert report.verdict is Verdict.INVALID
            assert ("hash", seq) in {(problem.problem, problem.seq) for problem in report.problems}, place
    assert book.verify().ok


def overwrite_body(book, connection: sqlite3.Connection, seq: int, body: bytes) -> None:
    """Write into the blob where it lies, past triggers, constraints and indexes."""
    with connection.blobopen("entry", "body", seq) as blob:
        blob.write(body)


@pytest.mark.parametrize("column", ["hash", "body"])
def test_a_changed_row_is_blamed_on_itself_only(book, column: str) -> None:
    book.fill(300, together=True)
    if column == "hash":
        book.tamper("UPDATE entry SET hash = zeroblob(32) WHERE seq = 256")
    else:
        book.tamper("UPDATE entry SET body = CAST(replace(body, 'flows', 'flowz') AS BLOB) WHERE seq = 256")
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert {p.seq for p in report.problems if p.problem in {"hash", "link", "sequence", "form"}} == {256}


def test_entries_changed_and_chained_anew_contradict_the_signed_checkpoints(book) -> None:
    book.fill(6)
    rechain(book, 3, lambda entry: book.statement(time=entry.statement.time))
    report = book.verify(heads=())
    assert report.verdict is Verdict.INVALID
    assert min(problem.seq for problem in report.problems if problem.problem == "checkpoint") == 3
    assert {"checkpoint", "diverged"} <= kinds(book.verify())


def test_a_history_rewritten_with_the_stolen_log_key_contradicts_the_kept_heads(book) -> None:
    book.fill(6)
    rechain(book, 3, lambda entry: book.statement(time=entry.statement.time))
    tree = RootBuilder()
    for entry in book.ledger.entries():
        tree.add(entry.hash)
        note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=entry.seq, root=tree.root()), book.signer)
        book.tamper(("UPDATE checkpoint SET note = ? WHERE size = ?", (note, entry.seq)))
    assert book.verify(heads=()).verdict is Verdict.SELF_CONSISTENT  # the zero in the attack matrix
    report = book.verify()
    assert report.verdict is Verdict.DIVERGED
    evidence = report.contradictions[0]
    assert open_checkpoint(evidence.kept, [book.signer.verifier]).size == 6
    assert evidence.ours is not None
    assert evidence.kept != evidence.ours
    assert "remembers other" in str(book.reopen().read_only_reason)


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_cut_tail_is_shorter_at_every_size(book, checkpoints: bool) -> None:
    book.fill(6)
    for size in range(5, -1, -1):
        cut(book, size, checkpoints=checkpoints)
        report = book.verify()
        assert report.verdict is Verdict.SHORTER, size
        assert report.contradictions
        if not checkpoints:
            assert book.verify(heads=()).verdict is Verdict.SHORTER
    assert not book.reopen().writable


def test_an_older_backup_with_its_older_checkpoints_is_shorter_and_needs_an_acknowledgement(book) -> None:
    book.fill(3)
    backup = book.path.read_bytes()
    book.fill(2)
    book.ledger.close()
    book.path.write_bytes(backup)
    assert book.verify(heads=()).ok
    assert book.verify().verdict is Verdict.SHORTER
    ledger = book.reopen()
    assert "a restore, a loss or a cut" in str(ledger.read_only_reason)
    with pytest.raises(QuarterdeckError, match="nothing can be recorded"):
        book.fill(1)
    with pytest.raises(QuarterdeckError, match="incarnation"), ledger.acknowledging() as writer:
        writer.append(book.statement())
    assert ledger.head().size == 3
    with ledger.acknowledging() as writer:
        writer.append(book.statement("ledger.restored", data={"incarnation": "00" * 16}))
    assert ledger.writable
    book.fill(1)
    assert book.verify().anchored == (5, 5)
    with pytest.raises(QuarterdeckError, match="nothing to acknowledge"), ledger.acknowledging():
        pass


def test_a_fork_is_noticed_by_the_other_copy(book, tmp_path) -> None:
    book.fill(3)
    copy = tmp_path / "copy.db"
    copy.write_bytes(book.path.read_bytes())
    book.fill(2)
    real, book.path = book.path, copy
    fork = book.open(heads=())
    with fork.writing() as writer:
        writer.append(book.statement())
        writer.append(book.statement())
    fork.close()
    report = book.verify()
    assert report.verdict is Verdict.DIVERGED
    assert book.verify(heads=()).ok
    book.path = real


def test_a_file_put_back_while_it_is_open_is_noticed_before_anything_is_signed(book) -> None:
    book.fill(3)
    backup = book.path.read_bytes()
    book.fill(2)
    with book.path.open("r+b") as file:  # in place: the open connections see it
        file.write(backup)
        file.truncate(len(backup))
    signed = book.rows("SELECT count(*) FROM checkpoint")
    with pytest.raises(QuarterdeckError):
        book.fill(1)
    assert book.rows("SELECT count(*) FROM checkpoint") == signed
    assert not book.ledger.writable


def test_another_ledger_at_the_same_place_is_noticed(book, make_book) -> None:
    book.fill(2)
    other = log_signer(b"\x07" * 32)
    book.signer = other
    book.ledger.close()
    book.path.unlink()
    book.__post_init__()
    assert not book.ledger.writable
    assert "not this log's" in str(book.ledger.read_only_reason)


def test_deleted_entries_are_named(book) -> None:
    book.fill(10, together=True)
    book.tamper("DELETE FROM entry WHERE seq IN (4, 5)")
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert Problem(seq=4, problem="sequence", detail="entries 4 to 5 are missing") in report.problems


def test_a_deleted_first_entry_is_named(book) -> None:
    book.fill(10, together=True)
    book.tamper("DELETE FROM entry WHERE seq = 1")
    assert ("sequence", 1) in {(p.problem, p.seq) for p in book.verify().problems}


def test_an_inserted_entry_is_found(book) -> None:
    book.fill(6, together=True)
    entries = list(book.ledger.entries())
    forged = seal(4, entries[2].hash, book.statement(), None)
    moves = [("UPDATE entry SET seq = -seq WHERE seq > 3", ()), ("UPDATE entry SET seq = 1 - seq WHERE seq < 0", ())]
    add = ("INSERT INTO entry(seq, body, hash) VALUES (4, ?, ?)", (forged.body, forged.hash))
    book.tamper(*moves, add)
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert {"link", "form"} <= kinds(report)


def test_an_entry_appended_without_the_log_is_not_signed_afterwards(book) -> None:
    book.fill(3)
    last = book.ledger.entry(3)
    forged = seal(4, last.hash, book.statement(), None)
    add = ("INSERT INTO entry(seq, body, hash) VALUES (4, ?, ?)", (forged.body, forged.hash))
    book.tamper(add, keep_triggers=True)  # the triggers have nothing against it: it is the next entry
    assert book.verify().verdict is Verdict.UNSIGNED
    assert not book.verify().ok
    with pytest.raises(QuarterdeckError, match="no signed checkpoint"):
        book.fill(1)
    assert "not written by this program" in str(book.reopen().read_only_reason)
    assert book.rows("SELECT max(size) FROM checkpoint") == [(3,)]


def test_swapped_entries_are_found(book) -> None:
    book.fill(6, together=True)
    book.tamper("UPDATE entry SET seq = -seq WHERE seq IN (2, 3)", "UPDATE entry SET seq = 5 + seq WHERE seq < 0")
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert {2, 3} <= {p.seq for p in report.problems if p.problem == "link"}


def test_an_entry_numbered_below_one_is_found(book) -> None:
    book.fill(2)
    book.tamper("INSERT INTO entry(seq, body, hash) VALUES (-5, x'7b7d', randomblob(32))")
    assert book.verify().verdict is Verdict.INVALID


def test_stripped_checkpoints_are_unsigned_and_not_ok(book) -> None:
    book.fill(3)
    book.tamper("DELETE FROM checkpoint")
    for report in (book.verify(), book.verify(heads=())):
        assert report.verdict is Verdict.UNSIGNED
        assert not report.ok
    assert not book.reopen().writable


def test_missing_tables_fail_closed(book) -> None:
    book.fill(3)
    book.ledger.close()
    for table in ("checkpoint", "node", "entry"):
        book.tamper(f"DROP TABLE {table}", keep_triggers=True)
        assert book.verify().verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"nonsense",
        log_signer(b"\x01" * 32).sign(f"{ORIGIN}\n2\n{'A' * 43}=\n"),
        log_signer().sign(f"{ORIGIN}\n3\n{'A' * 43}=\n"),
        log_signer().sign(f"other.example/x\n2\n{'A' * 43}=\n"),
        log_signer().sign(f"{ORIGIN}\n2\n{'A' * 43}=\n"),
    ],
)
def test_a_checkpoint_that_is_not_what_the_log_signed_is_found(book, note: bytes) -> None:
    book.fill(4)
    book.tamper(("UPDATE checkpoint SET note = ? WHERE size = 2", (note,)))
    report = book.verify()
    assert report.verdict is Verdict.INVALID
    assert [(p.problem, p.seq) for p in report.problems] == [("checkpoint", 2)]


def test_wrong_and_missing_tree_nodes_are_found_and_can_be_rebuilt(book) -> None:
    book.fill(600, together=True)
    for change in ("UPDATE node SET hash = zeroblob(32) WHERE idx = 1", "DELETE FROM node WHERE idx = 0"):
        book.tamper(change)
        report = book.verify()
        assert report.verdict is Verdict.INVALID
        assert kinds(report) == {"tree"}
        with closing(sqlite3.connect(book.path)) as connection, connection:
            rebuild_nodes(connection)
        assert book.verify().ok


def body_with(entry: Entry, old: bytes, new: bytes) -> bytes:
    assert old in entry.body
    return entry.body.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"count":2', b'"count":2.5'),
        (b'"count":2', b'"count":1e-7'),
        (b'"count":2', b'"count":2.0'),
        (b'"count":2', b'"count": 2'),
        (b'"count":2', b'"count":9007199254740993'),
        (b'"count":2', b'"count":2,"count":2'),
        (b'"count":2', '"cöunt":2'.encode()),
        (b'"count":2', b'"count":"\\u0041"'),
        (b'"parts":[', b'"aaaaa":1,"parts":['),
        (b'"actor":"p-1"', b'"actor":""'),
        (b'"actor":"p-1"', b'"actor":7'),
        (b'"kind":"thing.happened"', b'"kind":"Thing Happened"'),
        (b'"kind":"thing.happened"', b'"kind":["thing.happened"]'),
        (b'"project":"orders"', b'"project":3'),
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b".000Z", b".000z"),
        (b'"2026-', b'"2026-1'),
        (b"-02T", b"-31T"),
        (b'"sig":null', b'"sig":""'),
        (b'"sig":null', b'"sig":"!!"'),
        (b'"sig":null', b'"sig":null,"tag":1'),
        (b'"origin":"ledger.example/test"', b'"origin":"ledger.example/tess"'),
    ],
)
@pytest.mark.parametrize("place", [3, 300])
def test_a_body_the_log_should_never_have_signed_is_found(book, old: bytes, new: bytes, place: int) -> None:
    """The log's own key wrote it, chained and signed: only the form tells."""
    book.clock.at = book.clock.at.replace(day=2, month=2 if new == b"-31T" else 3)
    book.fill(310, together=True)
    prev, tree, changes = FIRST_PREV, RootBuilder(), []
    for entry in list(book.ledger.entries()):
        body = entry.body if entry.seq != place else body_with(entry, old, new)
        body = body.replace(entry.prev.hex().encode(), prev.hex().encode(), 1)
        prev = leaf_hash(body)
        tree.add(prev)
        changes.append((body, prev, entry.seq))
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=310, root=tree.root()), book.signer)
    with closing(sqlite3.connect(book.path, isolation_level=None)) as connection:
        for trigger in ("entry_no_update", "checkpoint_no_update"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for index in [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")]:
            if index.startswith("entry_"):
                connection.execute(f"DROP INDEX {index}")  # they would not take what is no JSON
        connection.execute("BEGIN")
        connection.executemany("UPDATE entry SET body = ?, hash = ? WHERE seq = ?", changes)
        connection.execute("UPDATE checkpoint SET note = ?", (note,))
        connection.execute("COMMIT")
        connection.execute("BEGIN")
        rebuild_nodes(connection)
        connection.execute("COMMIT")
    report = book.verify(heads=())
    found = {(p.problem, p.seq) for p in report.problems if p.problem != "schema"}
    assert found in ({("form", place)}, {("origin", place)}), report.problems


@pytest.mark.parametrize(
    "data",
    [
        {"version": "1.2.3", "when": "2026-03-02T09:00:00.5Z"},
        {"id": "3e-4", "name": "Übersicht"},
        {"text": 'quoted "kind":"x" and \\ and \u2028 and \x00'},
        {"kind": "nested", "on": {"kind": "deep"}, "origin": "elsewhere", "v": 2},
        {},
    ],
)
def test_unusual_but_right_entries_are_not_blamed(book, data: dict[str, object]) -> None:
    book.fill(70, together=True, data=data)
    book.fill(3, together=True, data=data, on={})
    book.fill(2)
    assert book.verify().problems == ()


def test_signed_entries_between_others_are_right_too(book) -> None:
    with book.ledger.writing() as writer:
        for number in range(300):
            writer.append(book.statement(), signature=b"\x01\x02" * 30 if number % 7 == 0 else None)
    assert book.verify().ok


class Listener:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def check(self, entry: Entry) -> str | None:
        self.seen.append(entry.seq)
        return "not allowed" if entry.statement.kind == "bad.thing" else None


def fill_mixed(book) -> None:
    with book.ledger.writing() as writer:
        for number in range(1, 601):
            kind = "bad.thing" if number == 400 else "thing.special" if number % 100 == 1 else "thing.happened"
            writer.append(book.statement(kind), signature=b"sig" if number % 200 == 2 else None)


def test_an_audit_sees_every_entry_in_order_and_its_complaints_count(book) -> None:
    fill_mixed(book)
    listener = Listener()
    report = book.verify(audit=listener)
    assert listener.seen == list(range(1, 601))
    assert report.problems == (Problem(seq=400, problem="rule", detail="not allowed"),)
    assert report.verdict is Verdict.INVALID


def test_an_audit_that_names_its_kinds_sees_those_and_everything_signed(book) -> None:
    fill_mixed(book)
    listener = Listener()
    listener.kinds = {"thing.special", "bad.thing"}
    assert [p.seq for p in book.verify(audit=listener).problems] == [400]
    assert listener.seen == sorted({*range(1, 601, 100), *range(2, 601, 200), 400})


def test_verification_can_go_on_from_a_trusted_checkpoint(book) -> None:
    book.fill(300, together=True)
    trusted = open_checkpoint(book.ledger.checkpoint(), [book.signer.verifier])
    book.fill(300, together=True)
    report = book.verify(start=trusted)
    assert report.ok
    assert (report.start, report.entries, report.root) == (300, 600, book.ledger.head().root)
    book.tamper("UPDATE entry SET hash = zeroblob(32) WHERE seq = 500")
    assert not book.verify(start=trusted).ok


def test_a_trusted_checkpoint_of_another_history_is_a_contradiction(book) -> None:
    book.fill(3)
    assert book.verify(start=Checkpoint(origin=ORIGIN, size=2, root=b"\0" * 32)).verdict is Verdict.DIVERGED
    assert book.verify(start=Checkpoint(origin=ORIGIN, size=9, root=b"\0" * 32)).verdict is Verdict.SHORTER


def test_progress_is_told_and_can_stop(book) -> None:
    book.fill(600, together=True)
    told: list[tuple[int, int]] = []
    book.verify(progress=lambda done, total: told.append((done, total)) or True)
    assert told[-1] == (600, 600)
    assert told == sorted(told)
    with pytest.raises(VerificationStopped, match="no verdict"):
        book.verify(progress=lambda *_: False)


def test_a_damaged_kept_head_is_not_good_news(book, tmp_path) -> None:
    book.fill(2)
    for content in (b"", b"junk\n", book.heads[0].read()[:-9]):
        book.heads[0].path.write_bytes(content)
        report = book.verify()
        assert not report.ok
        assert kinds(report) == {"head"}
    assert not book.reopen().writable


def test_witnesses_that_cosigned_the_kept_head_are_counted(book, tmp_path) -> None:
    book.fill(2)
    witnesses = [Cosigner(f"witness.example/{n}", Ed25519PrivateKey.generate()) for n in range(3)]
    note = book.ledger.checkpoint()
    opened = open_note(note, [book.signer.verifier])
    lines = [*opened.signatures, *(witness.signature(opened.text, time=1_780_000_000) for witness in witnesses[:2])]
    store = HeadStore(tmp_path / "witnessed")
    store.write(make_note(opened.text, lines))
    known = [witness.verifier for witness in witnesses]
    report = book.verify(heads=[store], witnesses=known, quorum=2)
    assert (report.verdict, report.cosigned) == (Verdict.WITNESSED, (2, 3))
    assert book.verify(heads=[store], witnesses=known, quorum=3).verdict is Verdict.ANCHORED


@pytest.mark.parametrize("size", [20_000, 40_000])
def test_shared_between_processes_the_findings_are_the_same(book, size: int, monkeypatch) -> None:
    monkeypatch.setattr("store.ledger.workers.SHARE_FROM", 1)
    book.fill(size, together=True)
    assert book.verify(processes=3).root == book.verify(processes=1).root == book.ledger.head().root
    book.tamper("UPDATE entry SET body = CAST(replace(body, 'flows', 'flowz') AS BLOB) WHERE seq = 17000")
    together, alone = book.verify(processes=3), book.verify(processes=1)
    assert together.problems == alone.problems
    assert together.root == alone.root
    book.tamper("DELETE FROM node")
    report = book.verify(processes=3)
    assert {"hash", "tree"} <= kinds(report)


def test_a_helper_that_cannot_start_costs_time_only(book, monkeypatch) -> None:
    monkeypatch.setattr("store.ledger.workers.SHARE_FROM", 1)
    book.fill(17_000, together=True)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert book.verify(processes=2).ok
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert book.verify(processes=2).ok


def test_flipped_bits_anywhere_in_the_file_never_pass_as_another_history(book) -> None:
    """Every report equals the truth, or says no; none crashes."""
    book.fill(40)
    book.ledger.close()
    truth = book.verify().root
    whole = book.path.read_bytes()
    chance = random.Random(3)
    noticed = 0
    for _ in range(150):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        book.path.write_bytes(changed)
        try:
            report = book.verify()
        except QuarterdeckError:
            noticed += 1
            continue
        assert not report.ok or report.root == truth
        noticed += not report.ok
    assert noticed > 30


def test_a_truncated_file_never_passes(book) -> None:
    book.fill(40)
    book.ledger.close()
    whole = book.path.read_bytes()
    for length in (*range(0, len(whole), 4096), 100, 5000, len(whole) - 1):
        book.path.write_bytes(whole[:length])
        try:
            assert not book.verify().ok, length
        except QuarterdeckError:
            continue


def test_verification_imports_no_terminal_and_no_sqlite_utils() -> None:
    code = "import sys, store.ledger; print([m for m in ('textual', 'click', 'sqlite_utils') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_canonical_bytes_here_are_those_everywhere(book) -> None:
    book.fill(1)
    entry = book.ledger.entry(1)
    import json

    assert canonical_bytes(json.loads(entry.body)) == entry.body
