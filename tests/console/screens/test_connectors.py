from __future__ import annotations

import json
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, listed, said, settled
from support.hostile import HOSTILE

from console.screen import Place
from console.screens.connectors import Connectors
from console.widgets.dialogs import Ask
from store.services.connectors import reviewing
from store.services.connectors.inventory import inventory
from store.services.exports.bulk import ingest_paths

PLACE = Place(key="7", id="connectors", title="Connectors", factory=Connectors)


def drop(mira: DemoDesk, value: Any) -> None:
    path = mira.root / "flows.json"
    path.write_text(json.dumps(value))
    ingest_paths(mira.desk.context, [path], project="more", environment="dev")


def calling(host: str, tab: str = "T") -> list[dict[str, Any]]:
    return [
        {"id": "t", "type": "tab", "label": tab},
        {"id": "n", "z": "t", "type": "http request", "url": f"https://{host}/", "wires": [[]]},
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_inventory_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, PLACE), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_is_new_since_a_review_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    reviewing.review(mira.desk.context, mira.actor("mira"), inventory(mira.desk.context), note="all known")
    drop(mira, calling("evil.example"))
    assert snap_compare(bare(mira.desk, PLACE), terminal_size=size, run_before=settled)


@pytest.mark.presses(Connectors="v")
async def test_the_first_line_says_what_is_new_and_what_to_press(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "never reviewed" in screen_text(pilot.app).split("\n")[2]
        await pilot.press("v")
        await armed(pilot)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press(*"known", "enter")
        await settled(pilot)
        assert "reviewed (entry" in said(pilot)
        assert "nothing new" in screen_text(pilot.app).split("\n")[2]
        await pilot.press("v")
        await settled(pilot)
        assert "nothing changed since the last review" in said(pilot)
    found = inventory(mira.desk.context)
    assert found.review is not None
    assert (found.review.actor, found.review.note) == ("mira", "known")


@pytest.mark.presses(Connectors="w")
async def test_w_shows_only_what_changed(mira: DemoDesk) -> None:
    reviewing.review(mira.desk.context, mira.actor("mira"), inventory(mira.desk.context))
    drop(mira, calling("evil.example"))
    async with bare(mira.desk, PLACE).run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        assert len(listed(pilot).rows) > 1
        await pilot.press("w")
        assert [row.key.split("\n")[1] for row in listed(pilot).rows] == ["evil.example"]
        assert "used by 1 component" in screen_text(pilot.app)


async def test_the_list_narrows_while_a_filter_is_typed(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"parcel")
        await settled(pilot)
        assert {row.key.split("\n")[1] for row in listed(pilot).rows} == {"api.parcel.example"}


async def test_somebody_without_a_key_reads_and_is_told_why_they_cannot_review(stranger: DemoDesk) -> None:
    async with bare(stranger.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert listed(pilot).rows
        await pilot.press("v")
        await settled(pilot)
        assert "read only" in said(pilot)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (200, 50)])
async def test_hostile_names_reach_no_terminal(mira: DemoDesk, size: tuple[int, int]) -> None:
    nodes: list[dict[str, Any]] = [{"id": "t", "type": "tab", "label": HOSTILE[0]}]
    nodes += [
        {"id": f"n{number}", "z": "t", "type": name, "wires": [[]]}
        for number, name in enumerate(HOSTILE)
        if not any("\ud800" <= character <= "\udfff" for character in name)
    ]
    drop(mira, nodes)
    async with bare(mira.desk, PLACE).run_test(size=size) as pilot:
        await settled(pilot)
        for _ in range(len(listed(pilot).rows)):
            await pilot.press("j")
            text = screen_text(pilot.app)
            assert not any(ord(character) < 32 and character != "\n" for character in text)
            assert not any(character in text for character in "\x7f\x9b\u202e\u2066\u200b")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (200, 50)])
async def test_every_size_shows_name_and_state(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with bare(mira.desk, PLACE).run_test(size=size) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "mqtt.internal" in text
        assert "new" in text
