"""Line differences: what comes out always turns the old text into the new one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.patience import edits, matches, unified

LINES = st.lists(st.sampled_from(["a", "b", "c", "{", "}", "", "return", "x = 1"]), max_size=40)


def patched(old: list[str], new: list[str]) -> list[str]:
    result, at = [], 0
    for a1, a2, b1, b2 in edits(old, new):
        result += old[at:a1] + new[b1:b2]
        at = a2
    return result + old[at:]


@given(LINES, LINES)
def test_the_edits_turn_the_old_lines_into_the_new_ones(old: list[str], new: list[str]) -> None:
    assert patched(old, new) == new


@given(LINES, LINES)
def test_matches_are_equal_runs_in_order(old: list[str], new: list[str]) -> None:
    end_a = end_b = 0
    for a, b, size in matches(old, new):
        assert size > 0
        assert a >= end_a
        assert b >= end_b
        assert old[a : a + size] == new[b : b + size]
        end_a, end_b = a + size, b + size


@given(LINES)
def test_equal_texts_have_no_diff(lines: list[str]) -> None:
    assert unified(lines, lines, shown_old=lines, shown_new=lines) == ""


def test_a_new_function_stands_together_and_not_interleaved_with_its_neighbour() -> None:
    old = ["function a() {", "  one();", "}", "", "function c() {", "  three();", "}"]
    new = [*old[:4], "function b() {", "  two();", "}", "", *old[4:]]
    assert edits(old, new) == [(4, 4, 4, 8)]


def test_a_hunk_names_its_lines_as_diff_does() -> None:
    old = [str(number) for number in range(1, 21)]
    new = [*old[:9], "ten", *old[10:]]
    text = unified(old, new, shown_old=old, shown_new=new)
    assert text.split("\n") == ["@@ -7,7 +7,7 @@", " 7", " 8", " 9", "-10", "+ten", " 11", " 12", " 13"]


def test_a_text_that_came_from_nothing_starts_at_line_zero() -> None:
    assert unified([], ["a"], shown_old=[], shown_new=["a"]) == "@@ -0,0 +1 @@\n+a"


@pytest.mark.usefixtures("collector_waits")
def test_ten_thousand_lines_without_anchors_take_no_quadratic_time() -> None:
    old, new = ["x"] * 10_000 + ["a"] * 10_000, ["y"] + ["x", "a"] * 10_000
    start = time.process_time()
    assert patched(old, new) == new
    assert time.process_time() - start < 5
