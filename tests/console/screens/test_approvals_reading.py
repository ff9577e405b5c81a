from __future__ import annotations

from dataclasses import replace

import pytest
from approvals_scene import CHANGE, LIST, asked, review, table
from console_scene import screen_text
from screens_scene import DemoDesk, bare, pane_of, said, settled, until

from console.presentation.spans import as_line, plain
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff
from store.services.requests import approving, requests


async def test_code_stands_side_by_side_from_120_columns(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(120, 45)) as pilot:
        await review(pilot)
        view = pane_of(pilot).query_one(DiffView)
        assert view.is_split()
        await pilot.resize_terminal(119, 45)
        await settled(pilot)
        assert not view.is_split()


@pytest.mark.presses(Approvals="v")
async def test_v_ticks_a_component_off_until_the_request_is_edited(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "1 of 1 viewed" in screen_text(pilot.app)
        assert "✓ viewed" in screen_text(pilot.app)
        assert "not ticked" not in await asked(pilot, "a")
        await pilot.press("escape")
        content = requests.change_of(mira.desk.context.ledger, CHANGE).content
        edited = replace(content, tests="tried by hand")
        requests.edit(mira.desk.context, mira.actor("theo"), CHANGE, content=edited)
        await until(pilot, lambda: "it was edited while you looked" in screen_text(pilot.app))
        assert "0 of 1 viewed" in screen_text(pilot.app)


async def test_w_shows_what_only_moved_in_words_and_text(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        assert "New order.x" not in screen_text(pilot.app)
        view = pane_of(pilot).query_one(DiffView)
        blocks = len(view.diff.blocks)
        await pilot.press("w")
        await until(pilot, lambda: len(view.diff.blocks) == blocks + 1)
        assert "New order.x" in screen_text(pilot.app)


async def test_d_and_n_walk_through_the_text_and_esc_goes_back_to_the_list(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        await pilot.press("d", "n")
        await settled(pilot)
        assert "change 2/2" in screen_text(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        assert table(pilot).has_focus
        assert pane_of(pilot).crumbs == ()


async def test_n_in_the_text_goes_on_in_the_next_component_and_back_to_its_last_change(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, "CR-0001")
        words, text = pane_of(pilot).query_one(SemanticDiff), pane_of(pilot).query_one(DiffView)
        first = words.component
        await pilot.press("d")
        for _ in range(len(text.diff.blocks)):
            await pilot.press("n")
        await until(pilot, lambda: words.component != first)
        await settled(pilot)
        assert text.has_focus
        await pilot.press("N")
        await until(pilot, lambda: words.component == first)
        await settled(pilot)
        assert f"change {len(text.diff.blocks)}/{len(text.diff.blocks)}" in screen_text(pilot.app)


async def test_n_beside_the_text_goes_from_change_to_change_as_the_help_says(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        words = pane_of(pilot).query_one(SemanticDiff)
        assert words.has_focus
        assert "change 1/2" in screen_text(pilot.app)
        await pilot.press("n")
        await settled(pilot)
        assert "change 2/2  nodes › Tell the carrier (0a06)" in screen_text(pilot.app)
        assert words.has_focus
        await pilot.press("N")
        await settled(pilot)
        assert "change 1/2" in screen_text(pilot.app)


@pytest.mark.presses(ChangePanel="d", SemanticDiff="w")
async def test_split_and_noise_are_kept_for_the_next_time(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("w", "d", "s")
        await settled(pilot)
        assert (mira.desk.views.text, mira.desk.views.noise) == ("unified", True)
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        assert not pane_of(pilot).query_one(DiffView).is_split()
        assert "New order.x" in screen_text(pilot.app)


async def test_a_removed_part_keeps_its_place_while_the_ledger_grows(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("j", "j")
        words = pane_of(pilot).query_one(SemanticDiff)
        at = words.cursor
        approving.approve(mira.desk.context, mira.actor("ines"), CHANGE)
        await until(pilot, lambda: "● ines" in screen_text(pilot.app))
        assert words.cursor == at
        assert plain(as_line(table(pilot).rows[0].cells[5])) == "1/2"


async def test_a_word_is_found_in_what_is_reviewed_and_never_puts_another_request_there(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, "CR-0001")
        words, text = pane_of(pilot).query_one(SemanticDiff), pane_of(pilot).query_one(DiffView)
        await until(pilot, lambda: bool(text.diff.blocks))
        requests_listed = len(table(pilot).rows)
        await pilot.press("slash", *"nowhere", "enter")
        await settled(pilot)
        assert "nothing that changes here holds" in said(pilot)
        assert pane_of(pilot).subject() == "CR-0001"
        assert len(table(pilot).rows) == requests_listed
        await pilot.press("d", "slash", *(["backspace"] * 7), "e", "enter")
        await settled(pilot)
        assert text.has_focus
        first = text.cursor
        assert "e" in text.render_line(text.cursor - int(text.scroll_offset.y) + 1).text
        await pilot.press("slash", "enter")
        await settled(pilot)
        assert text.cursor > first
        assert words.component is not None
