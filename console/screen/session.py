"""What the frame of the console needs of an open workspace."""

from __future__ import annotations

from typing import Protocol

from console.presentation.frame import FrameFacts
from console.widgets.reading_threads import ReadingThreads


class Session(Protocol):
    """What the frame of the console needs of an open workspace; panes are given the services they need besides."""

    @property
    def threads(self) -> ReadingThreads:
        """In which this workspace is read."""
        ...

    @property
    def read_only(self) -> str | None:
        """Why nothing can be changed here, None when it can; known before anything is read."""
        ...

    def frame(self) -> FrameFacts:
        """Read what the first two lines say. Called in a thread; may block."""
        ...

    def poll(self) -> int | None:
        """Return the new size of the ledger when something was committed since the last call, else None.

        Called every 100 ms, always in the same thread.
        """
        ...

    def interrupt(self) -> None:
        """Make running reads end soon: the console is closing."""
        ...
