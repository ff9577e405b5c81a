from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.hostile import HOSTILE

from console.presentation.text import (
    _PLAIN,
    _pieces,
    cell_count,
    display,
    display_lines,
    hidden,
    scripts,
    suspicions,
)

NAUGHTY = Path(__file__).parents[2] / ".." / "shared" / "data" / "vectors" / "naughty-strings" / "blns.json"
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)


def shows_itself(text: str) -> bool:
    return all(c.isprintable() and (c == " " or not unicodedata.category(c).startswith(("C", "Z"))) for c in text)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left(name: str) -> None:
    assert shows_itself(display(name))


def test_every_naughty_string_becomes_drawable() -> None:
    if not NAUGHTY.exists():
        pytest.skip("shared/data is not here")
    for name in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        assert shows_itself(display(name)), name
        assert cell_len(display(name, 30)) <= 30


@given(ANYTHING)
def test_whatever_comes_in_what_goes_out_shows_itself(text: str) -> None:
    assert shows_itself(display(text))
    display(text).encode("utf-8")


@given(ANYTHING)
def test_displaying_twice_changes_nothing(text: str) -> None:
    assert display(display(text)) == display(text)


@given(ANYTHING, st.integers(0, 40))
def test_a_width_is_never_exceeded(text: str, width: int) -> None:
    assert cell_len(display(text, width)) <= width


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\x1bb", r"a\u{1b}b"),
        ("\x9b", r"\u{9b}"),
        ("a\nb\tc", r"a\u{a}b\u{9}c"),
        ("\u202eabc", r"\u{202e}abc"),
        ("\ud800", r"\u{d800}"),
        ("a\u00a0b", r"a\u{a0}b"),
        ("❤\ufe0f", "❤" + r"\u{fe0f}"),
        ("e\u0301", "é"),
        ("[/]", "[/]"),
        ("\u0301x", r"\u{301}x"),
    ],
)
def test_a_hidden_character_is_written_out(given: str, shown: str) -> None:
    assert display(given) == shown


def test_at_most_two_marks_stand_on_a_letter() -> None:
    assert display("x" + "\u0302" * 4) == "x\u0302\u0302" + r"\u{302}\u{302}"


def test_a_long_name_loses_its_middle() -> None:
    assert display("refund-approval-flow-prod", 13) == "refund…w-prod"


def test_a_stand_in_is_never_cut_apart() -> None:
    for width in range(3, 30):
        cut = display("support-\u202etriage\u202c-bot", width)
        assert cut == display(display("support-\u202etriage\u202c-bot"), width)
        assert all(part.partition("}")[0] in {"202e", "202c"} for part in cut.split("\\u{")[1:])


def test_a_name_of_a_megabyte_costs_no_more_than_a_long_one() -> None:
    shown = display("\u202e" * 1_000_000, 40)
    assert cell_len(shown) <= 40
    assert display("ab" * 1_000_000).startswith("abab")


def test_lines_are_split_where_lines_are_meant() -> None:
    assert display_lines("a\r\n\tb\nc\x1b") == ["a", "    b", r"c\u{1b}"]


def test_hidden_characters_are_counted() -> None:
    assert hidden("plain") == 0
    assert hidden("a\u200bb\u202e") == 2


def test_scripts_are_named() -> None:
    assert scripts("pаypal") == ("Cyrillic", "Latin")


@pytest.mark.parametrize("name", ["orders", "注文-orders", "Müller", "заказ orders", "カタカナ漢字"])
def test_honest_names_raise_no_suspicion(name: str) -> None:
    assert suspicions(name) == ()


def test_a_name_that_mixes_scripts_in_a_word_is_flagged() -> None:
    assert suspicions("pаypal\u200b") == ("1 hidden character", "mixes Cyrillic and Latin letters in one word")


@given(ANYTHING)
def test_the_cells_of_a_displayed_text_are_those_of_the_terminal(text: str) -> None:
    assert cell_count(display(text)) == cell_len(display(text))


def test_what_is_drawn_without_looking_at_each_letter_is_one_cell_a_letter_and_safe() -> None:
    plain = [c for c in map(chr, range(0x2_0000)) if _PLAIN.fullmatch(c)]
    assert len(plain) > 90
    assert all(cell_len(c) == 1 and shows_itself(c) and _pieces(c) == [c] for c in plain)
    assert "\\" not in plain
