"""Keys of lists, diffs, trees, forms and dialogs, each pressed; and nothing of the console binds one that is not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from console_scene import Host, screen_text
from pressed import bound_by, promised
from test_console_keymap import OWNERS
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from console.presentation.spans import line
from console.screen.change_question import ConfirmChange
from console.screen.changes_dialog import ChangesDialog
from console.screen.verdict_dialog import VerdictDialog
from console.screen.words_form import Wanted, WordsForm
from console.widgets.choose_some import ChooseSome
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Answer, Confirm, Reading
from console.widgets.diff_view import DiffView
from console.widgets.filter_bar import FilterBar, Mode
from console.widgets.form_fields import FormField, Pick
from console.widgets.keyed_table import KeyedTable
from console.widgets.keyed_tree import KeyedTree, Twig
from console.widgets.terminal import TerminalApp
from console.widgets.three_way_view import ThreeWayView
from console.widgets.tick_list import TickDialog, Ticked, TickRow
from store.ledger.report import Report, Verdict

FOUND = Report(
    verdict=Verdict.INVALID, entries=9, root=bytes(32), problems=(), tail_entries=0, tail_minutes=0, seconds=1.0,
)  # fmt: skip
HUNDRED = [Row(key=str(n), cells=(f"row {n}",)) for n in range(100)]


def test_every_key_of_every_class_is_pressed_by_a_test_and_seen_to_do_something() -> None:
    """A new key fails here until a test presses it and says so with `presses` (or `presses_for_real`)."""
    bound = set().union(*(bound_by(owner) for owner in (TerminalApp, *OWNERS)))
    named = promised(Path(__file__).parent)
    assert sorted(map(str, bound - named)) == [], "no test presses these"
    assert sorted(map(str, named - bound)) == [], "nothing binds these any more"


@pytest.mark.presses(LineView="j down k up ctrl+d ctrl+u pagedown pageup g home G end")
async def test_each_way_to_move_in_a_list_goes_where_it_says() -> None:
    table = KeyedTable((Column(name="name", grow=1),))
    async with Host(table).run_test(size=(40, 22)) as pilot:
        table.sync(HUNDRED)
        table.focus()
        at = []
        for key in [
            "j",
            "down",
            "k",
            "up",
            "ctrl+d",
            "ctrl+d",
            "ctrl+u",
            "pagedown",
            "pageup",
            "end",
            "home",
            "G",
            "g",
        ]:
            await pilot.press(key)
            at.append(table.cursor)
        half, page = at[4], at[7] - at[6]
        assert at == [1, 2, 1, 0, half, 2 * half, half, half + page, half, 99, 0, 99, 0]
        assert 1 < half < page < 22


@pytest.mark.presses(KeyedTree="space right l left h n N")
async def test_a_tree_is_opened_walked_and_searched_with_either_hand() -> None:
    tree = KeyedTree()
    leaves = tuple(Twig(key=name, label=line(name)) for name in ("match one", "other", "match two"))
    async with Host(tree).run_test(size=(60, 20)) as pilot:
        tree.show_twigs([Twig(key="root", label=line("root"), opens=True, twigs=leaves)])
        tree.focus()
        for inward, outward in (("right", "left"), ("l", "h")):
            await pilot.press(inward)
            assert len(tree.paths) == 4
            await pilot.press(inward)
            assert tree.path == ("root", "match one")
            await pilot.press(outward)
            assert tree.path == ("root",)
            await pilot.press(outward)
            assert tree.paths == (("root",),)
        await pilot.press("space")
        assert len(tree.paths) == 4
        tree.filter = "match"
        assert tree.path == ("root", "match one")
        await pilot.press("n")
        assert tree.path == ("root", "match two")
        await pilot.press("N")
        assert tree.path == ("root", "match one")


OLD = json.dumps({f"n{n}": "x" * 200 if n in {5, 40} else n for n in range(60)}, indent=1)
NEW = OLD.replace("x" * 200, "x" * 199 + "y")


@pytest.mark.presses(DiffView="n N s space left right")
async def test_a_diff_is_walked_split_folded_and_shifted() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(140, 20)) as pilot:
        view.compare(OLD, NEW)
        view.focus()
        await pilot.pause()
        first = view.cursor
        await pilot.press("n")
        assert view.cursor > first
        await pilot.press("N")
        assert view.cursor == first
        assert view.is_split()
        await pilot.press("s")
        assert not view.is_split()
        await pilot.press("right")
        assert view._diff_shift > 0
        await pilot.press("left")
        assert view._diff_shift == 0
        folded = view.row_count()
        await pilot.press("g", "space")
        assert view.row_count() > folded


@pytest.mark.presses(ThreeWayView="n N space left right")
async def test_three_versions_are_walked_folded_and_shifted() -> None:
    view = ThreeWayView()
    async with Host(view).run_test(size=(120, 20)) as pilot:
        view.show_texts(OLD, NEW, OLD, labels=(line("desired"), line("live"), line("previous")))
        view.focus()
        await pilot.pause()
        first = view.cursor
        await pilot.press("n")
        assert view.cursor > first
        await pilot.press("N")
        assert view.cursor == first
        await pilot.press("right", "left")
        folded = view.row_count()
        await pilot.press("g", "space")
        assert view.row_count() > folded


class Typing(FilterBar):
    """The bar alone, open for commands."""

    def on_mount(self) -> None:
        self._bar_past = ["first", "second"]
        self.open(Mode.COMMAND)


@pytest.mark.presses(FilterBar="up down escape")
async def test_earlier_commands_are_recalled_and_the_bar_is_left() -> None:
    bar = Typing()
    async with Host(bar).run_test(size=(80, 10)) as pilot:
        typed = []
        for key in ("up", "up", "down", "down"):
            await pilot.press(key)
            typed.append(bar.query_one(Input).value)
        assert typed == ["second", "first", "second", ""]
        await pilot.press("escape")
        assert not bar.has_class("-open")
        for mode, hint in ((Mode.COMMAND, "approve CR-0010"), (Mode.FILTER, "esc shows all")):
            bar.open(mode)
            await pilot.pause()
            assert hint in screen_text(pilot.app)


async def answers(pilot: Pilot[Any], dialog: ModalScreen[Any], *keys: str) -> list[Any]:
    """Open a dialog, press keys, and return what it answered."""
    told: list[Any] = []
    pilot.app.push_screen(dialog, told.append)
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()
    return told


async def ticked(pilot: Pilot[Any], dialog: TickDialog, key: str) -> Ticked | None:
    """Open a list to tick off, press a key, and return its answer; afterwards it is closed."""
    await pilot.app.push_screen(dialog)
    answer = asyncio.create_task(dialog.answered())
    await pilot.pause()
    await pilot.press(key)
    try:
        return await answer
    finally:
        dialog.end()
        await pilot.pause()


@pytest.mark.presses(
    Confirm="y n escape", Reading="escape q question_mark", TickDialog="escape q space c", ChooseSome="escape space",
    ChangesDialog="escape q", VerdictDialog="escape q",
)  # fmt: skip
async def test_a_dialog_is_answered_or_left_with_each_of_its_keys() -> None:
    ticks = [TickRow(text="look", by="", when="", note="")]
    some = [("a", line("first")), ("b", line("second"))]
    async with Host().run_test(size=(100, 30)) as pilot:
        for key, confirmed in (("y", True), ("n", False), ("escape", False)):
            question = Confirm("orders", ["x"], verb="deploy", clock=iter(range(0, 1000, 10)).__next__)
            assert await answers(pilot, question, key) == [Answer(confirmed=confirmed)]
        for key in ("escape", "q", "question_mark"):
            assert await answers(pilot, Reading("Keys", ["x"]), key) == [None]
        for key in ("escape", "q"):
            assert await ticked(pilot, TickDialog(line("t"), [], ticks), key) is None
            assert await answers(pilot, ChangesDialog(line("t"), "then", "now", ()), key) == [None]
            assert await answers(pilot, VerdictDialog(FOUND, "archive"), key) == [None]
        for key, noted in (("space", False), ("c", True)):
            assert await ticked(pilot, TickDialog(line("t"), [], ticks), key) == Ticked(number=1, noted=noted)
        assert await answers(pilot, ChooseSome("Which?", some), "escape") == [None]
        assert await answers(pilot, ChooseSome("Which?", some), "j", "space", "enter") == [("b",)]


@pytest.mark.presses(ConfirmChange="up down pageup pagedown", Dialog="tab shift+tab")
async def test_the_change_moves_while_a_name_is_being_typed() -> None:
    body = DiffView()
    question = ConfirmChange("orders", ["x"], verb="roll back", environment="prod", reason="why", body=body)
    async with Host().run_test(size=(100, 40)) as pilot:
        pilot.app.push_screen(question)
        await pilot.pause()
        body.compare(OLD, NEW)
        await pilot.pause()
        typed = question.focused
        at = [body.cursor]
        for key in ("down", "up", "pagedown", "pageup"):
            await pilot.press(key)
            at.append(body.cursor)
        assert at[1] == at[0] + 1
        assert at[2] == at[0]
        assert at[3] > at[1]
        assert at[4] < at[3]
        assert question.focused is typed
        await pilot.press("tab")
        assert question.focused is not typed
        await pilot.press("shift+tab")
        assert question.focused is typed


@pytest.mark.presses(
    FormDialog="ctrl+down ctrl+up pagedown pageup escape", WordsForm="ctrl+s", Pick="left right space enter",
)  # fmt: skip
async def test_a_form_is_walked_picked_in_handed_in_and_left() -> None:
    fields = (
        Wanted(name="first", label="first"),
        Wanted(name="pick", label="pick", options=(("a", "a"), ("b", "b"), ("c", "c"))),
        Wanted(name="last", label="last", required=False),
    )

    def at(form: WordsForm) -> str:
        assert form.focused is not None
        return next(one.field for one in form.query(FormField) if one in form.focused.ancestors)

    async with Host().run_test(size=(100, 40)) as pilot:
        form, told = WordsForm(line("t"), fields, verb="go"), []
        pilot.app.push_screen(form, told.append)
        await pilot.pause()
        for down, up in (("ctrl+down", "ctrl+up"), ("pagedown", "pageup")):
            await pilot.press(down)
            assert at(form) == "pick"
            await pilot.press(up)
            assert at(form) == "first"
        await pilot.press(*"words", "pagedown")
        pick = form.query_one(Pick)
        given = []
        for key in ("right", "space", "left"):
            await pilot.press(key)
            given.append(pick.given)
        assert given == ["b", "c", "b"]
        await pilot.press("enter")
        assert at(form) == "last"
        await pilot.press("ctrl+s")
        assert told == [{"first": "words", "pick": "b", "last": ""}]
        assert await answers(pilot, WordsForm(line("t"), fields, verb="go"), "escape") == [None]
