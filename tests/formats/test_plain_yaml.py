"""YAML read line by line: what is read means what libyaml says, and what it may not mean is left to libyaml."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.large_exports import generic_yaml, home_assistant
from store.domain.component import Json
from store.errors import BadInput
from store.formats.plain_yaml import NotPlain, plain_document
from store.formats.safe_yaml import MAX_VALUES, by_libyaml, read

KEYS = [
    "on", "id", "a.b", "entity_id", "12", "Parse order", "a/b-c", "null", "'q'", "<<", "?", "x:y", "-a", "ä",
    "a  b",
]  # fmt: skip
VALUES = [
    "on", "~", "12", "-3", "1.5", "0x1F", "010", "1:30", "2024-01-02", "2001-12-14 21:59:43.10", "a b  c",
    "a: b", "a #b", "a#b", "a:b", "a ", " a", "'it''s'", '"q # : x"', '"\\n"', "'open", '"open', "[]", "{}",
    "[a]", "{a: 1}", "!secret x", "&a x", "*a", "|", ">-", "- x", "-x", "-", "?", "% x", "@x", "`x", "a\tb",
    "\tx", "ü — ß", "\u2028x", "\x85x", "😀", "null", "true # yes", "#x", "...", "---", "a:", ":a", "=", "<x>",
    "a, b", "]", "}", "{{ x }}", "x {{ y }}", "a\\b", "",
]  # fmt: skip
LINES = st.builds(
    lambda indent, dashes, key, value, end: " " * indent + "- " * dashes + key + value + end,
    st.sampled_from([0, 0, 0, 2, 2, 4, 1, 6]),
    st.sampled_from([0, 0, 0, 1, 1, 2]),
    st.sampled_from(["", "", *(f"{key}:" for key in KEYS), *(f"{key}: " for key in KEYS[:6])]),
    st.sampled_from(VALUES),
    st.sampled_from(["", "", "", "", " ", "\r", " # x"]),
)
SIMPLE = st.builds(
    lambda indent, dashes, rest: "  " * indent + "- " * dashes + rest,
    st.integers(0, 3),
    st.sampled_from([0, 0, 1, 1, 2]),
    st.sampled_from(["a:", "b:", "c:", "a: 1", "b: x", "c: 'y'", "text", "on", "# no", "", "a: {}", "d: many words"]),
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=90),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def said(text: str) -> list[Json] | str:
    try:
        return by_libyaml(text)
    except BadInput as refusal:
        return str(refusal)


def agrees(text: str) -> bool:
    """Say whether a text was read line by line; what libyaml says must be the same then."""
    try:
        document = plain_document(text, most=MAX_VALUES)
    except NotPlain:
        return False
    assert repr(said(text)) == repr([document])
    return True


@given(st.lists(LINES, min_size=1, max_size=6))
def test_lines_of_all_sorts_mean_what_libyaml_says(lines: list[str]) -> None:
    agrees("\n".join(lines))


@given(st.lists(SIMPLE, min_size=1, max_size=9), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "---\n"]))
def test_lists_and_mappings_in_whatever_order_mean_what_libyaml_says(lines: list[str], end: str, head: str) -> None:
    agrees(head + end.join(lines))


@settings(max_examples=40)
@given(VALUE, st.sampled_from([20, 80, 1_000]), st.booleans())
def test_what_a_tool_writes_means_what_libyaml_says(value: Json, width: int, is_ascii: bool) -> None:
    agrees(yaml.safe_dump(value, sort_keys=False, default_flow_style=False, width=width, allow_unicode=not is_ascii))


@pytest.mark.parametrize(
    "text",
    [
        home_assistant(3, 1).decode(),
        generic_yaml(3, 1).decode(),
        "---\n# mine\na:\n- b: on\n  c: long words that\n    go on\n\n- d: {}\n  e:\nf: 'it''s'\n",
        "a: grün\r\nb:\r\n  - - 1\r\n    - 2\r\n",
    ],
    ids=["automations", "rules", "by hand", "of Windows"],
)
def test_plain_files_are_read_without_libyaml(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "- a\nb: 1", "a: b: c", "a: b\n  c: d", "a:\n  - b\n c: 1", " - a\n- b"]
)
def test_what_is_wrong_is_refused_in_the_words_of_libyaml(text: str) -> None:
    assert not agrees(text)
    with pytest.raises(BadInput, match="YAML: line"):
        read(text.encode())


@pytest.mark.parametrize(
    "text",
    ["- " * 2_000_000, "a: b\n" + " c\n" * 1_000_000, "\n" * 4_000_000, "a " * 2_000_000, "a:\n" * 1_000_000,
     "x" * 5_000_000, "a: '" + "''" * 2_000_000, "- a: 1\n" * 400_000, "# x\n" * 1_000_000, "a:" * 2_000_000],
    ids=["dashes", "folds", "ends", "words", "keys", "letters", "quotes", "items", "comments", "colons"],
)  # fmt: skip
def test_a_hostile_text_is_read_or_left_in_time_of_its_length(text: str) -> None:
    began = time.process_time()
    with suppress(NotPlain):
        plain_document(text, most=MAX_VALUES)
    assert time.process_time() - began < 3
