from __future__ import annotations

import json

import pytest
from console_scene import Host, screen_text
from support.hostile import HOSTILE

from console.presentation.changes import ComponentChange, FieldChange
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff

OLD = json.dumps({"name": "orders", "nodes": {f"n{i}": {"max": i} for i in range(30)}}, indent=2)
NEW = OLD.replace('"max": 5\n', '"max": 500\n').replace('"max": 20\n', '"max": 21\n')


@pytest.mark.parametrize(("width", "split"), [(60, False), (99, False), (120, True), (250, True)])
async def test_both_sides_are_shown_where_there_is_room(width: int, split: bool) -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(width, 24)) as pilot:
        view.compare(OLD, NEW, old_label="live", new_label="CR-0001")
        await pilot.pause()
        assert view.is_split() is split
        text = screen_text(app)
        assert "change 1/2" in text
        assert "nodes › n5 › max" in text
        assert '"max": 500' in text
        assert "live → CR-0001" in text


async def test_n_goes_from_change_to_change_and_back() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(80, 16)) as pilot:
        view.compare(OLD, NEW)
        view.focus()
        await pilot.press("n")
        await pilot.pause()
        assert "change 2/2" in screen_text(app)
        assert '"max": 21' in screen_text(app)
        await pilot.press("N")
        assert "change 1/2" in screen_text(app)


async def test_space_opens_a_fold_and_closes_it_again() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(80, 60)) as pilot:
        view.compare(OLD, NEW)
        view.focus()
        before = view.row_count()
        await pilot.press("g", "space")
        assert view.row_count() > before
        await pilot.press("space")
        assert view.row_count() == before


async def test_the_cursor_keeps_its_line_when_the_view_changes() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(140, 30)) as pilot:
        view.compare(OLD, NEW)
        view.focus()
        await pilot.press("n", "s")
        await pilot.pause()
        assert "change 2/2" in screen_text(app)
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert "change 2/2" in screen_text(app)


async def test_the_end_of_a_long_line_can_be_reached() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        view.compare("x" * 80 + "old", "x" * 80 + "new", language="text")
        view.focus()
        assert "new" not in screen_text(app).replace("old → new", "")
        await pilot.press(*["right"] * 6)
        assert "new" in screen_text(app).replace("old → new", "")


async def test_what_only_looks_alike_is_said_to() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(80, 10)) as pilot:
        view.compare("a\r\nb", "a\nb", language="text")
        await pilot.pause()
        assert "looks alike, bytes differ" in screen_text(app)


async def test_identical_texts_and_no_texts_say_so() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(80, 10)) as pilot:
        view.compare("same", "same")
        await pilot.pause()
        assert "identical" in screen_text(app)
        view.compare("", "")
        await pilot.pause()
        assert "nothing to compare" in screen_text(app)


async def test_long_texts_are_compared_in_a_thread() -> None:
    view = DiffView()
    app = Host(view)
    long = "\n".join(f"line {i}" for i in range(9_000))
    async with app.run_test(size=(120, 30)) as pilot:
        view.compare(long, long.replace("line 4500\n", "line x\n"))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "line x" in screen_text(app)
        assert "change 1/1" in screen_text(app)


async def test_hostile_lines_are_lines_like_any_other() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(140, 50)) as pilot:
        view.compare("\n".join(HOSTILE), "\n".join(reversed(HOSTILE)), language="json")
        view.focus()
        await pilot.press("n", "n", "s", "G")
        assert all(c.isprintable() or c == "\n" for c in screen_text(app))


CHANGES = (
    ComponentChange(
        key="orders", name="Orders \u202e", kind="tab", change="changed", risk="high",
        words=("Parse order now also goes to Alert on-call",),
        fields=(
            FieldChange(path="Limit.max", old="250", new="2500", flag="P-03"),
            FieldChange(path="Limit.x", old="1", new="2", noise=True),
        ),
    ),
    ComponentChange(key="moved", name="Only moved", kind="tab", change="noise"),
    ComponentChange(key="gone", name="Gone", kind="tab", change="removed"),
)  # fmt: skip


async def test_changes_are_words_and_noise_is_folded() -> None:
    view = SemanticDiff()
    app = Host(view)
    async with app.run_test(size=(80, 20)) as pilot:
        view.show_changes(CHANGES)
        view.focus()
        await pilot.pause()
        text = screen_text(app)
        assert r"Orders \u{202e}" in text
        assert "250 → 2500" in text
        assert "! P-03" in text
        assert "Only moved" not in text
        assert "1 layout change folded" in text
        await pilot.press("w")
        assert "Only moved" in screen_text(app)
        assert "Limit.x" in screen_text(app)


@pytest.mark.presses(SemanticDiff="N n")
async def test_n_goes_from_component_to_component_and_enter_opens_a_field() -> None:
    view = SemanticDiff()
    app = Host(view)
    async with app.run_test(size=(80, 20)) as pilot:
        view.show_changes(CHANGES)
        view.focus()
        await pilot.press("n")
        assert view.component == "gone"
        await pilot.press("N", "j", "j", "enter")
        await pilot.pause()
        (chosen,) = app.said(SemanticDiff.Chosen)
        assert (chosen.component, chosen.path) == ("orders", "Limit.max")


@pytest.mark.presses(SemanticDiff="space")
async def test_a_component_folds_and_stays_folded_when_the_diff_is_read_again() -> None:
    view = SemanticDiff()
    app = Host(view)
    async with app.run_test(size=(80, 20)) as pilot:
        view.show_changes(CHANGES)
        view.focus()
        await pilot.press("space")
        assert "2 changes folded" in screen_text(app)
        view.show_changes(CHANGES)
        await pilot.pause()
        assert "2 changes folded" in screen_text(app)


async def test_nobody_is_told_that_nothing_changes_before_it_is_known_and_then_once() -> None:
    words = SemanticDiff()
    async with Host(words).run_test(size=(80, 24)) as pilot:
        assert "no change" not in screen_text(pilot.app)
        words.show_changes(())
        await pilot.pause()
        assert screen_text(pilot.app).count("no change") == 1
