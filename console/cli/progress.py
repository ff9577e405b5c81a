"""How far long work is, on standard error, and ctrl+c as "finish what you are at, then end"."""

from __future__ import annotations

import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

import click

from console.cli.output import note
from store.services.exports.progress import Progress

_FIRST = 0.5
"""Work shorter than this is not spoken of."""
_ON_A_TERMINAL, _IN_A_LOG = 0.2, 10.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 130


class Meter:
    """A line that counts on a terminal, a line now and then in a log; the first ctrl+c sets `stop`."""

    def __init__(self, noun: str) -> None:
        self.stop = threading.Event()
        self._noun = noun
        self._began = self._told = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._is_open = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._clear()

    def tell(self, progress: Progress) -> None:
        """Show how far it is, not more often than somebody reads."""
        now = time.monotonic()
        pause = _ON_A_TERMINAL if self._is_terminal else _IN_A_LOG
        if progress.seconds < _FIRST or now - self._told < pause:
            return
        self._told = now
        line = f"{progress.done:,} of {progress.total:,} {self._noun}, {progress.rate:,.0f} a second"
        if self._is_terminal:
            click.echo(f"\r\x1b[K{line}; ctrl+c stops", err=True, nl=False)
            self._is_open = True
        else:
            note(line)

    def _clear(self) -> None:
        if self._is_open:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_open = False

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.stop.is_set():  # asked twice: now, whatever is open is rolled back
            raise KeyboardInterrupt
        self.stop.set()
        self._clear()
        note(f"stopping after what is being recorded ({signal.Signals(number).name}); once more: at once")
