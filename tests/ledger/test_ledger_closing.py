"""Closing a ledger that other threads use: nothing is torn out of anybody's hands, nobody waited for for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
from ledger_book import Book

from store.errors import StorageFailure
from store.ledger import appender, readers


class Held:
    """A thread that is inside a reading or a transaction until it is told to go on."""

    def __init__(self, use: Callable[[Callable[[], None]], None]) -> None:
        self.failure: BaseException | None = None
        self._inside, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(use,), daemon=True)
        self._thread.start()
        assert self._inside.wait(60)

    def _run(self, use: Callable[[Callable[[], None]], None]) -> None:
        try:
            use(self._hold)
        except BaseException as error:  # it would be lost with the thread
            self.failure = error

    def _hold(self) -> None:
        self._inside.set()
        assert self._go_on.wait(60)

    def goes_on(self) -> None:
        self._go_on.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def closing(book: Book, begun: Callable[[], bool]) -> threading.Thread:
    """Close the ledger in another thread; return that once it has begun and had time to go too far."""
    closer = threading.Thread(target=book.ledger.close, daemon=True)
    closer.start()
    while not begun():
        time.sleep(0)
    closer.join(0.1)
    return closer


def test_a_connection_is_closed_only_once_its_thread_has_read(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BUSY_SECONDS", 600.0)
    book.fill(2)
    counted: list[int] = []

    def read(hold: Callable[[], None]) -> None:
        with book.ledger.reading() as connection:
            hold()
            counted.extend(connection.execute("SELECT count(*) FROM entry").fetchone())

    reader = Held(read)
    closer = closing(book, lambda: book.ledger._readers._closed)
    assert closer.is_alive(), "the reader still holds it"
    reader.goes_on()
    closer.join(60)
    assert not closer.is_alive()
    assert counted == [2] or "interrupted" in str(reader.failure)
    with pytest.raises(StorageFailure, match="is closed"):
        book.ledger.head()


def test_who_never_stops_reading_keeps_a_connection_and_the_ledger_closes(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BUSY_SECONDS", 0.1)
    book.fill(2)
    counted: list[int] = []

    def read(hold: Callable[[], None]) -> None:
        with book.ledger.reading() as connection:
            hold()
            counted.extend(connection.execute("SELECT count(*) FROM entry").fetchone())

    reader = Held(read)
    book.ledger.close()
    reader.goes_on()
    assert (counted, reader.failure) == ([2], None)


def append_one(book: Book, hold: Callable[[], None]) -> None:
    """Append an entry, and `hold` before it is committed."""
    with book.ledger.writing() as writer:
        writer.append(book.statement())
        hold()


def test_a_transaction_under_way_is_committed_before_the_ledger_closes(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "BUSY_SECONDS", 600.0)
    book.fill(2)

    writer = Held(partial(append_one, book))
    closer = closing(book, lambda: not book.ledger.writable)
    assert closer.is_alive(), "the writer still holds it"
    writer.goes_on()
    closer.join(60)
    assert not closer.is_alive()
    assert writer.failure is None
    assert "is closed" in str(book.ledger.read_only_reason)
    assert book.reopen().head().size == 3
    assert book.verify().ok


def test_a_transaction_under_way_may_read_to_its_end(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it decides from would be gone in the middle, and a push that is done would not be recorded."""
    monkeypatch.setattr(appender, "BUSY_SECONDS", 600.0)
    book.fill(2)

    def write(hold: Callable[[], None]) -> None:
        book.ledger.head()
        with book.ledger.writing() as writer:
            hold()
            assert book.ledger.head().size == 2
            writer.append(book.statement())

    writer = Held(write)
    closer = closing(book, lambda: not book.ledger.writable)
    writer.goes_on()
    closer.join(60)
    assert writer.failure is None
    assert book.reopen().head().size == 3


def test_a_transaction_that_outlasts_the_closing_is_recorded_and_anchored(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "BUSY_SECONDS", 0.05)
    book.fill(2)

    writer = Held(partial(append_one, book))
    book.ledger.close()
    writer.goes_on()
    assert writer.failure is None
    assert len({store.read() for store in book.heads}) == 1
    assert book.reopen().head().size == 3
    assert book.verify().ok


def test_however_many_do_not_stop_reading_closing_waits_once(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(readers, "BUSY_SECONDS", 5.0)
    monkeypatch.setattr(readers, "monotonic", lambda: float(next(seconds)))

    def read(hold: Callable[[], None]) -> None:
        with book.ledger.reading():
            hold()

    held = [Held(read) for _ in range(4)]
    book.ledger.close()
    assert next(seconds) < 10
    for one in held:
        one.goes_on()
        assert one.failure is None


def test_threads_in_the_middle_of_reading_end_with_a_named_error(book: Book) -> None:
    """SQLite read freed memory, and the process was gone."""
    book.fill(100, together=True)
    for _ in range(5):
        ledger, ready = book.open(), threading.Barrier(5)
        said: list[str] = []

        def read(ledger=ledger, ready=ready, said=said) -> None:
            ready.wait(60)
            try:
                while True:
                    list(ledger.entries())
            except StorageFailure as error:
                said.append(str(error))

        threads = [threading.Thread(target=read, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        ready.wait(60)
        ledger.close()
        for thread in threads:
            thread.join(60)
        assert len(said) == 4
        assert all("is closed" in words or "interrupted" in words for words in said)
