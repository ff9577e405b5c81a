from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from support.ticking import TickingClock

from store.errors import BadInput, IntegrityFailure, NotFound, Refusal, StorageFailure
from store.integrity.checkpoint import open_checkpoint
from store.integrity.entry import FIRST_PREV
from store.integrity.merkle import RootBuilder, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from store.integrity.note import MAX_NOTE
from store.ledger import Feed, HeadContradiction, HeadStore, Ledger, Unanchored
from store.ledger.report import Verdict


def test_an_empty_ledger_has_the_empty_trees_root(book) -> None:
    head = book.ledger.head()
    assert (head.size, head.last) == (0, FIRST_PREV)
    assert head.root.hex().startswith("e3b0c442")


def test_entries_are_numbered_from_one_and_linked(book) -> None:
    book.fill(5)
    entries = list(book.ledger.entries())
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.prev for entry in entries] == [FIRST_PREV, *(entry.hash for entry in entries[:-1])]


def test_every_commit_leaves_one_signed_checkpoint_and_tells_every_place_outside(book) -> None:
    book.fill(2)
    book.fill(3, together=True)
    notes = book.rows("SELECT size, note FROM checkpoint ORDER BY size")
    assert [size for size, _ in notes] == [1, 2, 5]
    newest = open_checkpoint(notes[-1][1], [book.signer.verifier])
    assert (newest.size, newest.root) == (5, book.ledger.head().root)
    assert {store.read() for store in book.heads} == {notes[-1][1]}


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 512, 700])
def test_the_root_is_that_of_a_tree_built_from_scratch(book, size: int) -> None:
    book.fill(size, together=True)
    tree = RootBuilder()
    for entry in book.ledger.entries():
        tree.add(entry.hash)
    assert book.ledger.head().root == tree.root() == book.reopen().head().root


def test_proofs_from_the_stored_nodes_check(book) -> None:
    book.fill(600, together=True)
    root = book.ledger.head().root
    with book.ledger.tree() as nodes:
        for index in (0, 1, 255, 256, 511, 512, 599):
            proof = inclusion_proof(index, 600, nodes.get)
            verify_inclusion(index, 600, book.ledger.entry(index + 1).hash, proof, root)
        for old in (1, 2, 255, 256, 257, 512, 599, 600):
            proof = consistency_proof(old, 600, nodes.get)
            verify_consistency(old, 600, proof, book.ledger.root_at(old), root)


def test_what_the_block_raises_rolls_everything_back_and_the_ledger_goes_on(book) -> None:
    book.fill(1)

    def decide() -> None:
        with book.ledger.writing() as writer:
            writer.append(book.statement())
            writer.connection.execute("INSERT INTO note VALUES (1, 'never')")
            raise Refusal(["no"])

    with pytest.raises(Refusal):
        decide()
    assert book.ledger.head().size == 1
    assert book.rows("SELECT * FROM note") == []
    book.fill(1)
    assert book.ledger.head().size == 2


def test_what_is_stored_beside_the_entries_is_committed_with_them(book) -> None:
    with book.ledger.writing() as writer:
        writer.append(book.statement())
        writer.connection.execute("INSERT INTO note VALUES (1, 'kept')")
    assert book.rows("SELECT text FROM note") == [("kept",)]


def test_a_transaction_without_entries_makes_no_checkpoint(book) -> None:
    with book.ledger.writing() as writer:
        writer.connection.execute("INSERT INTO note VALUES (1, 'kept')")
    assert book.rows("SELECT count(*) FROM checkpoint") == [(0,)]
    assert book.rows("SELECT count(*) FROM note") == [(1,)]


def test_a_writer_reads_its_own_entries(book) -> None:
    book.fill(2)
    with book.ledger.writing() as writer:
        entry = writer.append(book.statement("own.thing"))
        assert [found.seq for found in writer.entries(kinds=["own.thing"])] == [3]
        assert writer.entry(3) == entry
        assert writer.head().size == 3
        assert book.ledger.head().size == 2


def test_a_statement_for_another_ledger_is_refused(book) -> None:
    with book.ledger.writing() as writer, pytest.raises(BadInput, match="does not belong"):
        writer.append(book.statement(origin="other.example/log"))
    assert book.ledger.writable


def test_a_statement_that_cannot_be_written_changes_nothing(book) -> None:
    with book.ledger.writing() as writer:
        with pytest.raises(BadInput):
            writer.append(book.statement(data={"share": 0.5}))
        with pytest.raises(BadInput, match="65,536"):
            writer.append(book.statement(data={"text": "x" * 70_000}))
        writer.append(book.statement())
    assert book.ledger.head().size == 1
    assert book.ledger.writable


def test_the_largest_entry_is_read_back_whole(book) -> None:
    book.fill(1, data={"text": "x" * 65_000})
    assert len(book.reopen().entry(1).body) > 65_000
    assert book.verify().ok


def test_a_writer_whose_append_stopped_half_way_cannot_commit(book, monkeypatch) -> None:
    # the read tables' own code fails: an entry would stand without them
    monkeypatch.setattr("store.projections.apply", lambda *_: 1 / 0)

    def carelessly() -> None:
        with book.ledger.writing() as writer, suppress(ZeroDivisionError):
            writer.append(book.statement())

    with pytest.raises(ZeroDivisionError):
        carelessly()
    assert not book.ledger.writable
    assert book.reopen().writable
    assert book.ledger.head().size == 0


def test_a_transaction_reads_back_its_own_entries(book) -> None:
    book.fill(2)
    with book.ledger.writing() as writer:
        sealed = [writer.append(book.statement()) for _ in range(300)]
        assert writer.count == 300
        assert list(writer.appended()) == sealed
    assert book.verify().entries == 302


def test_of_large_entries_a_transaction_keeps_sixteen_mebibytes_at_most(book) -> None:
    with book.ledger.writing() as writer:
        for _ in range(300):
            writer.append(book.statement(data={"text": "x" * 65_000}))
            assert sum(len(entry.body) for entry in writer._waiting) <= 16 * 1024 * 1024
    assert book.ledger.head().size == 300
    assert book.verify().ok


@pytest.mark.parametrize("count", [1, 2, 3, 7, 2047, 2048, 2049])
def test_a_transaction_of_any_length_is_stored_whole_and_in_order(book, count: int) -> None:
    book.fill(count, together=True)
    assert [entry.seq for entry in book.ledger.entries()] == list(range(1, count + 1))
    assert book.verify().ok


def test_writing_inside_writing_is_a_bug(book) -> None:
    with pytest.raises(RuntimeError), book.ledger.writing(), book.ledger.writing():
        pass
    book.fill(1)


def test_threads_take_turns(book) -> None:
    threads = [threading.Thread(target=book.fill, args=(10,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.ledger.head().size == 40
    assert book.verify().verdict is Verdict.ANCHORED


def test_two_open_ledgers_see_each_others_entries(book) -> None:
    other = book.open()
    for _ in range(3):
        book.fill(2)
        with other.writing() as writer:
            writer.append(book.statement())
    assert book.ledger.head() == other.head()
    assert book.ledger.head().size == 9
    other.close()
    assert book.verify().ok


def test_a_locked_file_is_told_and_nothing_is_changed(book, monkeypatch) -> None:
    book.fill(1)
    book.ledger._appender._connection.set_authorizer(None)
    book.ledger._appender._connection.execute("PRAGMA busy_timeout = 20")
    blocker = sqlite3.connect(book.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFailure, match="locked by another process"), book.ledger.writing():
        pass
    blocker.execute("ROLLBACK")
    book.fill(1)
    blocker.execute("BEGIN")
    blocker.execute("SELECT * FROM entry").fetchone()  # a reader that never finishes stops the COMMIT
    with pytest.raises(StorageFailure, match="nothing was changed"):
        book.fill(1)
    blocker.close()
    assert book.ledger.writable
    book.fill(1)
    assert book.ledger.head().size == 3
    assert book.verify().ok


def test_a_place_outside_that_cannot_be_read_stops_the_ledger_before_anything_is_recorded(book) -> None:
    book.fill(1)
    place = book.heads[1].path
    place.unlink()
    place.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(HeadContradiction, match="cannot be read"):
        book.fill(1)
    assert not book.ledger.writable
    assert book.ledger.head().size == 1
    assert book.verify().verdict is Verdict.DIVERGED
    place.rmdir()
    assert book.reopen().writable
    book.fill(1)
    assert book.heads[0].read() == book.heads[1].read()
    assert book.verify().ok


def test_when_anchoring_fails_the_message_says_that_it_is_recorded(book, monkeypatch) -> None:
    book.fill(1)

    def broken(*_args: object, **_kwargs: object) -> None:
        raise StorageFailure("the other disk is gone")

    monkeypatch.setattr("store.ledger.outgoing.Outgoing.publish", broken)
    with pytest.raises(Unanchored, match="recorded, but not anchored; do not repeat"):
        book.fill(1)
    monkeypatch.undo()
    with pytest.raises(StorageFailure, match="nothing can be recorded"):
        book.fill(1)
    report = book.verify()
    assert (report.anchored, report.tail_entries) == ((1, 2), 1)
    assert book.reopen().head().size == 2
    assert book.verify().anchored == (2, 2)


@pytest.mark.parametrize("left", [0, 1])
def test_opening_alone_makes_no_place_outside_agree(book, left: int) -> None:
    """Whoever takes kept heads away, or puts old ones back, must not have us mend them before somebody verifies."""
    book.fill(1)
    old = book.heads[0].path.read_bytes()
    book.fill(1)
    book.fill(1)
    book.ledger.close()
    for head in book.heads:
        head.path.unlink()
        if left:
            head.path.write_bytes(old)
    for _ in range(2):
        book.reopen()
        report = book.verify()
        assert (report.verdict, report.tail_entries) == (
            (Verdict.ANCHORED, 2) if left else (Verdict.SELF_CONSISTENT, 3)
        )
    book.fill(1)
    assert book.verify().anchored == (4, 4)


def test_without_the_logs_key_a_ledger_is_read_only(book) -> None:
    book.fill(2)
    reader = book.open(log_signer=None)
    assert not reader.writable
    assert "private key" in str(reader.read_only_reason)
    assert [entry.seq for entry in reader.entries()] == [1, 2]
    with pytest.raises(StorageFailure, match="private key"), reader.writing():
        pass
    reader.close()


def test_a_file_that_may_not_be_written_opens_read_only(book, monkeypatch) -> None:
    book.fill(2)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everything, so it is only pretended
    reader = book.open()
    assert "cannot be written" in str(reader.read_only_reason)
    assert reader.head().size == 2
    reader.close()


def test_closed_means_closed(book) -> None:
    book.fill(1)
    book.ledger.close()
    with pytest.raises(StorageFailure, match="closed"):
        book.ledger.head()
    with pytest.raises(StorageFailure, match="closed"):
        book.fill(1)


def test_the_feed_tells_the_size_once_per_commit(book) -> None:
    feed = Feed(book.ledger)
    assert feed.poll() == 0
    assert feed.poll() is None
    book.fill(2)
    assert feed.poll() == 2
    assert feed.poll() is None
    other = book.open()
    with other.writing() as writer:
        writer.append(book.statement())
    other.close()
    assert feed.poll() == 3
    feed.close()


def test_entries_that_are_not_there_are_not_found(book) -> None:
    book.fill(1)
    for seq in (0, -1, 2):
        with pytest.raises(NotFound):
            book.ledger.entry(seq)
    with pytest.raises(NotFound):
        book.ledger.root_at(2)
    with pytest.raises(NotFound):
        book.ledger.checkpoint(2)
    assert open_checkpoint(book.ledger.checkpoint(1), [book.signer.verifier]).size == 1


def test_a_changed_entry_is_never_handed_out(book) -> None:
    book.fill(3)
    book.tamper("UPDATE entry SET body = CAST(replace(body, 'orders', 'orderz') AS BLOB) WHERE seq = 2")
    with pytest.raises(IntegrityFailure, match="entry 2"):
        list(book.ledger.entries())


def test_nothing_is_linked_to_a_changed_entry(book) -> None:
    book.fill(3)
    book.tamper("UPDATE entry SET body = CAST(replace(body, 'orders', 'orderz') AS BLOB) WHERE seq = 3")
    with pytest.raises(IntegrityFailure):
        book.fill(1)
    assert not book.ledger.writable
    assert "entry 3" in str(book.reopen().read_only_reason)


def test_interrupting_ends_a_long_read(book) -> None:
    book.fill(1)
    started = threading.Event()
    outcome: list[BaseException] = []

    def read_forever() -> None:
        endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
        try:
            with book.ledger.reading() as connection:
                started.set()
                connection.execute(endless).fetchone()
        except StorageFailure as error:
            outcome.append(error)

    thread = threading.Thread(target=read_forever)
    thread.start()
    started.wait()
    while thread.is_alive():
        book.ledger.interrupt()
        thread.join(0.05)
    assert "interrupted" in str(outcome[0])


def test_a_fresh_head_store_under_the_state_folder_is_private(book, tmp_path, monkeypatch) -> None:
    from store.ledger import state_heads

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    first, second = state_heads(tmp_path / "workspace", "ledger.example/a")
    other, same_place = state_heads(tmp_path / "workspace", "ledger.example/b")
    assert first != other
    assert second == same_place
    assert first.read() is None
    first.write(b"note\n")
    assert first.read() == b"note\n"
    assert first.path.parent.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert state_heads(tmp_path, "x")[0].path.is_absolute()


@pytest.mark.parametrize("size", [1, 8191, 8192, 8193, MAX_NOTE])
def test_a_kept_note_is_read_whole_whatever_its_length(tmp_path, size: int) -> None:
    store = HeadStore(tmp_path / "head")
    note = bytes(number % 251 for number in range(size))
    store.write(note)
    assert store.read() == note


def test_what_is_too_long_for_a_note_is_not_read_to_its_end(tmp_path) -> None:
    store = HeadStore(tmp_path / "head")
    with store.path.open("wb") as file:
        file.truncate(1 << 34)
    assert len(store.read() or b"") == MAX_NOTE + 1


def test_a_ledger_is_never_made_over_another(make_book: Callable[..., object], tmp_path) -> None:
    make_book("one.db")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput, match="something is there already"):
        make_book("one.db")
    assert sorted(tmp_path.iterdir()) == before


def test_a_ledger_is_made_only_where_a_folder_is(tmp_path, book) -> None:
    with pytest.raises(BadInput, match="folder does not exist"):
        Ledger.create(
            tmp_path / "nowhere" / "ledger.db",
            origin="ledger.example/x",
            log_signer=book.signer,
            clock=TickingClock(),
            heads=[HeadStore(tmp_path / "h")],
            tables=(),
        )
