from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import replace
from time import monotonic
from typing import ClassVar

import pytest
from console_scene import FACTS, MemorySession, screen_text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.widgets import Input, Static

from console.app import Console
from console.key_table import known_keys
from console.screen import Frame, Pane, Place, act, checked_keymap, look
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Confirm, Reading
from console.widgets.key_line import KeyLine
from console.widgets.keyed_table import KeyedTable
from console.widgets.terminal import PatientScreen, TerminalApp
from store.errors import (
    BadInput,
    Conflict,
    IntegrityFailure,
    LockFailure,
    PlatformFailure,
    QuarterdeckError,
    Refusal,
    StorageFailure,
)


class Orders(Pane[list[str]]):
    """A pane over a list that the test changes."""

    HELP_TEXT = ("What is ordered.",)
    BINDINGS: ClassVar[list[BindingType]] = [act("approve"), act("rollback"), act("deploy"), look("diff")]

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.loads = 0
        self.done: list[str] = []
        self.opened: list[str] = []
        self.fails: QuarterdeckError | None = None
        self.gate = threading.Event()
        self.read_by_nobody = False

    def compose(self) -> ComposeResult:
        yield KeyedTable((Column(name="name", keep=9),))

    def load(self) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        self.loads += 1
        if self.fails:
            raise self.fails
        return list(self.names)

    def show_data(self, data: list[str]) -> None:
        self.query_one(KeyedTable).sync([Row(key=name, cells=(name,)) for name in data])

    def open(self, subject: str) -> None:
        self.opened.append(subject)
        self.crumbs = (subject,)

    def why_not(self, name: str) -> str | None:
        if self.read_by_nobody:
            return "nobody reads this"
        if name == "approve" and self.query_one(KeyedTable).key == "mine":
            return "you wrote it yourself\n→ another approver"
        return None

    def act_approve(self) -> None:
        self.done.append(f"approved {self.query_one(KeyedTable).key}")

    async def act_rollback(self) -> None:
        answer = await self.ask(Confirm("orders", ["x"], verb="roll back", environment="prod"))
        if answer.confirmed:
            await self.perform(lambda: self.done.append("rolled back"), doing="rolling back")
            self.say("rolled back")

    async def act_deploy(self) -> None:
        await self.perform(lambda: self.gate.wait(30), doing="deploying")

    def look_diff(self) -> None:
        self.go("second", "CR-0001")


class Scene:
    def __init__(self, names: list[str] | None = None) -> None:
        self.session = MemorySession()
        self.first = Orders(names if names is not None else ["mine", "theirs"])
        self.second = Orders(["other"])
        self.made: list[str] = []
        self.app = Console(
            self.session,
            places=[
                Place(key="1", id="first", title="First", factory=lambda _: self._make("first", self.first)),
                Place(key="2", id="second", title="Second", factory=lambda _: self._make("second", self.second),
                      subjects=("CR-",)),
            ],
            palette="truecolor",
        )  # fmt: skip

    def _make(self, name: str, pane: Orders) -> Orders:
        self.made.append(name)
        return pane

    async def settle(self) -> None:
        await self.app.workers.wait_for_complete()
        await asyncio.sleep(0)

    @property
    def frame(self) -> Frame:
        assert isinstance(self.app.screen_stack[0], Frame)
        return self.app.screen_stack[0]


async def until(true: object, seconds: float = 10.0) -> None:
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def seen_seconds(scene: Scene, seen: set[str]) -> set[str]:
    """Add to `seen` how long the step under way is said to take now."""
    seen.update(re.findall(r"step 2 of 3  (\d+\.?\d* s)", screen_text(scene.app)))
    return seen


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


async def test_what_was_committed_is_on_the_screen_within_300_ms() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        start = monotonic()
        scene.first.names.append("new")
        scene.session.append()
        await until(lambda: "new" in [row.key for row in scene.first.query_one(KeyedTable).rows])
        assert monotonic() - start < 0.6  # 0.3 by design; a shared machine is slower
        await until(lambda: "184,202" in screen_text(scene.app))
        await pilot.pause()


async def test_a_hidden_pane_loads_when_it_comes_to_the_front() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await pilot.press("2")
        await pilot.press("1")
        await scene.settle()
        loads = scene.second.loads
        scene.session.append()
        await until(lambda: "184,202" in screen_text(scene.app))
        assert scene.second.loads == loads
        await pilot.press("2")
        await until(lambda: scene.second.loads == loads + 1)


async def test_a_key_that_cannot_be_used_is_not_shown_and_says_why_when_pressed() -> None:
    scene = Scene()
    async with scene.app.run_test(size=(100, 24)) as pilot:
        await scene.settle()
        await pilot.pause()
        assert "Approve" not in screen_text(scene.app)
        await pilot.press("a")
        await pilot.pause()
        text = screen_text(scene.app)
        assert "you wrote it yourself" in text
        assert "→ another approver" in text
        assert scene.first.done == []
        await pilot.press("j")
        await pilot.pause()
        assert "Approve" in screen_text(scene.app)
        await pilot.press("a")
        assert scene.first.done == ["approved theirs"]


async def test_read_only_refuses_every_act_and_says_why() -> None:
    scene = Scene(["theirs"])
    scene.session.facts = replace(FACTS, read_only="another console holds the write lock")
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("a")
        await pilot.pause()
        assert scene.first.done == []
        assert "read only: another console holds the write lock" in screen_text(scene.app)
        assert "READ ONLY" in screen_text(scene.app)


async def test_an_act_waits_when_the_list_has_just_moved() -> None:
    scene = Scene(["a", "b"])
    async with scene.app.run_test() as pilot:
        await scene.settle()
        scene.first.query_one(KeyedTable).sync([Row(key="b", cells=("b",))])
        await pilot.press("a")
        await pilot.pause()
        assert scene.first.done == []
        assert "the list has just moved" in screen_text(scene.app)


async def test_a_dangerous_act_asks_then_works_in_a_thread_then_says_so() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("R")
        await until(lambda: isinstance(scene.app.screen, Confirm))
        await asyncio.sleep(0.45)
        await pilot.press(*"prod", "enter")
        await until(lambda: scene.first.done == ["rolled back"])
        await scene.settle()
        await pilot.pause()
        assert "✓ rolled back" in screen_text(scene.app)


async def test_a_repeated_key_acts_once() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        try:
            await pilot.press("D")
            await until(lambda: "· deploying …" in screen_text(scene.app))
            await pilot.press("D")
            await pilot.pause()
            assert "still deploying" in screen_text(scene.app)
            scene.first.tell("deploying: step 2 of 3")
            seen: set[str] = set()
            await until(lambda: len(seen_seconds(scene, seen)) > 1)  # they tick while nothing else is said
            await pilot.press("q")
            await until(lambda: isinstance(scene.app.screen, Confirm))
            await pilot.press("escape")
        finally:
            scene.first.gate.set()  # or a test that fails waits for the act for ever
        await scene.settle()
        scene.first.tell("deploying: step 3 of 3")
        await pilot.pause()
        assert "step 3 of 3\n" in screen_text(scene.app) + "\n", "nothing ticks once it is over"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refusal(["needs two approvals"], would_unblock=["carol approves"]), "→ carol approves"),
        (Conflict("CR-0001 was approved meanwhile"), "somebody was faster"),
        (PlatformFailure("https://n8n is not reachable"), "nothing was changed"),
        (StorageFailure("disk full"), "nothing was half-written"),
        (LockFailure("prod.lock: the lock cannot be taken"), "the lock cannot be taken"),
        (BadInput("no such id \x1b[2J"), r"no such id \u{1b}[2J"),
    ],
)
async def test_bad_news_is_told_in_words(error: QuarterdeckError, words: str) -> None:
    scene = Scene()
    async with scene.app.run_test(size=(100, 30)) as pilot:
        await scene.settle()
        scene.first.report(error)
        await pilot.pause()
        assert words in screen_text(scene.app)


async def test_an_integrity_failure_is_an_alarm_that_has_to_be_closed() -> None:
    scene = Scene()
    scene.first.fails = IntegrityFailure("entry 7 does not hash")
    async with scene.app.run_test() as pilot:
        await until(lambda: isinstance(scene.app.screen, Reading))
        await pilot.pause(0.1)
        assert "INTEGRITY ALARM" in screen_text(scene.app)
        assert "entry 7 does not hash" in screen_text(scene.app)
        await pilot.press("escape")
        assert isinstance(scene.app.screen, Frame)


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


async def test_what_is_copied_is_also_shown() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("y")
        await pilot.pause()
        assert "copied  mine" in screen_text(scene.app)
        assert scene.app.clipboard == "mine"


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
