from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from console_scene import FACTS, screen_text
from frame_scene import Scene, until

from console.screen import Frame
from console.widgets.columns import Row
from console.widgets.dialogs import Confirm, Reading
from console.widgets.keyed_table import KeyedTable
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


def seen_seconds(scene: Scene, seen: set[str]) -> set[str]:
    """Add to `seen` how long the step under way is said to take now."""
    seen.update(re.findall(r"step 2 of 3  (\d+\.?\d* s)", screen_text(scene.app)))
    return seen


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
        table = scene.first.query_one(KeyedTable)
        table._table_clock = lambda: 100.0  # time stands still: rows that moved have just moved
        table.sync([Row(key="b", cells=("b",))])
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


async def test_what_was_mended_and_breaks_again_raises_a_second_alarm() -> None:
    scene = Scene()
    scene.first.fails = IntegrityFailure("entry 7 does not hash")
    async with scene.app.run_test() as pilot:
        await until(lambda: isinstance(scene.app.screen, Reading))
        await pilot.press("escape")
        for fails, alarms in ((scene.first.fails, False), (None, False), (scene.first.fails, True)):
            scene.first.fails = fails
            scene.first.reload()
            await scene.settle()
            await pilot.pause()
            assert isinstance(scene.app.screen, Reading) is alarms


async def test_what_is_copied_is_also_shown() -> None:
    scene = Scene()
    async with scene.app.run_test() as pilot:
        await scene.settle()
        await pilot.press("y")
        await pilot.pause()
        assert "copied  mine" in screen_text(scene.app)
        assert scene.app.clipboard == "mine"
