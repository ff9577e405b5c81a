"""What every screen and every dialog writes to a real terminal when all names in the workspace are hostile."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from pathlib import Path

import matrix_scene
import pexpect
import pytest
from support.terminal_bytes import assert_only_drawing

from console.key_table import key_table
from console.places import SCREENS

COPYING = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
"""How `y` asks the terminal to copy: the one such sequence that is the console's own."""
HOST = Path(__file__).with_name("hostile_tour.py")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which every name is hostile, for this file to spoil."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        return matrix_scene.make(folder / "hostile", "hostile")


def test_no_screen_and_no_dialog_lets_a_hostile_byte_through(hostile: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.json"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "LANG": "C.UTF-8",
        "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none",
    }  # fmt: skip
    child = pexpect.spawn(
        sys.executable, [str(HOST), str(hostile), str(notes)], env=environment, dimensions=(45, 140), timeout=240
    )
    received = child.read()
    child.close()
    assert child.exitstatus == 0, received[-3000:].decode("utf-8", "replace")
    seen = json.loads(notes.read_text())
    assert seen["places"] == [place.id for place in SCREENS]
    assert {"Reading", "EntryDialog", "Ask", "RequestForm", "ConfirmRollback"} <= set(seen["dialogs"]), seen["dialogs"]
    never = {row.id for row in key_table() if row.id.startswith(("act.", "look."))} - set(seen["keys"])
    assert not never - {"act.undo", "look.reload"}, f"no screen of the table binds these: {never}"
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", received).decode("utf-8", "replace")
    assert "u{1b}" in text, "it is shown, not hidden"
    assert "[red]x" in text, "markup is text"
    copied = COPYING.findall(received)
    assert {len(text) < 200 and base64.b64decode(text, validate=True).isascii() for text in copied} == {True}
    assert_only_drawing(COPYING.sub(b"", received))
