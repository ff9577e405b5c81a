from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from ledger_book import ORIGIN

from store.integrity.canonical import canonical_bytes
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.entry import FIRST_PREV, Entry
from store.integrity.merkle import RootBuilder, leaf_hash
from store.ledger import rebuild_nodes
from store.ledger.tiles import Row, TileChecker


def body_with(entry: Entry, old: bytes, new: bytes) -> bytes:
    assert old in entry.body
    return entry.body.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"count":2', b'"count":2.5'),
        (b'"count":2', b'"count":1e-7'),
        (b'"count":2', b'"count":1e+16'),
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


def rows_of(middles: list[bytes]) -> list[Row]:
    """Chain statements that only need their end: origin, time and version."""
    rows, prev = [], FIRST_PREV
    for seq, middle in enumerate(middles, 1):
        begin = b'{"prev":"%b","seq":%d,"sig":null,"statement":' % (prev.hex().encode(), seq)
        body = begin + middle + b'},"origin":"%b","time":"2026-03-02T09:00:00.000Z","v":1}}' % ORIGIN.encode()
        prev = leaf_hash(body)
        rows.append((seq, body, prev))
    return rows


WHOLE = b'{"actor":"p","data":{},"kind":"thing.happened","on":{'


@pytest.mark.parametrize(
    "two",
    [
        (b'{"actor":"p","data":{"a":{"b":{', b'"c":{}},"kind":"thing.happened","on":{'),
        (b'{"actor":"p","data":{"a":"', b'"},"kind":"thing.happened","on":{'),
    ],
)
def test_entries_that_are_statements_only_together_with_a_neighbour_are_found(two: tuple[bytes, bytes]) -> None:
    """Statements are read many at a time: two halves that make one, and one that is two, come to the right number."""
    middles = [WHOLE, *two, WHOLE + b"}}," + WHOLE, WHOLE]
    _, problems, _ = TileChecker(ORIGIN, kinds=frozenset(), fast=False).check(
        rows_of(middles), 1, (FIRST_PREV, FIRST_PREV)
    )
    assert [(found.problem, found.seq) for found in problems] == [("form", 2), ("form", 3), ("form", 4)]


def test_the_canonical_bytes_here_are_those_everywhere(book) -> None:
    book.fill(1)
    entry = book.ledger.entry(1)
    import json

    assert canonical_bytes(json.loads(entry.body)) == entry.body
