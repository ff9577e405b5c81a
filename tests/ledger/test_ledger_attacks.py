from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from ledger_book import ORIGIN, kinds, log_signer

from store.errors import QuarterdeckError
from store.integrity.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from store.integrity.entry import FIRST_PREV, seal
from store.integrity.merkle import RootBuilder
from store.ledger.report import Problem, Verdict


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
