"""Files that somebody puts beside the ledger: SQLite obeys a journal there, and opens whatever has its name."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from store.errors import StorageFailure
from store.ledger.report import Verdict

MAGIC = bytes.fromhex("d9d505f920a163d7")
NONCE = 7


def journal_back_to(older: bytes) -> bytes:
    """Return a rollback journal (sqlite.org/fileformat2, section 3) that puts every page of `older` back."""
    (size,) = struct.unpack(">H", older[16:18])
    pages = len(older) // size
    journal = bytearray(MAGIC + struct.pack(">5I", pages, NONCE, pages, 512, size))
    journal += bytes(512 - len(journal))
    for number in range(pages):
        page = older[number * size : (number + 1) * size]
        total = sum(page[at] for at in range(size - 200, 0, -200))
        journal += struct.pack(">I", number + 1) + page + struct.pack(">I", (NONCE + total) & 0xFFFFFFFF)
    return bytes(journal)


def test_a_planted_journal_that_takes_entries_back_is_noticed_by_the_kept_heads(book) -> None:
    book.fill(5)
    older = book.path.read_bytes()
    book.fill(4)
    book.ledger.close()
    Path(f"{book.path}-journal").write_bytes(journal_back_to(older))
    ledger = book.open()
    try:
        assert ledger.head().size == 5  # SQLite believed it
        assert not ledger.writable
        assert ledger.contradiction == "shorter"
    finally:
        ledger.close()
    assert book.verify().verdict is Verdict.SHORTER


def test_a_journal_planted_while_the_ledger_is_open_is_noticed_by_the_next_append(book) -> None:
    book.fill(5)
    older = book.path.read_bytes()
    book.fill(4)
    Path(f"{book.path}-journal").write_bytes(journal_back_to(older))
    with pytest.raises(Exception, match="replaced or cut off"):
        book.fill(1)
    assert not book.ledger.writable
    assert book.verify().verdict is Verdict.SHORTER


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_has_a_journals_name_and_is_no_file_is_said_and_not_waited_for(book, suffix: str, kind: str) -> None:
    book.fill(2)
    book.ledger.close()
    beside = Path(f"{book.path}{suffix}")
    if kind == "pipe":
        os.mkfifo(beside)
    elif kind == "link":
        beside.symlink_to("/etc/passwd")
    else:
        beside.mkdir()
    with pytest.raises(StorageFailure, match=rf"{suffix}: not a regular file"):
        book.open()
    assert os.path.lexists(beside)
