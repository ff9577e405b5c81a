from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from store.errors import StorageFailure
from store.ledger import Unanchored
from store.ledger.outgoing import Outgoing, sweep


@pytest.fixture
def helper() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def notes(book) -> list[bytes]:
    """Four checkpoints; the stores hold the first."""
    book.fill(4)
    notes = [book.ledger.checkpoint(size) for size in (1, 2, 3, 4)]
    for store in book.heads:
        store.write(notes[0])
    return notes


def prepared(book, note: bytes, helper: ThreadPoolExecutor) -> Outgoing:
    outgoing = Outgoing(book.heads, note, helper)
    outgoing.prepare()
    outgoing._wait()
    return outgoing


def kept(book) -> set[bytes | None]:
    return {store.read() for store in book.heads}


def test_what_is_prepared_is_kept_only_once_it_is_published(book, notes, helper) -> None:
    outgoing = prepared(book, notes[1], helper)
    assert kept(book) == {notes[0]}
    outgoing.publish()
    assert kept(book) == {notes[1]}
    assert book.beside_heads() == []


def test_what_is_discarded_leaves_nothing(book, notes, helper) -> None:
    prepared(book, notes[1], helper).discard()
    assert kept(book) == {notes[0]}
    assert book.beside_heads() == []


def test_an_older_head_never_replaces_a_newer_one(book, notes, helper) -> None:
    Outgoing(book.heads, notes[2]).publish()
    Outgoing(book.heads, notes[1]).publish()
    prepared(book, notes[1], helper).publish()
    assert kept(book) == {notes[2]}
    assert book.beside_heads() == []
    Outgoing(book.heads, notes[1]).publish(force=True)
    assert kept(book) == {notes[1]}


@pytest.mark.parametrize("committed", [True, False])
def test_who_prepares_later_never_has_a_head_published_for_them(book, notes, helper, committed: bool) -> None:
    """Another process appends between our COMMIT and our heads: its file stands where ours stood."""
    ours = prepared(book, notes[1], helper)
    theirs = prepared(book, notes[2], helper)
    ours.publish()
    assert kept(book) == {notes[1]}
    if committed:
        theirs.publish()
    else:
        theirs.discard()
    assert kept(book) == {notes[2] if committed else notes[1]}
    assert book.beside_heads() == []


def test_who_was_overtaken_neither_replaces_nor_removes_what_others_prepare(book, notes, helper) -> None:
    ours = prepared(book, notes[1], helper)
    prepared(book, notes[2], helper).publish()
    next_one = prepared(book, notes[3], helper)
    ours.publish()
    assert kept(book) == {notes[2]}
    assert len(book.beside_heads()) == 2
    next_one.publish()
    assert kept(book) == {notes[3]}


def test_stores_of_one_folder_get_one_file_and_share_it_with_nothing_older(book, notes, helper, tmp_path) -> None:
    first = book.heads[0]
    more = tuple(type(first)(first.path.with_name(name)) for name in ("three", "four"))
    for note in notes:
        outgoing = Outgoing((*book.heads, *more), note, helper)
        outgoing.prepare()
        outgoing.publish()
        assert {store.read() for store in (*book.heads, *more)} == {note}
    assert len({store.path.stat().st_ino for store in (first, *more)}) == 1
    assert sorted(path.name for path in first.path.parent.iterdir()) == ["four", "one", "three"]


def test_what_lies_beside_is_swept_away_and_written_again_by_whom_it_belonged_to(book, notes, helper) -> None:
    outgoing = prepared(book, notes[1], helper)
    sweep(book.heads)
    assert book.beside_heads() == []
    outgoing.publish()
    assert kept(book) == {notes[1]}


def test_a_head_that_cannot_be_prepared_is_told_after_the_commit_and_the_other_place_is_told(book) -> None:
    book.fill(1)
    in_the_way = book.heads[0].path.with_name(book.heads[0].beside)
    in_the_way.mkdir()
    with pytest.raises(Unanchored, match="recorded, but not anchored; do not repeat"):
        book.fill(1)
    assert book.ledger.head().size == 2
    assert book.heads[1].read() == book.ledger.checkpoint()
    assert book.verify().anchored == (2, 2)
    in_the_way.rmdir()
    assert book.reopen().writable
    assert kept(book) == {book.ledger.checkpoint()}


def test_a_commit_that_has_to_give_up_leaves_no_head_behind(book) -> None:
    book.fill(1)
    before = kept(book)
    connection = book.ledger._appender._connection
    connection.set_authorizer(None)
    connection.execute("PRAGMA busy_timeout = 1")
    with closing(book.open()) as reader, reader.snapshot() as rows:
        rows.execute("SELECT count(*) FROM entry").fetchone()
        with pytest.raises(StorageFailure, match="locked by another process"):
            book.fill(1)
    assert kept(book) == before
    assert book.beside_heads() == []
    book.fill(1)
    assert book.verify().anchored == (2, 2)
