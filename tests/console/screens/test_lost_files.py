"""A file that the archive lost: an alarm, once; and everything else is told as before."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, frame_of, listed, open_demo, said, settled
from textual.pilot import Pilot

from console.app import Console
from console.screen import Frame
from console.widgets.dialogs import Reading
from store.errors import IntegrityFailure

UNREAD = re.compile("is broken or longer|the archive holds no")


@pytest.fixture
def robbed(demo: Path, tmp_path: Path) -> Iterator[DemoDesk]:
    """The demo after somebody with write access to the file took what the projects' exports consist of."""
    opened = open_demo(demo, tmp_path / "demo")
    with sqlite3.connect(tmp_path / "demo" / "ledger.db", isolation_level=None) as thief:
        named = thief.execute("SELECT json(body) ->> '$.statement.on.artifact' FROM entry WHERE kind LIKE 'artifact.%'")
        digests = {bytes.fromhex(digest) for (digest,) in named if digest}
        taken = [(id_,) for id_, digest in thief.execute("SELECT id, digest FROM blob") if digest in digests]
        assert taken
        thief.execute("PRAGMA foreign_keys = OFF")
        thief.execute("DROP TRIGGER blob_no_delete")
        thief.executemany("DELETE FROM blob WHERE id = ?", taken)
    thief.close()
    yield opened
    opened.desk.context.ledger.close()


async def alarmed(pilot: Pilot[None]) -> None:
    await settled(pilot)
    assert isinstance(pilot.app.screen, Reading)
    assert "INTEGRITY ALARM" in screen_text(pilot.app)
    await pilot.press("escape")
    await settled(pilot)
    assert isinstance(pilot.app.screen, Frame)


@pytest.mark.parametrize(("place", "first"), [("triage", "DR-0002"), ("approvals", "CR-0010")])
async def test_the_list_stands_though_one_of_its_things_cannot_be_read(
    robbed: DemoDesk, place: str, first: str
) -> None:
    async with Console(robbed.desk, palette="truecolor").run_test(size=(80, 24)) as pilot:
        if place != "triage":
            await alarmed(pilot)
        await frame_of(pilot).go_to(place)
        await alarmed(pilot)
        assert first in [row.key for row in listed(pilot).rows]
        assert UNREAD.search(screen_text(pilot.app))


async def test_the_same_alarm_is_not_put_in_the_way_a_second_time(robbed: DemoDesk) -> None:
    async with Console(robbed.desk, palette="truecolor").run_test(size=(80, 24)) as pilot:
        await alarmed(pilot)
        for _ in range(2):
            await pilot.press("r")
            await settled(pilot)
            assert isinstance(pilot.app.screen, Frame)
        pane = frame_of(pilot).pane
        assert pane is not None
        pane.report(IntegrityFailure("another one"))
        await settled(pilot)
        assert isinstance(pilot.app.screen, Reading)


async def test_a_key_on_what_cannot_be_read_says_why(robbed: DemoDesk) -> None:
    async with Console(robbed.desk, palette="truecolor").run_test(size=(80, 24)) as pilot:
        await alarmed(pilot)
        await pilot.press("R")
        await settled(pilot)
        assert UNREAD.search(said(pilot))
