"""What is seen of an entry without opening it is what the opened entry says."""

from __future__ import annotations

import random

import pytest

from store.ledger.rows import Search
from store.ledger.sieve import Sieve

ACTORS = ("bo", "Bo", 'b"o', "\\", "zoë", "system")
TEXTS = ("Straße", "REFUND", 'a "quoted" word', "日本", "plain")


def nested(actor: str) -> dict[str, object]:
    """An entry's data that looks like a statement of somebody else."""
    return {"statement": {"actor": actor, "data": {}}, "text": '"statement":{"actor":"bo",'}


@pytest.fixture
def filled(book):
    chance = random.Random(11)
    with book.ledger.writing() as writer:
        for number in range(400):
            data = nested(chance.choice(ACTORS)) if number % 3 else {"said": chance.choice(TEXTS)}
            writer.append(book.statement("a.one", actor=chance.choice(ACTORS), data=data))
    return book


@pytest.mark.parametrize("newest_first", [False, True])
def test_it_keeps_what_the_opened_entries_say(filled, newest_first) -> None:
    entries = list(filled.ledger.entries(newest_first=newest_first))
    times = [entry.statement.time for entry in entries]
    chance = random.Random(12)
    for _ in range(120):
        actor = chance.choice([None, None, *ACTORS, "nobody", "\ud800"])
        since, until = chance.choice([None, *times]), chance.choice([None, *times])
        text = chance.choice([None, None, "strasse", "refund", "QUOTED", "日本", "nowhere"])
        sieve = Sieve(actor=actor, since=since, until=until, text=text)
        wanted = [
            entry.seq
            for entry in entries
            if actor in {None, entry.statement.actor}
            and (since is None or entry.statement.time >= since)
            and (until is None or entry.statement.time <= until)
            and (text is None or text.casefold() in entry.body.decode().casefold())
        ]
        limit = chance.choice([None, 0, 3])
        found = filled.ledger.entries(sieve=sieve, newest_first=newest_first, limit=limit)
        assert [entry.seq for entry in found] == wanted[:limit]
        numbers = filled.ledger.numbers(Search(sieve=sieve, newest_first=newest_first))
        assert list(numbers) == wanted


def test_numbers_alone_are_found_by_kind_and_thing_too(filled) -> None:
    assert list(filled.ledger.numbers(Search(kinds=["a.one"], after=390))) == list(range(391, 401))
    assert list(filled.ledger.numbers(Search(kinds=[]))) == []
