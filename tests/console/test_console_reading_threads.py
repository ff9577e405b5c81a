"""Threads that read: a few at once, used again, ended when nobody wants them, left behind when they take too long."""

from __future__ import annotations

import asyncio
import threading
import weakref

import pytest

from console.widgets import reading_threads
from console.widgets.reading_threads import ReadingThreads


class Big:
    """Something whose end can be watched."""


async def test_an_answer_comes_back_and_a_failure_is_raised() -> None:
    def fail() -> None:
        raise OSError("the disk left")

    threads = ReadingThreads()
    assert await threads.read(divmod, 7, 2) == (3, 1)
    with pytest.raises(OSError, match="the disk left"):
        await threads.read(fail)


async def test_a_thread_that_is_free_reads_again() -> None:
    threads = ReadingThreads()
    first = await threads.read(threading.current_thread)
    while threads._idle == 0:  # it answers before it waits for more
        await asyncio.sleep(0)
    assert await threads.read(threading.current_thread) is first


async def test_what_is_asked_beyond_the_most_waits_its_turn() -> None:
    threads, may_end = ReadingThreads(), threading.Event()
    everybody = threading.Barrier(reading_threads._MOST + 1)

    def occupy() -> None:
        everybody.wait(60)
        may_end.wait(60)

    for _ in range(reading_threads._MOST):
        threads.begin(occupy)
    everybody.wait(60)
    late = threads.begin(threading.current_thread)
    assert threads.left_behind(0)
    assert not late.done()
    may_end.set()
    assert not threads.left_behind(60)
    assert late.result().daemon, "Python waits for no such thread"


async def test_a_finished_read_keeps_nothing_alive() -> None:
    threads = ReadingThreads()
    seen = weakref.ref(await threads.read(Big))
    await asyncio.sleep(0)  # asyncio's handle that woke us holds the answer as long as this step runs
    while threads._idle == 0:
        await asyncio.sleep(0)
    assert seen() is None


async def test_a_thread_that_nobody_asks_ends_and_the_next_read_has_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_threads, "_IDLE_SECONDS", 0.0)
    threads = ReadingThreads()
    first = await threads.read(threading.current_thread)
    first.join(60)
    assert not first.is_alive()
    assert await threads.read(threading.current_thread) is not first
