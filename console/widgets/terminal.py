"""An app that cannot harm the terminal it runs in: the colours, signals, crashes.

Textual's private side is touched here, in `sized_screen.py`, `sparing.py` and `signals.py`; `test_console_pty.py` holds
the contract.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from io import TextIOBase
from typing import ClassVar, TextIO, TypeVar, cast

from rich.console import RenderableType
from rich.segment import Segment, Segments
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from console.presentation.text import display
from console.presentation.themes import PALETTES, themes, variables
from console.widgets.clipboard import check_length, copied_by_tmux, inside_screen, through_screen
from console.widgets.last_filters import AsciiFilter, PlainFilter, ScrubFilter
from console.widgets.lasting import Outlasting
from console.widgets.reading_threads import ReadingThreads
from console.widgets.signals import Signals, nobody_would_wake
from console.widgets.sized_screen import SizedScreen
from console.widgets.sparing import Picture
from store.collector import started

R = TypeVar("R")
SMALLEST = (60, 16)
"""Columns and lines below which the console says that it is too small."""


class PatientScreen(SizedScreen[None]):
    """A screen that renders nothing while drawing is put off (`App.batch_update`)."""

    def _compositor_refresh(self) -> None:
        """Leave it for the end of the batch: Textual would render every widget, and show none of it."""
        if not self.app._batch_count:
            super()._compositor_refresh()

    def draw_whole(self) -> None:
        """Lay everything out and draw it, once: what waited to be drawn alone is part of it."""
        self._repaint_required = False
        self.refresh(layout=True, repaint=False)


class TerminalApp(App[R]):
    """The base of the console and of every host app in its tests."""

    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "Draw again", show=False, priority=True, id="app.redraw"),
        Binding("ctrl+z", "sleep", "Stop; fg goes on", show=False, priority=True, id="app.sleep"),
    ]

    def __init__(
        self,
        *,
        palette: str | None = None,
        look: str = "auto",
        ascii_only: bool = False,
        threads: ReadingThreads | None = None,
    ) -> None:
        """Take the colours that the terminal has, or the `look` of `LOOKS`; a `palette` of `PALETTES` overrules.

        Widgets read in `threads`; without any the app has its own.
        """
        super().__init__()
        self.own_keys: Mapping[str, str] = {}
        """The person's own keys: key id → keys, several apart by commas."""
        self.threads = threads or ReadingThreads()
        for theme in themes():
            self.register_theme(theme)
        self._usual_palette = palette_of(os.environ, self.console.color_system)
        self._begin_with(PALETTES[palette or self._palette_of(look)])
        self._own_filters: list[LineFilter] = [ScrubFilter()]
        if ascii_only:
            self._own_filters.append(AsciiFilter())
        self._asked_signals = Signals(self)
        self._picture = Picture()

    def set_keymap(self, keymap: Mapping[str, str]) -> None:
        """Put a person's own keys in force, and remember them for whatever draws keys."""
        super().set_keymap(keymap)
        self.own_keys = dict(keymap)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables()

    def get_line_filters(self) -> Sequence[LineFilter]:
        plain = [PlainFilter()] if self.theme == PALETTES["plain"] else []
        return [*super().get_line_filters(), *self._own_filters, *plain]

    def action_look(self, name: str) -> None:
        """Change the colours to one of `LOOKS`; a terminal that asked for none keeps to that."""
        self.theme = PALETTES[self._palette_of(name)]

    def _palette_of(self, look: str) -> str:
        return "plain" if self.no_color else self._usual_palette if look == "auto" else look

    def _begin_with(self, theme: str) -> None:
        """Put on the first theme: all that a later one does, apart from reading every style sheet a second time."""
        self.set_reactive(App.theme, theme)
        dark = self.current_theme.dark
        self.set_class(dark, "-dark-mode", update=False)
        self.set_class(not dark, "-light-mode", update=False)
        self.set_class(True, f"-theme-{theme}", update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:  # noqa: FBT001
        """Build Textual's own, which writes to a terminal that may go away."""
        driver = super()._build_driver(headless, inline, mouse, size)
        if isinstance(file := getattr(driver, "_file", None), TextIOBase):
            driver._file = Outlasting(cast("TextIO", file))  # type: ignore[attr-defined]
        return driver

    def on_load(self) -> None:
        if not self.is_headless:
            self._asked_signals.end_politely()

    def on_mount(self) -> None:
        """Wake up whole, and draw whole, after a stop."""
        self.app_resume_signal.subscribe(self, self._woken)
        if self._driver is not None and self._driver.can_suspend and not self.is_headless:
            self._asked_signals.wake_whole(self._driver)

    def on_unmount(self) -> None:
        self._asked_signals.close()

    def rise(self) -> None:
        """Give the terminal back and take it again: whatever stopped this program, a shell has used it since."""
        with self.suspend():
            pass

    def _woken(self, _: App[object]) -> None:
        self._asked_signals.woken()
        self.action_redraw()

    def action_redraw(self) -> None:
        """Draw everything anew: whatever wrote on this terminal is gone then."""
        self._picture.forget()
        if self._driver is not None and not self.is_headless:
            self._driver.write("\x1b[0m\x1b[2J")
        self.refresh()

    def action_sleep(self) -> None:
        """Stop until the shell continues it (`fg`)."""
        if self._driver is None or not self._driver.can_suspend:
            self.told("a browser's console cannot be stopped; close the page")
        elif nobody_would_wake():
            self.told("no shell started the console here, so nobody could wake it; q leaves")
        else:
            os.kill(os.getpid(), signal.SIGTSTP)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ctrl+z to a text that is being written: there it takes back what was typed."""
        if action == "sleep" and self.focused is not None:
            # by its name: importing Textual's text editor takes longer than drawing the first screen
            return False if "TextArea" in self.focused._css_type_names else super().check_action(action, parameters)
        return super().check_action(action, parameters)

    async def copy(self, text: str) -> str:
        """Copy `text` to the person's clipboard and return which way it went, in words.

        Raises:
            BadInput: it is longer than terminals take.
        """
        check_length(text)
        shown = display(text, 200)
        if "TMUX" in os.environ and not self.is_headless:
            if await asyncio.to_thread(copied_by_tmux, text, os.environ):
                return f"copied  {shown}   (into tmux's buffer, and on to the terminal's clipboard)"
            self.copy_to_clipboard(text)
            return f"copied  {shown}   (by OSC 52; tmux drops it unless set-clipboard is on)"
        self.copy_to_clipboard(text)
        if self._driver is not None and not self.is_headless and inside_screen(os.environ):
            self._driver.write(through_screen(text))
            return f"copied  {shown}   (by OSC 52, past screen; a terminal may refuse it)"
        return f"copied  {shown}   (by OSC 52: a terminal may refuse it)"

    def told(self, words: str) -> None:
        """Tell the person something that concerns the terminal; a subclass knows where."""
        self.notify(words, markup=False)

    def leave(self, return_code: int = 0) -> None:
        """Restore the terminal and end with `return_code`; a subclass stops its threads first."""
        self.exit(return_code=return_code)

    def on_resize(self) -> None:
        self._picture.forget()

    def on_app_focus(self) -> None:
        """Draw whole: while the person was elsewhere somebody may have written here."""
        self._picture.forget()
        self.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send only what the terminal does not show already; the conditions are those of the method it replaces."""
        drawn = self._running and not (self._closed or self._batch_count or self.is_headless)
        super()._display(screen, self._picture.sparing(renderable, self.console) if drawn else renderable)
        if drawn:
            started()

    def _fatal_error(self) -> None:
        """Say what broke and where, never what the variables held: they may hold a secret."""
        self._exit_renderables.append(Segments([Segment(crash_report(sys.exc_info()[1]))]))
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Print the crash through the same filter as everything else."""
        for renderable in self._exit_renderables[:1]:
            self.error_console.print(renderable, markup=False, soft_wrap=True)
        self._exit_renderables.clear()


def crash_report(error: BaseException | None) -> str:
    """Return a traceback in safe text: files, lines and source, no values of variables."""
    if error is None:
        return "quarterdeck stopped for an unknown reason\n"
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-12:]]
    said = display(f"{type(error).__name__}: {error}", 400)
    return "\n".join(
        (
            "quarterdeck ran into an error of its own and stopped. Nothing was half-written: every entry is recorded",
            "whole or not at all. Please report these lines:",
            *(display(place, 300) for place in places),
            said,
            "",
        )
    )


def palette_of(environment: Mapping[str, str], color_system: str | None) -> str:
    """Return the palette for a terminal as Rich sees it; `QUARTERDECK_COLORS` (16, 256, truecolor) overrules."""
    asked = environment.get("QUARTERDECK_COLORS", "")
    named = {"16": "standard", "256": "256", "truecolor": "truecolor", "standard": "standard"}
    return named.get(asked) or named.get(color_system or "", "truecolor")


def draws_ascii(environment: Mapping[str, str]) -> bool:
    """Return whether only ASCII is to be drawn: LANG says so, or it is the Linux console, whose font has no more.

    QUARTERDECK_ASCII (1 or 0) overrules.
    """
    asked = environment.get("QUARTERDECK_ASCII", "")
    if asked:
        return asked != "0"
    # Python itself turns LC_CTYPE into C.UTF-8 where it finds the C locale (PEP 538): it says nothing here.
    named = environment.get("LC_ALL") or environment.get("LANG", "")
    return named in {"C", "POSIX"} or environment.get("TERM") == "linux"


def preflight(environment: Mapping[str, str], stream: TextIO) -> str | None:
    """Return why the console should not be opened here, in one line, or None.

    `stream` is where Textual draws (standard error). The command line says everything the console does.
    """
    if environment.get("TERM") in {"", "dumb"}:
        return "this terminal cannot draw screens (TERM=dumb); every screen has a command: quarterdeck --help"
    if not stream.isatty():
        return "the console needs a terminal; every screen has a command: quarterdeck --help"
    if (stream.encoding or "").lower().replace("-", "").replace("_", "") != "utf8":
        return f"this terminal's encoding is {stream.encoding}; the console needs UTF-8 (set LANG=C.UTF-8)"
    return None


def run_app(app: TerminalApp[R], *, mouse: bool = True) -> int:
    """Run `app` until it ends and return the exit status for the shell."""
    app.run(mouse=mouse)
    return app.return_code or 0
