"""Notices that the ledger grew: one thread, one cheap question every 40 ms."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from console.screen.session import Session
from store.errors import QuarterdeckError

POLL_SECONDS = 0.04
SPACING_SECONDS = 0.2
"""Least time between two "changed": a busy ledger is redrawn a few times a second, and still within 300 ms."""


class LedgerChanged(Message):
    """Entries were appended; the ledger holds `size` now."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()


class FeedFailed(Message):
    """The ledger cannot be followed any more."""

    def __init__(self, error: QuarterdeckError) -> None:
        self.error = error
        super().__init__()


class Feed:
    """Polls the session in a thread of its own and posts `LedgerChanged` through `post` (safe from any thread)."""

    def __init__(self, session: Session, post: Callable[[Message], object]) -> None:
        self._session = session
        self._post = post
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._thread = threading.Thread(target=self._run, name="ledger feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop polling; does not wait for the last poll."""
        self._stop.set()

    def _run(self) -> None:
        try:
            while not self._stop.wait(POLL_SECONDS):
                size = self._session.poll()
                if size is not None and not self._stop.is_set():
                    self._post(LedgerChanged(size))
                    self._stop.wait(SPACING_SECONDS - POLL_SECONDS)
        except QuarterdeckError as error:
            if not self._stop.is_set():
                self._post(FeedFailed(error))
