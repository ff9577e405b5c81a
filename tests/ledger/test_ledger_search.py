from __future__ import annotations

import random

import pytest

from store.errors import BadInput
from store.ledger.schema import SUBJECTS

KINDS = ("a.one", "a.two", "b.three", "c.four")


def fill_at_random(book, count: int) -> list[tuple[int, str, dict[str, str]]]:
    chance = random.Random(7)
    model = []
    with book.ledger.writing() as writer:
        for _ in range(count):
            on = {subject: f"{subject}-{chance.randrange(3)}" for subject in SUBJECTS if chance.random() < 0.4}
            entry = writer.append(book.statement(chance.choice(KINDS), on=on))
            model.append((entry.seq, entry.statement.kind, on))
    return model


def test_a_search_finds_what_a_plain_walk_over_all_entries_finds(book) -> None:
    model = fill_at_random(book, 900)
    chance = random.Random(8)
    for _ in range(300):
        kinds = chance.sample(KINDS, chance.randrange(4)) if chance.random() < 0.6 else None
        subjects = chance.sample(SUBJECTS, chance.choice([0, 1, 1, 2, 3]))
        on = {subject: f"{subject}-{chance.randrange(3)}" for subject in subjects}
        after, until = chance.randrange(900), chance.choice([None, chance.randrange(900)])
        limit, newest_first = chance.choice([None, 0, 1, 7, 300]), chance.random() < 0.5
        expected = [
            seq
            for seq, kind, about in model
            if (kinds is None or kind in kinds)
            and all(about.get(subject) == value for subject, value in on.items())
            and seq > after
            and (until is None or seq <= until)
        ]
        expected = (expected[::-1] if newest_first else expected)[:limit]
        found = book.ledger.entries(
            kinds=kinds, on=on, after=after, until=until, limit=limit, newest_first=newest_first
        )
        assert [entry.seq for entry in found] == expected


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("kinds", "on"),
    [
        (None, {}),
        (["a.one"], {}),
        (["a.one", "c.four"], {}),
        (["a.one"], {"project": "p"}),
        (None, {"project": "p", "environment": "e"}),
        (None, {"request": "r", "project": "p"}),
    ],
)
def test_no_search_sorts_or_scans(book, kinds, on, newest_first) -> None:
    from store.ledger.rows import Search, _statement

    book.fill(10)
    sql, values = _statement(Search(kinds=kinds, on=on, newest_first=newest_first))
    with book.ledger.reading() as connection:
        connection.set_authorizer(None)  # EXPLAIN is nothing a reader needs otherwise
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", {**values, "low": 0, "high": 9, "page": 5}).fetchall()
    steps = "\n".join(row[3] for row in plan)
    sorting = "TEMP B-TREE" in steps
    assert not sorting or len(kinds or ()) > 1, steps  # the union of kinds sorts one page's numbers at most
    assert "SCAN entry" not in steps, steps


def test_a_word_nobody_searches_by_is_refused(book) -> None:
    with pytest.raises(BadInput, match="colour"):
        list(book.ledger.entries(on={"colour": "red"}))


def test_no_kinds_are_no_entries(book) -> None:
    book.fill(2)
    assert list(book.ledger.entries(kinds=[])) == []


def test_a_walk_that_is_left_halfway_keeps_no_writer_waiting(book) -> None:
    book.fill(600, together=True)
    walk = book.ledger.entries()
    assert next(walk).seq == 1
    book.fill(1)
    assert sum(1 for _ in walk) == 600
