from __future__ import annotations

import random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.presentation.diff_rows import Fold, Pair, compare_texts, pieces, rows_of
from console.presentation.line_diff import Change, changed_blocks, changed_words, diff_lines, folds, path_of

LINES = st.lists(st.sampled_from("abcdef{}"), max_size=40)


@given(LINES, LINES)
def test_the_diff_holds_every_line_of_both_texts_in_order(old: list[str], new: list[str]) -> None:
    lines = diff_lines(old, new)
    assert [line.old for line in lines if line.old is not None] == list(range(len(old)))
    assert [line.new for line in lines if line.new is not None] == list(range(len(new)))
    assert all(old[line.old] == new[line.new] for line in lines if line.change is Change.SAME)


@given(LINES, LINES)
def test_no_line_is_lost_in_either_view(old: list[str], new: list[str]) -> None:
    diff = compare_texts("\n".join(old), "\n".join(new))
    everything = frozenset(run.start for run in diff.foldable)
    for split in (True, False):
        rows = rows_of(diff, split=split, unfolded=everything)
        assert not any(isinstance(row, Fold) for row in rows)
        pairs = [row for row in rows if isinstance(row, Pair)]
        left = [p.line.old for p in pairs if p.side in {"both", "old"} and p.line.old is not None]
        right = [p.line.new for p in pairs if p.side in {"both", "new"} and p.line.new is not None]
        assert (left, right) == (list(range(len(diff.old))), list(range(len(diff.new))))


def test_a_new_object_begins_with_its_own_name_and_not_with_the_last_field_of_the_one_before() -> None:
    def node(name: str) -> list[str]:
        return [f'    "{name}": {{', f'      "id": "{name}"', '      "y": 120', '      "z": "flow"', "    }"]

    old = ['  "nodes": {', *node("a"), *node("c"), "  }"]
    new = ['  "nodes": {', *node("a"), *node("b"), *node("c"), "  }"]
    added = [new[line.new] for line in diff_lines(old, new) if line.change is Change.ADDED and line.new is not None]
    removed = [new[line.old] for line in diff_lines(new, old) if line.change is Change.REMOVED and line.old is not None]
    assert added == removed == node("b")


@given(LINES)
def test_equal_texts_have_no_change(lines: list[str]) -> None:
    assert changed_blocks(diff_lines(lines, lines)) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_outside_the_changed_words_both_lines_are_alike(old: str, new: str) -> None:
    in_old, in_new = changed_words(old, new)
    rest = [
        "".join(c for i, c in enumerate(text) if not any(i in run for run in runs))
        for text, runs in ((old, in_old), (new, in_new))
    ]
    assert rest[0] == rest[1]


def test_a_moved_block_is_matched_by_its_unique_lines() -> None:
    old = ["{", "a", "}", "{", "b", "}", "{", "c", "}"]
    new = ["{", "a", "}", "{", "x", "}", "{", "b", "}", "{", "c", "}"]
    changed = [line for line in diff_lines(old, new) if line.change is not Change.SAME]
    assert len(changed) == 3


def test_unchanged_runs_are_folded_with_context() -> None:
    lines = diff_lines(
        [str(i) for i in range(30)], [str(i) for i in range(15)] + ["x"] + [str(i) for i in range(16, 30)]
    )
    assert folds(lines) == [range(12), range(19, 30)]


def test_a_very_long_line_is_compared_by_its_ends() -> None:
    old, new = "a " * 5_000 + "1" + " b" * 5_000, "a " * 5_000 + "2" + " b" * 5_000
    assert changed_words(old, new) == ([range(10_000, 10_001)], [range(10_000, 10_001)])


@pytest.mark.usefixtures("collector_waits")
def test_seven_thousand_lines_take_a_blink() -> None:
    chance = random.Random(7)
    old = [f'  "k{i % 900}": {i},' for i in range(7_361)]
    new = [line if chance.random() > 0.02 else line + " " for line in old]
    start = process_time()
    diff_lines(old, new)
    assert process_time() - start < 1.0


@pytest.mark.usefixtures("collector_waits")
def test_a_hostile_pattern_of_equal_lines_does_not_hang() -> None:
    start = process_time()
    diff_lines(["x", "y"] * 5_000, ["y", "x"] * 4_999)
    assert process_time() - start < 2.0


def test_lines_that_only_look_alike_are_changed_lines() -> None:
    diff = compare_texts("e\u0301", "é")
    assert diff.old == diff.new
    assert [line.change for line in diff.lines] == [Change.CHANGED]


def test_the_path_of_a_line_is_named_by_its_keys() -> None:
    lines = ["{", '  "nodes": {', '    "limit": {', '      "max": 5', "    }", "  }", "}"]
    assert path_of(lines, 3) == "nodes › limit › max"


def test_pieces_are_cut_at_changed_edges() -> None:
    assert pieces('"max": 250', "json", [range(7, 10)]) == [
        ('"max"', "text", False), (":", "muted", False), (" ", "text", False), ("250", "number", True),
    ]  # fmt: skip
