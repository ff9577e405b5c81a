"""Reading in a thread: for a widget that may be gone when the answer comes, in a console that may be left meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, cast

from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.worker import WorkType

P = ParamSpec("P")
R = TypeVar("R")

_MOST: Final = 16
"""Threads at once; what is asked beyond that waits its turn."""


class _Readers:
    """Threads that only read. Nothing waits for them when the console is left, unlike for asyncio's own."""

    def __init__(self) -> None:
        self._calls: Final[queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]]] = queue.SimpleQueue()
        self._idle: Final = threading.Semaphore(0)
        self._threads = 0

    def submit(self, call: Callable[[], R]) -> Future[R]:
        """Run `call` in one of the threads."""
        future: Future[R] = Future()
        self._calls.put((future, call))
        if not self._idle.acquire(blocking=False) and self._threads < _MOST:
            self._threads += 1
            threading.Thread(target=self._run, name=f"reading {self._threads}", daemon=True).start()
        return future

    def _run(self) -> None:
        while True:
            future, call = self._calls.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001  whoever waits for the answer raises it
                    future.set_exception(error)
            del future, call  # a finished read must not keep alive what it read
            self._idle.release()


_READERS: Final = _Readers()
_running: Final[set[Future[Any]]] = set()


async def reading(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a blocking call that changes nothing in a thread and return its answer; whatever it raises is raised.

    When the console is left it is left behind (`left_behind`). What changes something belongs into
    `asyncio.to_thread`, which the end of the console waits for.
    """
    context = contextvars.copy_context()
    future = _READERS.submit(partial(context.run, partial(call, *args, **kwargs)))
    _running.add(future)
    future.add_done_callback(_running.discard)
    return await asyncio.wrap_future(future)


def begin(call: Callable[[], object]) -> None:
    """Read in a thread what nobody waits for; `call` raises nothing."""
    future = _READERS.submit(call)
    _running.add(future)
    future.add_done_callback(_running.discard)


def left_behind(seconds: float) -> bool:
    """Wait so long for what is still being read; return whether something is, even then."""
    return bool(wait(tuple(_running), timeout=seconds).not_done)


def in_worker(
    owner: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], *, group: str, name: str, exclusive: bool = False
) -> None:
    """Begin `work` in a worker of `owner`.

    Textual takes a coroutine as well; one that is cancelled before its first step, as a console that is being left
    cancels all, is complained about in the person's shell.
    """
    begun = cast("WorkType[None]", work)
    owner.run_worker(begun, group=group, name=name, exclusive=exclusive)


async def beside(owner: MessagePump, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Read in a thread for a widget (`reading`).

    When `owner` left the console meanwhile, nobody is there to show the answer or the failure: the worker that
    waits is cancelled. Only inside a worker.
    """
    try:
        answer = await reading(call, *args, **kwargs)
    except Exception:
        _cancel_without(owner)
        raise
    _cancel_without(owner)
    return answer


def _cancel_without(owner: MessagePump) -> None:
    if not (owner.app.is_running and owner.is_attached):  # an app that shuts down still has its widgets' parents
        raise asyncio.CancelledError
