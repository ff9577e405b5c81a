"""Copies to the person's clipboard: past GNU screen, and what is too long."""

from __future__ import annotations

import base64
import re
import shutil
import tempfile
from pathlib import Path

import pexpect
import pytest
from console_scene import screen_text

from console.screen import Pane, Place
from console.widgets.clipboard import MOST_BYTES, check_length, inside_screen, through_screen
from store.errors import BadInput

SCREEN = shutil.which("screen")


def test_what_screen_is_given_is_the_whole_sequence_in_pieces_that_it_takes() -> None:
    text = "é" * 2_000
    pieces = re.findall(r"\x1bP([^\x1b]*\x1b?[^\x1b]*)\x1b\\", through_screen(text))
    assert max(map(len, pieces)) < 256
    assert "".join(pieces) == f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


@pytest.mark.parametrize(
    ("environment", "inside"),
    [({"STY": "1.pts"}, True), ({"TERM": "screen.xterm-256color"}, True), ({"TERM": "xterm-256color"}, False),
     ({"TERM": "screen-256color", "TMUX": "/tmp/tmux"}, False), ({}, False)],
)  # fmt: skip
def test_screen_is_known_by_its_name_or_its_terminal(environment: dict[str, str], inside: bool) -> None:
    assert inside_screen(environment) is inside


@pytest.mark.skipif(SCREEN is None, reason="GNU screen is not installed (tests/tools.sh installs it)")
def test_a_real_screen_hands_a_long_copy_on_to_the_terminal_around_it(tmp_path: Path) -> None:
    assert SCREEN is not None
    text = "quarterdeck " * 400
    (tmp_path / "copy").write_text(f"\x1b]52;c;{base64.b64encode(b'plain').decode()}\x07{through_screen(text)}done")
    with tempfile.TemporaryDirectory(prefix="qd-screen-") as folder:
        Path(folder).chmod(0o700)
        told = {"SCREENDIR": folder, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(tmp_path)}
        script = f"sleep 0.3; cat {tmp_path / 'copy'}; sleep 1"
        child = pexpect.spawn(SCREEN, ["-c", "/dev/null", "sh", "-c", script], env=told, timeout=60)
        received = child.read()
        child.close()
    found = [base64.b64decode(one) for one in re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", received)]
    assert found == [text.encode()], "screen itself drops what is not wrapped"


class Long(Pane[str]):
    """A pane whose value under the cursor is longer than terminals take."""

    def load(self) -> str:
        return ""

    def show_data(self, data: str) -> None:
        pass

    def copied(self) -> str:
        return "x" * (MOST_BYTES + 1)


async def test_what_is_longer_than_terminals_take_is_not_copied_and_the_person_is_told_so() -> None:
    from console_scene import MemorySession

    from console.app import Console

    check_length("x" * MOST_BYTES)
    with pytest.raises(BadInput):
        check_length("é" * MOST_BYTES)
    place = Place(key="1", id="long", title="Long", factory=lambda _: Long())
    app = Console(MemorySession(), places=[place], palette="truecolor")
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause(0.1)
        assert "too long to copy: 74,995 bytes, terminals take 74,994; the command line prints it" in screen_text(app)
        assert not app.clipboard
