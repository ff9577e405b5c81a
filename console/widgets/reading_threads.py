"""Threads that only read. Nothing waits for them when the console is left, unlike for asyncio's own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_MOST: Final = 16
"""Threads at once; what is asked beyond that waits its turn."""
_IDLE_SECONDS: Final = 10.0
"""For so long a thread waits for more to read, then it ends."""


class ReadingThreads:
    """Runs calls that change nothing; what changes something belongs into `asyncio.to_thread`, which is waited for."""

    def __init__(self) -> None:
        self._waiting: Final[deque[tuple[Future[Any], Callable[[], Any]]]] = deque()
        self._more: Final = threading.Condition()
        self._threads = 0
        self._idle = 0
        self._running: Final[set[Future[Any]]] = set()

    async def read(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking call in a thread and return its answer; whatever it raises is raised.

        When the console is left it is left behind.
        """
        context = contextvars.copy_context()
        return await asyncio.wrap_future(self.begin(partial(context.run, partial(call, *args, **kwargs))))

    def begin(self, call: Callable[[], R]) -> Future[R]:
        """Run a call in a thread; its answer need not be waited for."""
        future: Future[R] = Future()
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        with self._more:
            self._waiting.append((future, call))
            if len(self._waiting) <= self._idle:
                self._more.notify()
            elif self._threads < _MOST:
                self._threads += 1
                threading.Thread(target=self._run, name=f"reading {self._threads}", daemon=True).start()
        return future

    def left_behind(self, seconds: float) -> bool:
        """Wait so long for what is still being read; return whether something is, even then."""
        return bool(wait(tuple(self._running), timeout=seconds).not_done)

    def _run(self) -> None:
        while (asked := self._next()) is not None:
            future, call = asked
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001  whoever waits for the answer raises it
                    future.set_exception(error)
            del asked, future, call  # a finished read must not keep alive what it read

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Wait for the next call; None: none came for so long that this thread ends."""
        with self._more:
            self._idle += 1
            there = self._more.wait_for(lambda: self._waiting, timeout=_IDLE_SECONDS)
            self._idle -= 1
            if there:
                return self._waiting.popleft()
            self._threads -= 1
            return None
