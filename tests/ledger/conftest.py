from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_book import Book

from store.ledger import HeadStore


@pytest.fixture
def make_book(tmp_path: Path) -> Iterator[Callable[..., Book]]:
    books: list[Book] = []

    def make(name: str = "ledger.db") -> Book:
        heads = (HeadStore(tmp_path / "state" / "one"), HeadStore(tmp_path / "elsewhere" / "two"))
        books.append(Book(tmp_path / name, heads))
        return books[-1]

    yield make
    for book in books:
        book.ledger.close()


@pytest.fixture
def book(make_book: Callable[..., Book]) -> Book:
    return make_book()
