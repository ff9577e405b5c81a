"""What a service does with a watch, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from store.intake.guard import StillWriting
from store.intake.inbox import Drop, Root, read_drop
from store.intake.settle import Found, Settler
from store.intake.watch import watch


class Taker:
    """What a service does with a watch, in a thread: read every drop, note every problem."""

    def __init__(self, *roots: Path, poll_interval: float = 2.0) -> None:
        self.items: list[Found] = []
        self.taken: dict[str, list[bytes]] = {}
        self.largest = 0
        self._stop = threading.Event()
        self._settler = Settler(0.2)
        self._roots = [Root(kind="inbox", path=root) for root in roots]
        self._thread = threading.Thread(target=self._run, args=(poll_interval,))
        self._thread.start()

    def _run(self, poll_interval: float) -> None:
        for batch in watch(self._roots, stop=self._stop, settler=self._settler, poll_interval=poll_interval):
            self.largest = max(self.largest, len(batch))
            for item in batch:
                if isinstance(item, Drop):
                    try:
                        data = read_drop(item)
                    except StillWriting:
                        self._settler.again(item)
                        continue
                    self.taken.setdefault(item.name, []).append(data)
                self.items.append(item)

    def until(self, met: Callable[[], bool], seconds: float = 15) -> float:
        started = time.monotonic()
        while not met():
            assert self._thread.is_alive(), "the watch ended"
            assert time.monotonic() - started < seconds, f"not within {seconds} s; {len(self.items)} came"
            time.sleep(0.01)
        return time.monotonic() - started

    def end(self) -> None:
        started = time.monotonic()
        self._stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive()
        assert time.monotonic() - started < 1


@contextmanager
def watching(*roots: Path, poll_interval: float = 2.0) -> Iterator[Taker]:
    taker = Taker(*roots, poll_interval=poll_interval)
    try:
        yield taker
    finally:
        taker.end()


def project(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "prod" / "orders"
    folder.mkdir(parents=True)
    return folder
