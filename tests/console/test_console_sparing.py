"""The terminal is sent only what it does not show yet, and in the end shows the same."""

from __future__ import annotations

import random

import pyte
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from console.widgets.sparing import Picture

WIDTH, HEIGHT = 30, 4
STYLES = (
    None,
    Style(),
    Style(color="red"),
    Style(color="color(200)", bgcolor="color(17)"),
    Style(color="color(201)", bgcolor="color(17)", bold=True),
    Style(bgcolor="#334455"),
    Style(reverse=True, dim=True),
    Style(underline=True),
)
WORDS = ("approved", "drift ", "  ", "x", "日本", "e\u0301", "–", "1,000,000")


def console(system: str = "256") -> Console:
    return Console(color_system=system, force_terminal=True, width=WIDTH, height=HEIGHT)


def strip_of(chance: random.Random) -> Strip:
    parts = [Segment(chance.choice(WORDS), chance.choice(STYLES)) for _ in range(chance.randrange(1, 7))]
    return Strip(parts).adjust_cell_length(WIDTH)


def whole(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def partly(strips: list[Strip], spans: list[tuple[int, int, int]], cut: int) -> ChopsUpdate:
    chops = [dict(zip((0, cut), strip.divide([cut, WIDTH]), strict=True)) for strip in strips]
    return ChopsUpdate(chops, spans, [[cut, WIDTH]] * HEIGHT)


class Shown:
    """A terminal that is sent updates."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.set_mode(pyte.modes.LNM)
        self.stream = pyte.Stream(self.screen)
        self.bytes = 0

    def send(self, text: str) -> None:
        self.bytes += len(text.encode())
        self.stream.feed(text)

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        looks = ("data", "fg", "bg", "bold", "underscore", "reverse")
        return [
            [tuple(getattr(self.screen.buffer[y][x], look) for look in looks) for x in range(WIDTH)]
            for y in range(HEIGHT)
        ]


def test_whatever_changes_the_terminal_shows_what_textual_would_have_drawn() -> None:
    chance = random.Random(3)
    for system in ("256", "truecolor", "standard"):
        plain, thrifty, picture, look = Shown(), Shown(), Picture(), console(system)
        strips = [strip_of(chance) for _ in range(HEIGHT)]
        plain.send(whole(strips).render_segments(look))
        thrifty.send(picture.sparing(whole(strips), look).render_segments(look))
        for _ in range(150):
            lines = sorted(chance.sample(range(HEIGHT), chance.randrange(1, HEIGHT + 1)))
            for y in lines:
                strips[y] = chance.choice([strips[y], strip_of(chance)])
            update = partly(strips, [(y, 0, WIDTH) for y in lines], chance.randrange(1, WIDTH))
            plain.send(update.render_segments(look))
            found = picture.sparing(update, look)
            if found is not None:
                thrifty.send(found.render_segments(look))
            assert thrifty.cells == plain.cells
        assert thrifty.bytes < plain.bytes


def test_what_is_there_already_is_not_sent_again() -> None:
    look, picture = console(), Picture()
    strips = [Strip([Segment("日本 e\u0301 abc", STYLES[3])]).adjust_cell_length(WIDTH) for _ in range(HEIGHT)]
    assert picture.sparing(whole(strips), look) is not None
    again = partly(strips, [(y, 0, WIDTH) for y in range(HEIGHT)], 10)
    assert picture.sparing(again, look) is None
    picture.forget()
    assert picture.sparing(again, look) is not None
    assert picture.sparing(None, look) is None


def test_where_terminals_disagree_over_a_width_the_line_and_the_next_are_sent_whole() -> None:
    look, picture = console(), Picture()
    strips = [Strip([Segment(text)]).adjust_cell_length(WIDTH) for text in ("👍🏽 yes", "below", "far", "away")]
    picture.sparing(whole(strips), look)
    sent = picture.sparing(partly(strips, [(y, 0, WIDTH) for y in range(HEIGHT)], 12), look)
    assert sent is not None
    text = sent.render_segments(look)
    assert "👍🏽 yes" in text
    assert "below" in text
    assert "far" not in text


def test_one_changed_digit_costs_a_jump_and_a_digit() -> None:
    look, picture = console(), Picture()
    lines = [[Segment("entry 100 of ", STYLES[3]), Segment("the chain", STYLES[4])] for _ in range(HEIGHT)]
    picture.sparing(whole([Strip(line).adjust_cell_length(WIDTH) for line in lines]), look)
    lines[2][0] = Segment("entry 101 of ", STYLES[3])
    update = partly([Strip(line).adjust_cell_length(WIDTH) for line in lines], [(2, 0, WIDTH)], 12)
    sent = picture.sparing(update, look)
    assert sent is not None
    assert sent.render_segments(look) == "\x1b[3;9H\x1b[38;5;200;48;5;17m1\x1b[0m"


def test_a_style_is_followed_by_only_what_differs() -> None:
    from console.widgets.sparing import _change, _codes

    first, second = (_codes(style, ColorSystem.EIGHT_BIT) for style in STYLES[3:5])
    assert _change(first, second) == "\x1b[1;38;5;201m"
    assert _change(second, first) == "\x1b[0;38;5;200;48;5;17m"
