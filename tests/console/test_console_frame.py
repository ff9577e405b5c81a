from __future__ import annotations

import asyncio
from time import process_time

import pytest
from console_scene import screen_text
from frame_scene import Scene, until
from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from console.screen import feed
from console.widgets.key_line import MessageLine
from console.widgets.keyed_table import KeyedTable
from console.widgets.stopwatch import Stopwatch
from console.widgets.terminal import PatientScreen, TerminalApp


async def test_a_pane_is_made_at_its_first_visit_and_kept() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        assert scene.made == ["first"]
        await pilot.press("2")
        await pilot.press("1")
        await pilot.press("2")
        assert scene.made == ["first", "second"]
        assert scene.frame.pane is scene.second
        assert "Second" in screen_text(scene.app).split("\n")[0]
        await pilot.press("escape")
        assert scene.frame.pane is scene.first


@pytest.mark.usefixtures("collector_waits")
async def test_what_was_committed_is_on_the_screen_within_300_ms() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        start = process_time()
        scene.first.names.append("new")
        scene.session.append()
        await until(lambda: "new" in [row.key for row in scene.first.query_one(KeyedTable).rows])
        assert feed.SPACING_SECONDS + feed.POLL_SECONDS < 0.3, "the longest that anything is waited for"
        assert process_time() - start < 1.0
        await until(lambda: "184,202" in screen_text(scene.app))
        await pilot.pause()


async def test_a_pane_goes_to_another_by_name_and_to_a_thing_in_it() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("d")
        await until(lambda: scene.second.opened == ["CR-0001"])
        await pilot.pause()
        assert "Second ▸ CR-0001" in screen_text(scene.app).split("\n")[0]


@pytest.mark.parametrize(("typed", "opened"), [("second CR-7", ["CR-7"]), ("sec", []), ("cr-0042", ["CR-0042"])])
async def test_a_command_names_a_place_or_a_thing(typed: str, opened: list[str]) -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("colon", *typed, "enter")
        await until(lambda: scene.frame.pane is scene.second)
        assert scene.second.opened == opened


async def test_an_unknown_command_is_said_to_be_unknown() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await pilot.press("colon", *"fly", "enter")
        await pilot.pause()
        assert "no command and no id is called fly" in screen_text(scene.app)


@pytest.mark.presses(Frame="slash")
async def test_a_filter_narrows_the_list_and_escape_brings_it_back() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        table = scene.first.query_one(KeyedTable)
        await pilot.press("slash", *"thei")
        await pilot.pause()
        assert [row.key for row in table.rows] == ["theirs"]
        await pilot.press("enter")
        await pilot.pause()
        assert scene.app.focused is table
        await pilot.press("escape")
        assert len(table.rows) == 2


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (250, 70)])
async def test_the_frame_stands_at_every_size(size: tuple[int, int]) -> None:
    scene = Scene()
    async with scene.app.run_test(size=size) as pilot:
        await until(lambda: "! prod drift" in screen_text(scene.app).split("\n")[0])
        await pilot.pause()
        lines = screen_text(scene.app).split("\n")
        assert "First" in lines[1]
        assert "theirs" in "\n".join(lines)
        assert "? Keys" in lines[-1]


async def test_a_terminal_that_is_too_small_is_told_so() -> None:
    scene = Scene()
    async with scene.app.run_test(size=(50, 14)) as pilot:
        await pilot.pause()
        assert "the console needs 60×16" in screen_text(scene.app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "First" in screen_text(scene.app)


@pytest.mark.presses(Frame="q")
async def test_quitting_ends_the_polling_and_interrupts_reads() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("q")
    polls = scene.session.polls
    assert scene.session.interrupted
    await asyncio.sleep(0.25)
    assert scene.session.polls <= polls + 1


async def test_a_screen_knows_how_much_room_there_is_before_anything_is_styled() -> None:
    styled: list[frozenset[str]] = []

    class Watched(PatientScreen):
        HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  Textual's own annotation

        def compose(self) -> ComposeResult:
            styled.append(self.classes)
            yield Static()

    class Bare(TerminalApp[None]):
        def get_default_screen(self) -> Watched:
            return Watched()

    async with Bare().run_test(size=(130, 30)) as pilot:
        await pilot.resize_terminal(80, 30)
        assert "-narrow" in pilot.app.screen.classes
    assert len(styled) == 1
    assert "-wide" in styled[0]


async def test_what_is_typed_while_the_console_is_left_opens_nothing_more() -> None:
    scene = Scene()
    async with scene.app.run_test():
        await scene.settle()
        key = events.Key("2", "2")
        key._set_forwarded()  # it comes back from the widget that had the focus: `q2` came in one burst
        scene.app.exit()
        await scene.app.on_event(key)
    assert scene.made == ["first"]


async def test_a_place_asked_for_while_the_console_is_left_is_not_made() -> None:
    scene = Scene()
    async with scene.app.run_test():
        await scene.settle()
        scene.app.exit()
        await scene.frame.go_to("second")  # a click or a link that was on its way
    assert scene.made == ["first"]


async def test_what_was_said_stays_behind_on_its_screen_unless_it_went_badly_or_still_runs() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        line = scene.frame.query_one(MessageLine)
        for tone, stays in (("ok", False), ("warn", False), ("danger", True)):
            await pilot.press("1")
            scene.frame.say(("said",), tone)
            await pilot.press("2")
            await scene.settle()
            assert line.has_class("-said") is stays, tone
        line.say(("deploying …",), "info", Stopwatch())
        await pilot.press("1")
        await scene.settle()
        assert line.has_class("-said")
