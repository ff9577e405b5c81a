"""What a service does with a watch, in a thread of its own."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from store.intake.guard import StillWriting
from store.intake.inbox import Drop, Root, read_drop
from store.intake.settle import Found, Settler
from store.intake.watch import watch

PATIENCE = 60.0
"""Seconds after which what is waited for does not come any more, however much else the machine does."""
NEVER = 600.0
"""An interval between scans, or a window to settle in, that no test lives to see the end of."""


class Taker:
    """What a service does with a watch, in a thread: read every drop, note every problem."""

    def __init__(self, *roots: Path, poll_interval: float, window: float) -> None:
        self.items: list[Found] = []
        self.taken: dict[str, list[bytes]] = {}
        self.largest = 0
        self.complaints: list[str] = []
        self._stop = threading.Event()
        self._settler = Settler(window)
        self._roots = [Root(kind="inbox", path=root) for root in roots]
        self._thread = threading.Thread(target=self._run, args=(poll_interval,))
        self._thread.start()

    def _run(self, poll_interval: float) -> None:
        said = self.complaints.append
        found = watch(self._roots, stop=self._stop, settler=self._settler, poll_interval=poll_interval, complain=said)
        for batch in found:
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

    def until(self, met: Callable[[], bool]) -> None:
        started = time.monotonic()
        while not met():
            assert self._thread.is_alive(), "the watch ended"
            assert time.monotonic() - started < PATIENCE, f"not within {PATIENCE} s; {len(self.items)} came"
            time.sleep(0.01)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@contextmanager
def watching(*roots: Path, poll_interval: float = 2.0, window: float = 0.2) -> Iterator[Taker]:
    taker = Taker(*roots, poll_interval=poll_interval, window=window)
    try:
        yield taker
    finally:
        taker.end()


class Events:
    """What the system's events told the watch; install it before that begins."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.paths: set[str] = set()
        self._genuine = watchfiles.watch
        patch.setattr(watchfiles, "watch", self._watch)

    def _watch(self, *folders: Path, **options: Any) -> Iterator[set[tuple[watchfiles.Change, str]]]:
        for changes in self._genuine(*folders, **options):
            self.paths |= {path for _, path in changes}
            yield changes


def project(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "prod" / "orders"
    folder.mkdir(parents=True)
    return folder


def is_told_of(taker: Taker, events: Events, folder: Path) -> None:
    """Write files into a folder until events tell of one: a scan has seen that another folder lies there by then."""
    deadline = time.monotonic() + PATIENCE
    for number in itertools.count():
        path = folder / f"{number}.json"
        path.write_bytes(b"second")
        taker.until(lambda path=path: path.name in taker.taken)
        if str(path) in events.paths:
            return
        assert time.monotonic() < deadline, f"scans alone found {number + 1} files, one after the other"
