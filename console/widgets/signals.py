"""What the system asks of a program in a terminal: to end politely, to sleep (ctrl+z), to wake up again (`fg`)."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final, Protocol, TextIO, TypeAlias

from textual.driver import Driver

_Handler: TypeAlias = Callable[[int, FrameType | None], object]
_POLITE: Final = (signal.SIGTERM, signal.SIGHUP)
_LOOK_EVERY: Final = 2.0
"""Seconds between two looks whether the terminal is still there."""


class Asked(Protocol):
    """The app that is asked."""

    def leave(self, return_code: int = 0) -> None:
        """Restore the terminal and end."""

    def rise(self) -> None:
        """Take the terminal again, whatever became of it, and draw everything."""


class Signals:
    """Answers signals for one app in the main thread."""

    def __init__(self, app: Asked) -> None:
        self._app = app
        self._asleep = False
        self._usual: dict[int, _Handler] = {}
        self._polite = False
        self._next_look: asyncio.TimerHandle | None = None

    def end_politely(self) -> None:
        """Make SIGTERM and SIGHUP restore the terminal: by default they kill the process mid-screen.

        A terminal that goes away tells its first program only, and `make` or a wrapper may keep that to itself: then
        nobody would ever end the console, so it looks for itself.
        """
        loop = asyncio.get_running_loop()
        for number in _POLITE:
            loop.add_signal_handler(number, self._app.leave, 128 + number)
        self._polite = True
        self._look()

    def _look(self) -> None:
        if is_cut(sys.__stdin__):
            self._app.leave(128 + signal.SIGHUP)
        else:
            self._next_look = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    def wake_whole(self, driver: Driver) -> None:
        """Sleep and wake whole, once the driver stands.

        The driver gives the terminal back on SIGTSTP and takes it on SIGCONT. After a SIGSTOP, which nobody hears, it
        would take it a second time, with a second reader, and remember as usual what it had made of it itself.
        """
        loop = asyncio.get_running_loop()

        def sleep(number: int, frame: FrameType | None) -> None:
            self._asleep = True
            if nobody_would_wake():
                self._usual[number](number, frame)
                return
            driver.suspend_application_mode()
            driver._must_signal_resume = True  # type: ignore[attr-defined]  # as the driver's own handler does
            # `make` and `uv run` sleep with us, but not before the terminal is given back: the shell takes it then
            os.killpg(os.getpgrp(), signal.SIGSTOP)

        def wake(number: int, frame: FrameType | None) -> None:
            if self._asleep:
                self._usual[number](number, frame)
            else:
                loop.call_soon_threadsafe(self._app.rise)

        for which, answer in ((signal.SIGTSTP, sleep), (signal.SIGCONT, wake)):
            usual = signal.getsignal(which)
            if callable(usual):
                self._usual[which] = usual
                signal.signal(which, answer)

    def woken(self) -> None:
        """Take note that the terminal is the app's again."""
        self._asleep = False

    def close(self) -> None:
        """Answer nothing any more."""
        if self._next_look is not None:
            self._next_look.cancel()
        for polite in _POLITE if self._polite else ():
            asyncio.get_running_loop().remove_signal_handler(polite)
        for number, usual in self._usual.items():
            signal.signal(number, usual)
        self._polite = False
        self._usual.clear()


def nobody_would_wake() -> bool:
    """Say whether no shell stands above that could continue a stopped program: it would never be seen again."""
    return os.getpgid(os.getsid(0)) == os.getpgrp()


def is_cut(terminal: TextIO | None) -> bool:
    """Say whether a terminal was hung up: its window is closed, its line is cut."""
    if terminal is None:
        return False
    look = select.poll()
    look.register(terminal, 0)  # no event is asked for: a hang-up is always told
    return any(events & select.POLLHUP for _, events in look.poll(0))
