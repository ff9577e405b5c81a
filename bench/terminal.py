"""Programs in a pseudo-terminal of their own: what they send, and when."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import pexpect
import pyte

SIZE: Final = (40, 120)
"""Lines and columns of every terminal here."""
_SLOWEST: Final = 60.0
"""Seconds after which a program that shows nothing is given up."""
_BETWEEN: Final = 0.001
"""Seconds of silence between two pictures. One picture comes in pieces of 4 KiB, and looking at a piece takes so long
that the program is well into what it does after its picture before the last one is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What one read gave."""

    at: float
    data: bytes


class Terminal:
    """One program in a terminal; leaving the block ends it."""

    def __init__(self, command: Sequence[str], **extra: str) -> None:
        dropped = {"NO_COLOR", "COLORTERM", "TEXTUAL_THEME", "SSH_CONNECTION", "SSH_AUTH_SOCK"}
        environment = {key: value for key, value in os.environ.items() if key not in dropped}
        environment |= {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", "LANG": "C.UTF-8", **extra}
        self.used = 0.0
        """Processor time that the program had used when what `until` looked at last arrived: looking takes longer."""
        self.began = time.perf_counter()
        self.child = pexpect.spawn(command[0], list(command[1:]), env=environment, dimensions=SIZE)
        self.screen = pyte.Screen(SIZE[1], SIZE[0])
        self._stream = pyte.ByteStream(self.screen)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.child.isalive():
            self.child.kill(signal.SIGTERM)
            self.quiet(0.5)
        self.child.close(force=True)

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(self.screen.display)

    def piece(self, seconds: float) -> Piece | None:
        """Return what comes next, None when nothing comes within `seconds` or the program has ended."""
        ready, _, _ = select.select([self.child.child_fd], [], [], seconds)
        if not ready:
            return None
        try:
            data = os.read(self.child.child_fd, 1 << 20)
        except OSError:  # the program ended
            return None
        at = time.perf_counter()
        return Piece(at=at, data=data)

    def quiet(self, seconds: float) -> list[Piece]:
        """Return everything that comes until nothing came for `seconds`."""
        pieces = []
        while (piece := self.piece(seconds)) is not None:
            pieces.append(piece)
        for piece in pieces:
            self._feed(piece)
        return pieces

    def until(self, shown: Callable[[str], bool]) -> float:
        """Return when the screen first looked as wanted, in seconds since the program was started.

        Raises:
            TimeoutError: it never did.
        """
        while (piece := self.piece(_SLOWEST)) is not None:
            pieces = [piece]
            while (more := self.piece(_BETWEEN)) is not None:
                pieces.append(more)
            self.used = self.processor_seconds()
            for piece in pieces:
                self._feed(piece)
            if shown(self.text):
                return pieces[-1].at - self.began
        raise TimeoutError(f"never shown; the screen was:\n{self.text}")

    def press(self, key: str, quiet: float) -> tuple[float, int]:
        """Press a key; return seconds until the first answer and the bytes sent until nothing came for `quiet`."""
        began = time.perf_counter()
        os.write(self.child.child_fd, key.encode())
        pieces = self.quiet(quiet)
        first = pieces[0].at - began if pieces else float("inf")
        return first, sum(len(piece.data) for piece in pieces)

    def processor_seconds(self) -> float:
        """Return the processor time that the program has used so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _feed(self, piece: Piece) -> None:
        self._stream.feed(piece.data)
