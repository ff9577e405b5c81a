"""Secrets looked for item by item are those that a look at the whole list finds, whatever stands in it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.domain.cutting import items_of
from store.domain.items import Items
from store.domain.memo import Memo
from store.domain.secrets import by_item, open_secrets, scan
from store.domain.secrets.looks import ANCHORS
from store.domain.secrets.names import QUOTES
from store.domain.secrets.shapes import GENERAL, TOKENS

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
PIECES = [
    "token: ", "'", '"', "`", "\\", "key => ", "<password>", "</", ">", "<", "hunter2!", "x9K2mQ7pL4vN8sT1wZ6y", TOKEN,
    "https://ann:", "s3cret@host", "--password=", "--token ", "bearer ", "?sig=", "&quot;", "\n", "secret = ",
    "api_key:", 'password: "', "pwd='", "}", "},{", "{", "]", ",", ":", "msg.payload", "hooks.slack.com/services/",
    "T0/B0/", "abcdefghij0123456789", "Authorization: Basic dXNlcjpwYXNzd29yZA==", "-----BEGIN PRIVATE KEY-----",
    "SEALED-github-token-k5x2m7q4wd", "pass", " ", "key", "=", "===", "curl -u ann:", "Zoë", "eyJhbGciOiJIUzI1NiJ9.",
]  # fmt: skip
KEYS = ["name", "value", "password", "to", "apiKey", "func", "wires", "token", "header", "type", "env", "key", "v"]
texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
values = st.recursive(
    texts | st.integers(0, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
nodes = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)
tails = st.booleans().map(lambda plain: {"x": 100, "y": 200, "z": "t1", "wires": [["n1"], ["n2"]]} if plain else {})
lists = st.lists(st.tuples(nodes, tails), min_size=2, max_size=8)


def compact(made: list[Any]) -> bytes:
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode()


def indented(made: list[Any]) -> bytes:
    return json.dumps(made, indent=4, ensure_ascii=False).encode() + b"\n"


def known(data: bytes) -> Items:
    """The items of a list that was met before."""
    memo = Memo()
    for _ in range(3):
        items = items_of(bytes(bytearray(data)), "flows.json", memo)
    assert items is not None
    return items


def identified(made: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[Any]:
    return [{"id": f"n{number}", **node, **tail} for number, (node, tail) in enumerate(made)]


@pytest.mark.parametrize("write", [compact, indented])
@settings(max_examples=150)
@given(made=lists)
def test_the_same_secrets_are_found_in_items_as_in_the_whole(write: Callable[[list[Any]], bytes], made: Any) -> None:
    data = write(identified(made))
    items = known(data)
    assert open_secrets(data, "flows.json", items=items) == open_secrets(data, "flows.json")
    assert scan(data, items=known(data)) == scan(data)


@pytest.mark.parametrize("write", [compact, indented])
@settings(max_examples=100)
@given(made=lists, other=lists, at=st.integers(0, 8), gone=st.integers(0, 3))
def test_the_same_secrets_are_found_where_only_some_items_changed(
    write: Callable[[list[Any]], bytes], made: Any, other: Any, at: int, gone: int
) -> None:
    memo = Memo()
    first, second = write(identified(made)), write(identified([*made[:at], *other, *made[at + gone :]]))
    for data in (first, first, second, first, second, second):
        own = bytes(bytearray(data))  # the same bytes, not the same object
        items = items_of(own, "flows.json", memo)
        if items is not None:
            assert [own[at : at + len(item.text)] for at, item in zip(items.starts, items.each, strict=True)] == [
                item.text for item in items.each
            ]
            assert [item.value for item in items.each] == json.loads(own)
        assert open_secrets(own, "flows.json", items=items) == open_secrets(own, "flows.json")
        assert scan(own, items=items) == scan(own)


def test_secrets_in_usual_nodes_are_found_without_looking_at_the_whole() -> None:
    tail = {"x": 100, "y": 200, "outputs": 1, "z": "t1", "wires": [["n1"], ["n2"]]}
    made = identified([({"password": "hunter2!", "func": f"token = '{TOKEN}'"}, tail), ({"name": "key"}, tail)] * 3)
    items = known(compact(made))
    found = by_item.in_items(items)
    assert found is not None
    assert len(found.open) >= 6


def test_a_name_whose_value_may_go_on_in_the_next_node_is_looked_at_in_the_whole() -> None:
    tail = {"x": 100, "y": 200, "outputs": 1, "z": "t1", "wires": [["n1"], ["n2"]]}
    data = compact(identified([({"func": "token: 'a1b2c3d4"}, tail), ({"func": "it's"}, tail)]))
    assert by_item.in_items(known(data)) is None


def test_no_word_that_tells_of_secrets_reaches_over_the_border_of_an_item() -> None:
    assert not [word for word in ANCHORS.words if set(b"{},") & set(word)]


@pytest.mark.parametrize("shape", [*GENERAL, *TOKENS], ids=lambda shape: shape.kind)
def test_no_shape_reads_past_more_quotes_than_stand_after_every_word(shape: Any) -> None:
    if b"[^{}]" in shape.pattern.pattern:
        return  # what stops at a brace never leaves the object it began in
    parsed = sys.modules["re"]._parser.parse(shape.pattern.pattern, shape.pattern.flags)  # type: ignore[attr-defined]
    assert most_quotes(parsed) < QUOTES


def most_quotes(parsed: Any) -> int:
    """How many quotes a pattern can take at most; 1,000 where there is no end to it."""
    return min(1_000, sum(_most(str(name), argument) for name, argument in parsed))


def _most(name: str, argument: Any) -> int:
    match name:
        case "LITERAL":
            return int(argument == ord('"'))
        case "NOT_LITERAL":
            return int(argument != ord('"'))
        case "ANY":
            return 1
        case "IN":
            return int(re.fullmatch(_class(argument), '"') is not None)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            _, most, inner = argument
            return int(most) * most_quotes(inner) if most_quotes(inner) else 0
        case "SUBPATTERN":
            return most_quotes(argument[3])
        case "BRANCH":
            return max(most_quotes(branch) for branch in argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return most_quotes(argument[1])
        case "ATOMIC_GROUP":
            return most_quotes(argument)
        case "AT":
            return 0
        case _:
            raise AssertionError(name)


def _class(items: Any) -> str:
    """Write a set of characters as a pattern again."""
    categories = {"CATEGORY_SPACE": "\\s", "CATEGORY_DIGIT": "\\d", "CATEGORY_WORD": "\\w"}
    made = ""
    for name, argument in items:
        match str(name):
            case "NEGATE":
                made += "^"
            case "LITERAL":
                made += re.escape(chr(argument))
            case "RANGE":
                made += f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
            case _:
                made += categories[str(argument)]
    return f"[{made}]"
