"""A verification under way: in a thread, with a number, stoppable; and what the last one came to."""

from __future__ import annotations

import threading
from time import monotonic

from console.presentation.spans import Line, line
from console.presentation.words import status
from console.screen.desk import QUICK_ENTRIES, Desk
from store.ledger.report import Report, VerificationStopped


class Verification:
    """Runs one verification at a time and remembers its report."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stop: threading.Event | None = None
        self._progress = ("entries", 0, 0)
        self._began = 0.0
        self._resume = False
        self.report: Report | None = None
        self.scope = ""
        """What the last one looked at besides entries, in words."""

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self._stop is not None

    def stop(self) -> None:
        """Make the one that runs end soon, without a verdict."""
        if self._stop is not None:
            self._stop.set()

    async def run(self, size: int) -> Report:
        """Verify everything and return the report; the desk learns the verdict. After a stop, goes on from there.

        The read tables of a long ledger are left out: comparing them cannot say how far it is, nor be stopped.

        Raises:
            VerificationStopped: `stop` was called; says how far it came.
            BadInput, StorageFailure: the ledger cannot be read.
        """
        from store.services.audit.verifying import Scope, verify_workspace

        report: Report | None = None
        stop = self._stop = threading.Event()
        self._progress, self._began = ("entries", 0, size), monotonic()
        scope = Scope(tables=size <= QUICK_ENTRIES, resume=self._resume)

        def progress(what: str, done: int, total: int) -> bool:
            self._progress = (what, done, total)
            return not stop.is_set()

        try:
            report = await self._desk.threads.read(verify_workspace, self._desk.context, scope=scope, progress=progress)
        except VerificationStopped:
            stop.set()
        finally:
            self._stop = None
        if report is None or stop.is_set():  # a stop near the end may have left the archive half-read
            what, done, total = self._progress
            self._resume = True
            raise VerificationStopped(f"verification stopped at {done:,} of {total:,} {what}: there is no verdict")
        self.scope = (
            "archive and read tables" if scope.tables else "and the archive; quarterdeck verify adds the read tables"
        )
        self.report, self._resume = report, False
        self._desk.learned(report.verdict)
        return report

    def line(self, size: int) -> Line:
        """Return how the ledger stands, in one line; `size` is how many entries there are by now."""
        from console.presentation.verdicts import progress_line, verdict_line

        if self._stop is not None:
            what, done, total = self._progress
            return progress_line(what, done, total, monotonic() - self._began)
        if self.report is not None:
            return verdict_line(self.report, size)
        mark = status(self._desk.chain)
        if self._desk.chain == "unknown":
            return line(("? not verified by this console yet", "warn"), ("   V ", "key"), "verifies every byte")
        words = "checked when the console opened: entries, signatures, kept heads"
        again = line((f"{mark.symbol} {mark.word}", mark.tone), ("   V ", "key"), "verifies again, archive too   ")
        return (*again, *line((words, "muted")))
