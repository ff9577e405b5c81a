"""When is a dropped file finished? When it has stopped changing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from store.intake.guard import Signature
from store.intake.inbox import Drop, Problem
from store.intake.reach import REMOTE_WINDOW, share_of

Found: TypeAlias = Drop | Problem

DEFAULT_WINDOW = 0.3
"""Seconds a file must have been left alone."""

_EMPTY_PATIENCE = 5
"""An empty file is mostly one that is about to be written: it gets so many windows."""

_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class _Sighting:
    signature: Signature
    since: float
    """Monotonic seconds at which it was first seen like this."""
    offered: bool = False
    pause: float = 0.0
    """Seconds it has to wait because it was found open for writing; 0 when it was not."""


_Place: TypeAlias = tuple[Path, str, str]
"""A project as one folder shows it: the root, the environment, the name."""


def _place(item: Drop) -> _Place:
    return item.root.path, item.environment, item.project


def _never(item: Found) -> bool:
    del item
    return False


class Settler:
    """Remembers what was seen and offered: each file once it has settled, and again once it has changed."""

    def __init__(
        self,
        window: float = DEFAULT_WINDOW,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        share: Callable[[Path], str | None] = share_of,
        last: Callable[[Found], bool] = _never,
    ) -> None:
        """`last` says what is about the other files of its project: it comes after them (`waits_beside`)."""
        self._window = window
        self._monotonic = monotonic
        self._wall = wall
        self._share = share
        self._last = last
        self._seen: dict[Path, _Sighting] = {}
        self._waiting = 0
        self._offered = 0
        self._unsettled: set[_Place] = set()

    @property
    def offered(self) -> int:
        """How many files were ever found to have settled."""
        return self._offered

    @property
    def waiting(self) -> int:
        """How many files of the last scan have not settled yet."""
        return self._waiting

    def ripe(self, found: Iterable[Found]) -> list[Found]:
        """Take one whole scan of all roots; return what has settled and was not offered like this before.

        A file is ripe when size, times and inode have been the same for the window, or when it was last written
        longer ago than that (moved here, or dropped while nobody watched). On a network share only what was seen
        with our own eyes counts, and for longer. What is gone from the scan is forgotten. What comes `last` does.
        """
        now = self._monotonic()
        remote = cache(lambda root: self._share(root) is not None)
        seen: dict[Path, _Sighting] = {}
        ripe: list[Found] = []
        self._waiting = 0
        self._unsettled = set()
        for item in found:
            sighting = self._seen.get(item.path)
            if sighting is None or sighting.signature != item.signature:
                # Not `now`: a long scan may come to it much later, and it would seem to have stood still until then.
                sighting = _Sighting(item.signature, self._monotonic())
            if not sighting.offered:
                if self._is_ripe(item, sighting, now, remote):
                    sighting = _Sighting(sighting.signature, sighting.since, offered=True, pause=sighting.pause)
                    ripe.append(item)
                else:
                    self._wait(item)
            seen[item.path] = sighting
        self._seen = seen
        self._offered += len(ripe)
        return sorted(ripe, key=self._last)

    def waits_beside(self, item: Drop) -> bool:
        """Say whether another file of its project, one that comes before it, has not settled yet."""
        return _place(item) in self._unsettled

    def again(self, item: Found) -> None:
        """Offer `item` once more, later each time: it turned out to be open for writing (`StillWriting`)."""
        before = self._seen.get(item.path)
        pause = self._window if before is None or not before.pause else min(before.pause * 2, _LONGEST_PAUSE)
        self._seen[item.path] = _Sighting(item.signature, self._monotonic(), pause=pause)
        self._wait(item)
        self._offered -= 1

    def _wait(self, item: Found) -> None:
        self._waiting += 1
        if isinstance(item, Drop) and not self._last(item):
            self._unsettled.add(_place(item))

    def _is_ripe(self, item: Found, sighting: _Sighting, now: float, remote: Callable[[Path], bool]) -> bool:
        watched = now - sighting.since
        if sighting.pause:
            return watched >= sighting.pause
        if remote(item.root.path):
            return watched >= max(self._window, REMOTE_WINDOW)
        empty = isinstance(item, Drop) and item.signature[0] == 0
        window = self._window * (_EMPTY_PATIENCE if empty else 1)
        return watched >= window or self._wall() - item.signature[1] / 1e9 >= window
