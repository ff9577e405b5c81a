from __future__ import annotations

from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, pane_of, settled

from console.app import Console
from console.places import SCREENS
from store.domain import events as ev
from store.services.acting import perform


def test_the_whole_console_looks_like_this(mira: DemoDesk, snap_compare: Any) -> None:
    """The only picture that changes with every new screen."""
    assert snap_compare(Console(mira.desk, palette="truecolor"), terminal_size=(140, 45), run_before=settled)


@pytest.mark.presses(Frame="0 1 2 3 4 5 6 7 8 9")
@pytest.mark.parametrize("size", [(60, 20), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_screen_opens_by_its_key_and_says_what_is_wrong(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with Console(mira.desk, palette="truecolor").run_test(size=size) as pilot:
        await settled(pilot)
        for place in SCREENS:
            await pilot.press(place.key)
            await settled(pilot)
            assert pane_of(pilot).id == place.id
            assert screen_text(pilot.app).startswith(" ! prod drift")


async def test_what_needs_somebody_opens_in_its_own_screen_and_esc_comes_back(mira: DemoDesk) -> None:
    async with Console(mira.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        for key, place, there in (("g", "drift", "DR-0002"), ("j", "approvals", "CR-0010")):
            await pilot.press(key)
            await settled(pilot)
            await pilot.press("enter")
            await settled(pilot)
            assert pane_of(pilot).id == place
            assert there in screen_text(pilot.app)
            await pilot.press("escape")
            await settled(pilot)
            if pane_of(pilot).id != "triage":
                await pilot.press("escape")
                await settled(pilot)
            assert pane_of(pilot).id == "triage"


@pytest.mark.parametrize("palette", ["256", "standard"])
async def test_fewer_colours_change_no_word(mira: DemoDesk, palette: str) -> None:
    async with Console(mira.desk, palette=palette).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        for words in ("■ CRIT", "! 2 drifts", "R restores it"):
            assert words in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_broken_glass_stands_on_every_screen(mira: DemoDesk, size: tuple[int, int]) -> None:
    broken = ev.GlassBroken(
        glass="BG-0001", incident="INC-0001", environment="prod", project="orders", until="2026-11-23T16:02:00.000Z",
        justification="orders are lost every minute",
        review_due="2026-11-24T16:02:00.000Z",
        policy="0" * 64,
    )  # fmt: skip
    perform(mira.desk.context, mira.actor("mira"), lambda _: [broken])
    async with Console(mira.desk, palette="truecolor").run_test(size=size) as pilot:
        await settled(pilot)
        for place in SCREENS:
            await pilot.press(place.key)
            await settled(pilot)
            first = screen_text(pilot.app).split("\n")[0]
            assert first.startswith(" GLASS BROKEN prod by mira to 16:02Z ")
            assert "! prod drift" in first
