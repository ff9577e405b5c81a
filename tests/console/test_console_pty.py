"""What really reaches the terminal, byte by byte, in a pseudo-terminal of its own."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from inspect import getsource, signature
from io import StringIO
from pathlib import Path

import pexpect
import pytest
from console_scene import Host
from rich.color import ColorSystem
from rich.console import Console as RichConsole
from rich.segment import Segment
from support.terminal_bytes import assert_only_drawing
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from console.presentation.themes import PALETTES
from console.widgets.key_line import KeyLine
from console.widgets.last_filters import AsciiFilter, ScrubFilter, scrub
from console.widgets.terminal import (
    PatientScreen,
    crash_report,
    palette_of,
    preflight,
)

HOST = Path(__file__).with_name("hostile_host.py")


def spawn(what: str, *, size: tuple[int, int] = (40, 120), **extra: str) -> pexpect.spawn:
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLORTERM", "TEXTUAL_THEME"}}
    environment |= {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", **extra}
    return pexpect.spawn(sys.executable, [str(HOST), what], env=environment, dimensions=size, timeout=60)


def run(what: str, **extra: str) -> tuple[bytes, int]:
    child = spawn(what, **extra)
    received = child.read()
    child.close()
    return received, child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0)


@pytest.mark.parametrize("colours", ["16", "256", "truecolor"])
def test_no_hostile_byte_passes_through_any_widget_of_ours(colours: str) -> None:
    received, status = run("widgets", QUARTERDECK_COLORS=colours)
    assert status == 0, received[-2000:].decode("utf-8", "replace")
    assert b"u{1b}" in received
    assert_only_drawing(received)


def test_the_last_filter_stops_what_a_forgetful_widget_draws() -> None:
    received, status = run("builtins")
    assert status == 0, received[-2000:].decode("utf-8", "replace")
    assert_only_drawing(received)


@pytest.mark.parametrize("where", ["crash", "crash-in-a-screen"])
def test_a_crash_restores_the_terminal_and_names_no_value(where: str) -> None:
    received, status = run(where)
    assert status == 1
    after = received[received.rindex(b"\x1b[?1049l") :]
    assert b"RuntimeError: broken" in after
    assert b"hunter2" not in received
    assert b"\x1b[31337m" not in received


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_polite_signal_restores_the_terminal(number: signal.Signals, status: int) -> None:
    child = spawn("sleep")
    child.expect(rb"prod")
    child.kill(number)
    received = child.read()
    child.close()
    assert b"\x1b[?1049l" in received
    assert b"\x1b[?1003l" in received
    assert child.exitstatus == status


def test_an_idle_console_sends_nothing() -> None:
    child = spawn("sleep")
    child.expect(rb"Keys")
    for _ in range(20):
        drain(child)  # what was not drawn yet, on a machine that does much else
        time.sleep(1.5)
        if drain(child) == b"":
            break
    else:
        pytest.fail("it draws and draws")
    child.kill(signal.SIGTERM)
    child.read()
    child.close()


def drain(child: pexpect.spawn) -> bytes:
    received = b""
    while True:
        try:
            received += child.read_nonblocking(65_536, timeout=0.1)
        except pexpect.TIMEOUT:
            return received


def test_what_took_cells_leaves_as_many() -> None:
    assert scrub("a\u202eb\x1bc") == "abc"
    assert scrub("plain") == "plain"
    assert scrub("\ud800") in {"", "?"}


def test_filters_leave_clean_lines_alone() -> None:
    from rich.style import Style
    from textual.color import Color

    clean = [Segment("hello", Style(bold=True))]
    assert ScrubFilter().apply(clean, Color(0, 0, 0)) is clean
    (linked,) = ScrubFilter().apply([Segment("x", Style(link="https://evil.example"))], Color(0, 0, 0))
    assert linked.style is not None
    assert linked.style.link is None
    (drawn,) = AsciiFilter().apply([Segment("✓ ─│ ▸")], Color(0, 0, 0))
    assert drawn.text == "v -| >"


class Stream(StringIO):
    def __init__(self, encoding: str, *, tty: bool = True) -> None:
        super().__init__()
        self.named, self.tty = encoding, tty

    @property
    def encoding(self) -> str:
        return self.named

    def isatty(self) -> bool:
        return self.tty


def test_the_console_is_not_opened_where_it_cannot_be_drawn() -> None:
    assert "TERM=dumb" in (preflight({"TERM": "dumb"}, Stream("utf-8")) or "")
    assert "needs a terminal" in (preflight({"TERM": "xterm"}, Stream("utf-8", tty=False)) or "")
    assert "UTF-8" in (preflight({"TERM": "xterm"}, Stream("iso-8859-1")) or "")
    assert preflight({"TERM": "xterm"}, Stream("UTF-8")) is None


def test_the_palette_follows_the_terminal_unless_told() -> None:
    assert palette_of({}, "256") == "256"
    assert palette_of({}, "standard") == "standard"
    assert palette_of({"QUARTERDECK_COLORS": "16"}, "truecolor") == "standard"
    assert palette_of({}, None) == "truecolor"


def test_a_crash_report_is_safe_text() -> None:
    report = crash_report(ValueError("\x1b[2J"))
    assert "ValueError" in report
    assert "\x1b" not in report


def test_the_private_side_of_textual_is_still_there() -> None:
    """The contract with the pinned Textual: what `terminal.py`, `sparing.py` and `signals.py` lean on must exist."""
    overridden = ("_fatal_error", "_print_error_renderables", "_close_messages_no_wait", "get_line_filters", "_display")
    for name in overridden:
        assert callable(getattr(App, name)), name
    assert list(signature(App._display).parameters) == ["self", "screen", "renderable"]
    assert list(signature(App._build_driver).parameters) == ["self", "headless", "inline", "mouse", "size"]
    assert list(signature(App._refresh_truecolor_filter).parameters) == ["self", "theme"]
    assert list(signature(Screen._compositor_refresh).parameters) == ["self"]
    assert "self._repaint_required = False" in getsource(Widget), "PatientScreen.draw_whole takes its mark away"
    assert "TextArea" in TextArea._css_type_names, "ctrl+z is left to a text by this name"
    assert "WriterThread(self._file)" in getsource(LinuxDriver), "the terminal may go away: widgets/lasting.py"
    app: App[None] = App()
    for name in ("_running", "_closed", "_batch_count", "_driver", "_exit_renderables"):
        assert hasattr(app, name), name
    assert callable(app.app_resume_signal.subscribe)
    assert isinstance(RichConsole(color_system="256", force_terminal=True)._color_system, ColorSystem)


async def test_the_first_theme_looks_as_textual_makes_a_later_one_look() -> None:
    """`TerminalApp._begin_with` does by itself what Textual's `_watch_theme` does."""

    def looks(app: Host) -> tuple[object, ...]:
        (ansi,) = (one for one in app._filters if isinstance(one, ANSIToTruecolor))
        ground = app.query_one(KeyLine).background_colors
        return app.theme, sorted(app.classes), app.stylesheet._variables, vars(ansi), ground

    first, later = Host(KeyLine(), palette="contrast"), Host(KeyLine(), palette="truecolor")
    async with first.run_test():
        begun = looks(first)
    async with later.run_test() as pilot:
        before = looks(later)
        later.theme = PALETTES["contrast"]
        await pilot.pause()
        assert looks(later) == begun != before


async def test_nothing_is_rendered_while_drawing_is_put_off() -> None:
    """`PatientScreen` steps in where Textual renders in spite of a batch."""
    app = Host()
    async with app.run_test() as pilot:
        screen, drawn = PatientScreen(), []
        await app.push_screen(screen)
        screen._compositor.render_update = lambda **_: drawn.append("drawn")  # type: ignore[method-assign,assignment]
        with app.batch_update():
            screen._refresh_layout()  # as a resize does; Textual would render at its next idle moment
            await pilot.pause()
            assert drawn == []
        screen.draw_whole()
        await pilot.pause()
        assert drawn


def test_the_pictures_that_textual_sends_are_the_two_that_are_known() -> None:
    """`sparing.py` reads `ChopsUpdate` and `LayoutUpdate`; of anything else it would forget all it knows."""
    assert list(signature(ChopsUpdate).parameters) == ["chops", "spans", "chop_ends"]
    assert list(signature(LayoutUpdate).parameters) == ["strips", "region"]
    kinds = {kind.__name__ for kind in CompositorUpdate.__subclasses__()}
    assert kinds == {"ChopsUpdate", "LayoutUpdate", "InlineUpdate", "Written"}
    strip = Strip([Segment("abc")])
    update = LayoutUpdate([[strip]], Region(0, 0, 3, 1))
    assert (update.strips, update.region) == ([[strip]], Region(0, 0, 3, 1))


def test_the_driver_sleeps_and_wakes_as_signals_expects() -> None:
    assert isinstance(LinuxDriver.can_suspend, property)
    assert callable(LinuxDriver.suspend_application_mode)
    for name in ("_sigtstp_application", "_sigcont_application"):
        assert callable(getattr(LinuxDriver, name))
    assert "_must_signal_resume" in getsource(LinuxDriver.start_application_mode)


@pytest.mark.parametrize(
    ("terminal", "announced", "most"),
    [("xterm", "", 16), ("xterm-ghostty", "", 16), ("tmux-256color", "", 256), ("xterm", "truecolor", 1 << 24)],
)
def test_no_colour_is_sent_that_the_terminal_did_not_announce(terminal: str, announced: str, most: int) -> None:
    received, status = run("widgets", TERM=terminal, **({"COLORTERM": announced} if announced else {}))
    assert status == 0
    parameters = b";".join(re.findall(rb"\x1b\[([0-9;]*)m", received)) + b";"
    assert (b"8;2;" in parameters) == (most > 256)
    assert (b"8;5;" in parameters) == (most == 256)
