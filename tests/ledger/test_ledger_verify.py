from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger_book import ORIGIN, kinds

from store.integrity.checkpoint import Checkpoint, open_checkpoint
from store.integrity.entry import Entry
from store.integrity.logkeys import LogKeys
from store.integrity.note import Cosigner, make_note, open_note
from store.ledger import HeadStore, rebuild_nodes
from store.ledger.report import Problem, Verdict, VerificationStopped
from store.ledger.span import Rules
from store.ledger.workers import Shared, helpers


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


def test_a_helper_checks_stretches_on_its_own(book) -> None:
    book.fill(600, together=True)
    shared = Shared([(0, 256), (256, 600)])
    with helpers(book.path, Rules(origin=ORIGIN, keys=LogKeys(book.signer.verifier)), shared, 1) as threads:
        threads[0].join()
    assert shared.done_elsewhere == 600
    assert not any(found.problems for found in shared.found.values())


def test_a_helper_that_cannot_start_costs_time_only(book, monkeypatch) -> None:
    monkeypatch.setattr("store.ledger.workers.SHARE_FROM", 1)
    book.fill(17_000, together=True)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert book.verify(processes=2).ok
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert book.verify(processes=2).ok


def test_verification_imports_no_terminal_and_no_sqlite_utils() -> None:
    code = "import sys, store.ledger; print([m for m in ('textual', 'click', 'sqlite_utils') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
