"""The door in front of the served console: a rule a test, no server needed."""

from __future__ import annotations

import pytest

from console.web.door import Door, Knock


def knock(**changes: object) -> Knock:
    usual = {"method": "GET", "host": "127.0.0.1:8000", "origin": None, "cookie": "", "is_socket": False}
    return Knock(**{**usual, **changes})


def token_of(door: Door) -> str:
    return door.address.partition("token=")[2]


def test_the_token_lets_one_person_in_and_nobody_after() -> None:
    door = Door(port=8000)
    token = token_of(door)
    cookie = door.enter(token)
    assert cookie is not None
    assert door.is_inside(cookie)
    assert door.enter(token) is None
    assert door.enter("") is None, "the used token is empty, and empty opens nothing"


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "A" * 43])
def test_another_token_opens_nothing_and_leaves_the_right_one_good(token: str) -> None:
    door = Door(port=8000)
    assert door.enter(token) is None
    assert not door.is_inside("")
    assert door.enter(token_of(door)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1:8001"},
        {"host": "127.0.0.1"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://127.0.0.1:9000", "is_socket": True},
        {"is_socket": True},
        {"method": "POST"},
    ],
)
def test_what_does_not_come_from_our_own_page_is_turned_away(changes: dict[str, object]) -> None:
    assert Door(port=8000).misled(knock(**changes)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host": "localhost:8000"},
        {"origin": "http://127.0.0.1:8000", "is_socket": True},
        {"host": "localhost:8000", "origin": "http://localhost:8000", "is_socket": True},
    ],
)
def test_our_own_page_passes(changes: dict[str, object]) -> None:
    assert Door(port=8000).misled(knock(**changes)) is None


def test_nothing_that_is_printed_of_a_door_holds_its_token() -> None:
    door = Door(port=8000)
    assert token_of(door) not in repr(door)
