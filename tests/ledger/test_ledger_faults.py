from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store.errors import StorageFailure
from store.ledger.report import Verdict

CHILD = Path(__file__).with_name("ledger_child.py")


def command(book, name: str, count: int, *point: str) -> list[str]:
    return [sys.executable, str(CHILD), str(book.path.parent), name, str(count), *point]


def acknowledged(output: bytes) -> list[int]:
    return [int(line) for line in output.split() if line.isdigit()]


def test_four_processes_append_one_chain(book) -> None:
    processes = [subprocess.Popen(command(book, f"w{number}", 100), stdout=subprocess.PIPE) for number in range(4)]
    told = [acknowledged(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sorted(seq for seqs in told for seq in seqs) == list(range(1, 401))
    for number, seqs in enumerate(told):
        assert [entry.seq for entry in book.ledger.entries(on={"request": f"w{number}"})] == seqs
    assert book.rows("SELECT count(*), max(size) FROM checkpoint") == [(400, 400)]
    report = book.verify()
    assert (report.verdict, report.anchored) == (Verdict.ANCHORED, (400, 400))


def test_a_killed_process_loses_nothing_it_acknowledged(book) -> None:
    chance = random.Random(11)
    acked = 0
    for _ in range(15):
        child = subprocess.Popen(command(book, "killed", 10_000), stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(chance.random() * 0.05)
        child.kill()
        rest = child.communicate()[0]
        acked = max([acked, *acknowledged(first + rest.rpartition(b"\n")[0])])
        size = book.reopen().head().size
        assert book.ledger.writable, book.ledger.read_only_reason
        assert acked <= size <= acked + 1
        acked = size
        assert book.verify().anchored == (size, size)
    assert acked > 15


POINTS = {
    "before anything is sealed": 0,
    "before the checkpoint is stored": 0,
    "before the heads are prepared": 0,
    "while a head is prepared": 0,
    "after the heads are prepared": 0,
    "after the commit": 1,
    "before a head has its name": 1,
    "between two heads": 1,
    "before the heads' folder is durable": 1,
    "between two heads' folders": 1,
}


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_is_made_good_by_the_next_start(book, point: str) -> None:
    book.fill(2)
    child = subprocess.run(command(book, "crash", 1, point), capture_output=True, check=False)
    assert child.returncode == -signal.SIGKILL
    assert child.stdout == b""
    stored = 2 + POINTS[point]
    assert book.reopen().writable
    assert book.ledger.head().size == stored
    assert {store.read() for store in book.heads} == {book.ledger.checkpoint()}
    assert book.beside_heads() == []
    assert book.verify().anchored == (stored, stored)
    subprocess.run(command(book, "after", 2), capture_output=True, check=True)
    assert book.verify().anchored == (stored + 2, stored + 2)


@pytest.mark.parametrize("point", ["while a head is prepared", "after the heads are prepared"])
def test_a_head_that_was_prepared_and_never_committed_is_believed_by_nobody(book, point: str) -> None:
    book.fill(2)
    subprocess.run(command(book, "crash", 1, point), capture_output=True, check=False)
    assert book.beside_heads()
    report = book.verify()
    assert (report.verdict, report.anchored) == (Verdict.ANCHORED, (2, 2))
    book.fill(1)  # the ledger that was open all the time, which does not look for what others left
    assert book.beside_heads() == []
    assert book.verify().anchored == (3, 3)


def test_what_a_crash_left_is_byte_for_byte_what_an_undisturbed_run_leaves(book, make_book, tmp_path) -> None:
    for point in POINTS:
        subprocess.run(command(book, "same", 1, point), capture_output=True, check=False)
        subprocess.run(command(book, "same", 1), capture_output=True, check=True)
    size = book.ledger.head().size
    disturbed = book.rows("SELECT body, hash FROM entry ORDER BY seq"), book.rows("SELECT * FROM checkpoint")
    other = tmp_path / "other"
    other.mkdir()
    calm = make_book("other/ledger.db")
    for _ in range(size):
        ran = subprocess.run(command(calm, "same", 1), capture_output=True, check=True)
        assert b"error" not in ran.stdout
    assert (calm.rows("SELECT body, hash FROM entry ORDER BY seq"), calm.rows("SELECT * FROM checkpoint")) == disturbed


@pytest.mark.parametrize("room", [0, 1, 3, 9, 40])
def test_a_full_disk_is_told_and_keeps_what_was_recorded(book, room: int) -> None:
    book.fill(2)
    limit = book.path.stat().st_size + room * 4096

    def set_limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    child = subprocess.run(command(book, "full", 3000), capture_output=True, check=True, preexec_fn=set_limit)
    assert b"error StorageFailure False" in child.stdout, child.stdout[-200:] + child.stderr
    recorded = max([2, *acknowledged(child.stdout)])
    assert book.reopen().head().size == recorded
    book.fill(1)
    assert book.verify().anchored == (recorded + 1, recorded + 1)


def test_a_database_that_may_not_grow_makes_the_ledger_read_only_until_it_is_opened_again(book) -> None:
    book.fill(2)
    connection = book.ledger._appender._connection
    connection.set_authorizer(None)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StorageFailure, match="disk is full; nothing was changed"):
        book.fill(200)
    assert "disk is full" in str(book.ledger.read_only_reason)
    size = book.ledger.head().size
    assert book.reopen().writable
    book.fill(1)
    assert book.ledger.head().size == size + 1
    assert book.verify().ok


@pytest.mark.skipif(not shutil.which("strace"), reason="strace injects the I/O errors")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "fsync"])
@pytest.mark.parametrize("when", [1, 2, 3, 4, 5, 7, 9, 12])
def test_an_io_error_stops_the_writer_and_keeps_what_was_recorded(book, call: str, when: int) -> None:
    book.fill(2)
    inject = [
        "strace",
        "-f",
        "-qq",
        "-o",
        os.devnull,
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:error=EIO:when={when}+",
    ]
    child = subprocess.run([*inject, *command(book, "eio", 4)], capture_output=True, check=False)
    if b"PTRACE" in child.stderr.upper():
        pytest.skip("this machine does not let strace attach")
    assert (
        b"error StorageFailure False" in child.stdout
        or b"error Unanchored False" in child.stdout
        or (when > 4 and acknowledged(child.stdout)[-1] == 6)
    ), child.stdout + child.stderr
    recorded = max([2, *acknowledged(child.stdout)])
    size = book.reopen().head().size
    assert book.ledger.writable
    unanchored = b"Unanchored" in child.stdout
    assert recorded <= size <= recorded + 1
    assert size == recorded or unanchored or call == "fdatasync"  # a commit whose last sync failed may have landed
    book.fill(1)
    assert book.verify().anchored == (size + 1, size + 1)
