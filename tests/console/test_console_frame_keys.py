from __future__ import annotations

import pytest
from console_scene import screen_text
from frame_scene import Scene, until
from textual.command import CommandPalette
from textual.widgets import Input

from console.key_table import known_keys
from console.screen import Frame, checked_keymap
from console.widgets.dialogs import Reading
from console.widgets.key_line import KeyLine
from console.widgets.keyed_table import KeyedTable
from store.errors import (
    BadInput,
)


async def test_the_keys_are_those_of_the_screen_in_front_from_its_first_picture_on() -> None:
    scene = Scene(["theirs"])
    scene.second.read_by_nobody = True
    async with scene.app.run_test(size=(140, 30)) as pilot:
        await scene.settle()
        keys = scene.frame.query_one(KeyLine)
        assert "Approve" in keys.render().plain
        await scene.frame.go_to("second")  # and nothing is waited for
        assert "Approve" not in keys.render().plain
        await scene.frame.go_to("first")
        assert "Approve" in keys.render().plain
        await pilot.pause()


async def test_a_click_on_the_key_line_presses_the_key_that_is_drawn_there_and_no_other() -> None:
    scene = Scene(["theirs"])
    async with scene.app.run_test(size=(60, 20)) as pilot:
        await scene.settle()
        keys = scene.frame.query_one(KeyLine)
        shown = keys.render().plain
        assert "+" in shown, "not every key has room here"
        blank = shown.index("   ")  # what is not drawn cannot be clicked
        await pilot.click(KeyLine, offset=(blank + 1, 0))
        await pilot.click(KeyLine, offset=(shown.index("+"), 0))
        await pilot.pause()
        assert scene.frame.is_current
        assert scene.frame.pane is scene.first
        await pilot.click(KeyLine, offset=(shown.index("Keys"), 0))
        await until(lambda: isinstance(scene.app.screen, Reading))
        await pilot.press("escape")
        await pilot.click(KeyLine, offset=(shown.index("Approve"), 0))
        await until(lambda: scene.first.done == ["approved theirs"])
        await pilot.click(KeyLine, offset=(keys.render().plain.index("Filter"), 0))
        await until(lambda: isinstance(scene.frame.focused, Input))


async def test_a_dialog_has_its_own_keys_and_no_palette() -> None:
    scene = Scene()
    async with scene.app.run_test(size=(100, 30)) as pilot:
        await scene.settle()
        await pilot.press("question_mark")
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(scene.app.screen, Reading)
        await pilot.press("escape", "ctrl+p")
        await until(lambda: not isinstance(scene.app.screen, Frame | Reading))


async def test_the_palette_acts_on_what_a_filter_left_while_it_is_still_being_typed() -> None:
    scene = Scene()
    async with scene.app.run_test(size=(100, 30)) as pilot:
        await scene.settle()
        await pilot.press("slash", *"their", "ctrl+p")
        await until(lambda: isinstance(scene.app.screen, CommandPalette))
        await pilot.press(*"approve")
        await until(lambda: "Approve" in screen_text(scene.app))
        await pilot.press("enter", "enter")
        await until(lambda: scene.first.done == ["approved theirs"])
        assert [row.key for row in scene.first.query_one(KeyedTable).rows] == ["theirs"]


@pytest.mark.presses(Frame="question_mark")
async def test_help_lists_every_key_with_its_words() -> None:
    scene = Scene()
    async with scene.app.run_test(size=(100, 60)) as pilot:
        await scene.settle()
        await pilot.press("question_mark")
        await pilot.pause()
        text = screen_text(scene.app)
        assert "What is ordered." in text
        assert "Roll back" in text
        assert "Half a page down" in text


def test_a_keymap_is_checked_before_it_is_used() -> None:
    known = known_keys()
    assert checked_keymap({"act.approve": "f5"}, known) == {"act.approve": "f5"}
    with pytest.raises(BadInput, match=r"no key is called act\.fly"):
        checked_keymap({"act.fly": "f"}, known)
    with pytest.raises(BadInput, match=r"x cannot be act\.approve: it is act\.refuse"):
        checked_keymap({"act.approve": "x"}, known)
    checked_keymap({"act.approve": "x", "act.refuse": "z"}, known)


async def test_a_remapped_key_acts_and_the_old_one_does_not() -> None:
    scene = Scene(["theirs"])
    scene.app.set_keymap(checked_keymap({"act.approve": "f5"}, known_keys()))
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("a")
        assert scene.first.done == []
        await pilot.press("f5")
        assert scene.first.done == ["approved theirs"]
