"""Every screen in every size in three workspaces: what was looked at once and found right looks so still.

A file a screen (`frames/<screen>.txt`), nine pictures in it as text. In front of each line stands a digest of its
styles, so that a colour that changes shows too; what differs from build to build (hashes, seconds) is written `·`.
`pytest tests/console/screens/test_matrix.py --snapshot-update` accepts what is drawn now: read the difference first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import matrix_scene
import pytest
from console_scene import screen_text
from rich.cells import cell_len
from screens_scene import frame_of, settled
from support.hostile import INVISIBLE
from support.pictures import picture
from textual.pilot import Pilot

from console.app import Console
from console.places import SCREENS

FRAMES = Path(__file__).parent / "frames"
SIZES = ((60, 20), (80, 24), (140, 45))
PLACES = [place.id for place in SCREENS]
pytestmark = pytest.mark.xdist_group("matrix")


Case = tuple[str, tuple[int, int]]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[Case, tuple[str, str]]]:
    """Every screen's (picture, bare text) by state and size; each state and size is one run of the console."""
    found: dict[str, dict[Case, tuple[str, str]]] = {place: {} for place in PLACES}
    folder = tmp_path_factory.mktemp("matrix")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        for name in ("NO_COLOR", "TEXTUAL_THEME", "QUARTERDECK_COLORS", "QUARTERDECK_ASCII"):
            patch.delenv(name, raising=False)
        for state in matrix_scene.STATES:
            with matrix_scene.opened(matrix_scene.make(folder / state, state), state) as opened:
                for size in SIZES:
                    for place, shown in asyncio.run(_walk(opened, size)).items():
                        found[place][state, size] = shown
    return found


async def _walk(opened: matrix_scene.Opened, size: tuple[int, int]) -> dict[str, tuple[str, str]]:
    shown = {}
    async with Console(opened.desk, palette="truecolor").run_test(size=size) as pilot:
        await settled(pilot)
        for place in PLACES:
            await frame_of(pilot).go_to(place)
            shown[place] = (await _at_rest(pilot), screen_text(pilot.app))
    return shown


async def _at_rest(pilot: Pilot[None]) -> str:
    """Return the picture once it has stopped changing: what was read last may move what was drawn before."""
    before = ""
    for _ in range(20):
        await settled(pilot)
        now = picture(pilot.app)
        if now == before:
            break
        before = now
    return before


@pytest.mark.parametrize("place", PLACES)
def test_a_screen_looks_as_it_was_approved(
    drawn: Mapping[str, Mapping[Case, tuple[str, str]]], place: str, request: pytest.FixtureRequest
) -> None:
    pictures = [f"══ {state} {size[0]}×{size[1]}\n{shown}\n" for (state, size), (shown, _) in drawn[place].items()]
    now, path = "\n".join(pictures), FRAMES / f"{place}.txt"
    if request.config.getoption("update_snapshots"):
        path.write_text(now, encoding="utf-8")
    approved = path.read_text(encoding="utf-8") if path.exists() else ""
    assert now.split("\n") == approved.split("\n"), f"--snapshot-update writes {path.name}; read it"


@pytest.mark.parametrize("place", PLACES)
def test_no_line_is_wider_than_the_terminal_or_holds_what_cannot_be_seen(
    drawn: Mapping[str, Mapping[Case, tuple[str, str]]], place: str
) -> None:
    for (state, (columns, lines)), (_, text) in drawn[place].items():
        rows = text.split("\n")
        assert len(rows) == lines, state
        assert all(cell_len(row) <= columns for row in rows), state
        assert not [mark for mark in INVISIBLE if mark in text], state
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), state


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_workspace_says_what_would_stand_there(
    drawn: Mapping[str, Mapping[Case, tuple[str, str]]], place: str
) -> None:
    """No screen is blank: below the tab line stands a sentence, in every size."""
    for size in SIZES:
        body = drawn[place]["empty", size][1].split("\n")[2:-1]
        assert len(re.findall(r"[a-z]{2,}", "\n".join(body))) >= 4, (place, size)
