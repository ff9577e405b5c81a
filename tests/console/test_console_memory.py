from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from support.hostile import HOSTILE
from textual.color import Color

from console.personal.files import read_settings
from console.personal.memory import Habits, LeftOff, Memory
from console.widgets.last_filters import AsciiFilter, PlainFilter
from console.widgets.terminal import draws_ascii
from store.errors import BadInput


def test_where_one_left_off_is_found_again_per_ledger(tmp_path: Path) -> None:
    here = LeftOff(place="drift", subject="DR-0001", filter="orders")
    Memory(tmp_path, "one").keep(here)
    assert Memory(tmp_path, "one").left_off() == here
    assert Memory(tmp_path, "other").left_off() == LeftOff()
    Memory(tmp_path, "one").keep(Habits(theme="contrast", toured=True))
    assert Memory(tmp_path, "other").habits() == Habits(theme="contrast", toured=True)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "console").iterdir()} == {0o600}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"place": 7}', "[" * 9_000, '{"place": "' + "x" * 600 + '"}', "x" * 20_000]
)
def test_a_corrupt_memory_is_left_aside_with_a_note(tmp_path: Path, text: str) -> None:
    memory = Memory(tmp_path, "one")
    memory.keep(LeftOff(place="drift"))
    (file,) = (tmp_path / "console").glob("ledger-*")
    file.write_text(text)
    assert memory.left_off() == LeftOff()
    assert len(memory.notes) == 1


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "console").write_text("a file")
    Memory(tmp_path, "one").keep(LeftOff(place="drift"))
    assert Memory(tmp_path, "one").left_off() == LeftOff()


@pytest.mark.parametrize("text", ["theme = 7", "tour = 1", "color = 'x'", "theme ="])
def test_faulty_settings_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(BadInput, match=r"settings\.toml"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("environment", "ascii_only"),
    [
        ({"LANG": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"TERM": "linux", "QUARTERDECK_ASCII": "0"}, False),
        ({}, False),
    ],
)
def test_only_ascii_is_drawn_where_the_terminal_has_no_more(environment: dict[str, str], ascii_only: bool) -> None:
    assert draws_ascii(environment) is ascii_only


def test_ascii_only_means_every_byte_and_keeps_every_width() -> None:
    for name in (*HOSTILE, "日本", "✓ ok", "\u009b31m"):
        (drawn,) = AsciiFilter().apply([Segment(name)], Color(0, 0, 0))
        assert drawn.text.isascii()
    (drawn,) = AsciiFilter().apply([Segment("日本")], Color(0, 0, 0))
    assert drawn.text == "????"
    (signs,) = AsciiFilter().apply([Segment("nodes › rules ≠ now ↪ “said” ‹ v ›")], Color(0, 0, 0))
    assert signs.text == 'nodes > rules ! now > "said" < v >'


def test_without_colour_a_light_ground_is_reversed() -> None:
    segments = [Segment("x", Style(color="#000000", bgcolor="#ffffff", bold=True)), Segment("y", Style(color="red"))]
    cursor, plain = PlainFilter().apply(segments, Color(0, 0, 0))
    assert cursor.style is not None
    assert (cursor.style.color, cursor.style.bgcolor, cursor.style.reverse, cursor.style.bold) == (
        None,
        None,
        True,
        True,
    )
    assert plain.style is not None
    assert (plain.style.color, bool(plain.style.reverse)) == (None, False)
