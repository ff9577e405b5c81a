"""A terminal that may go away while it is drawn on: the window closed, the line cut."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TextIO

_GONE = frozenset({errno.EIO, errno.EPIPE, errno.ENXIO, errno.EBADF})


class Outlasting:
    """Writes to a terminal; once it is gone, what it would have shown is dropped.

    Textual's writing thread would die of the first error. Its queue, once full, then holds for ever whoever draws
    next: a console that waits for the end of a push (and counts its seconds) would stay behind when the line is cut.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.gone = False
        """Whether the terminal is."""

    def write(self, text: str) -> int:
        """Write text, or drop it."""
        self._try(lambda: self._file.write(text))
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._file.isatty()

    def _try(self, act: Callable[[], object]) -> None:
        if self.gone:
            return
        try:
            act()
        except OSError as error:
            if error.errno not in _GONE:
                raise
            self.gone = True
