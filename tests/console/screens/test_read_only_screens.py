"""A console that may change nothing: every screen says so, and none of them names a key that could not act."""

from __future__ import annotations

import re

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, frame_of, settled

from console.app import Console
from console.places import SCREENS

ACTING = re.compile(
    r"\b(R restores|R reverts|R u A|u adopts|A acknowledges|X closes|i opens one|a approves|v marks|v reviews)\b"
)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45)])
async def test_every_screen_says_it_and_names_no_key_that_cannot_act(stranger: DemoDesk, size: tuple[int, int]) -> None:
    async with Console(stranger.desk, palette="truecolor").run_test(size=size) as pilot:
        for place in SCREENS:
            await frame_of(pilot).go_to(place.id)
            await settled(pilot)
            shown = screen_text(pilot.app)
            assert "READ ONLY" in shown.split("\n")[0], place.id
            assert ACTING.search(shown) is None, place.id


@pytest.mark.parametrize("key", ["R", "A", "i", "plus", "Z"])
async def test_a_key_that_acts_says_why_it_does_not(stranger: DemoDesk, key: str) -> None:
    async with Console(stranger.desk, palette="truecolor").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(key)
        await settled(pilot)
        assert "read only: no key is named; start with --key PATH to act" in screen_text(pilot.app)
