"""Watching drop folders. A scan is the truth; the operating system's events only say when the next one is due.

Events get lost (a full queue, a network mount, a new sub-folder, a watcher that was down); a scan does not. The
folders are watched one by one, not recursively: a recursive watch follows symbolic links, so that one link to `/` in
a drop folder would have the whole machine watched. Folders on a network share are not watched but scanned only:
what another machine writes there raises no event here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

from store.errors import StorageFailure
from store.intake.inbox import Identity, Root, scan
from store.intake.reach import share_of
from store.intake.settle import Found, Settler

BATCH = 500
"""Files in one batch at most, so that whoever takes them in can say how far it is."""

_TICK_MS = 100
_MOST_FOLDERS_WITH_EVENTS = 2_000
_REST = 3.0
"""A scan that took t seconds is followed by at least this many t of rest, however busy the folder is."""


def _unheard(trouble: str) -> None:
    del trouble


def watch(
    roots: Sequence[Root],
    *,
    stop: Event,
    settler: Settler | None = None,
    poll_interval: float = 2.0,
    complain: Callable[[str], None] = _unheard,
) -> Iterator[tuple[Found, ...]]:
    """Yield batches of settled drops and problems, from a scan at the start and from then on, until `stop` is set.

    Each file comes once, and again when it changed. Whoever finds one still open for writing calls
    `settler.again`. A root may come into being later. Never raises for what lies in a folder. A root that cannot be
    looked through is complained of once, and again when it could be in between; the others go on.
    """
    settler = Settler() if settler is None else settler
    scanning = _Scanning(complain)
    watched: Mapping[Path, Identity] = {}
    hints = _no_hints(stop)
    try:
        while not stop.is_set():
            started = time.monotonic()
            folders: dict[Path, Identity] = {}
            ripe = settler.ripe(scanning.each(roots, folders))
            took = time.monotonic() - started
            for begin in range(0, len(ripe), BATCH):
                yield tuple(ripe[begin : begin + BATCH])
                if stop.is_set():
                    return
            if folders == watched and _wait(hints, settler, rest=took * _REST, poll_interval=poll_interval):
                continue
            # Compared by identity too: what was renamed over or mounted on a folder is another one under its path.
            watched = folders
            hints.close()
            hints = _hints([path for path in watched if share_of(path) is None], stop)
            # The first step sets the watch up. Then scan at once: what came before that has no event.
            next(hints, None)
    finally:
        hints.close()


def sweep(
    roots: Sequence[Root],
    *,
    settler: Settler | None = None,
    patience: float = 10.0,
    complain: Callable[[str], None] = _unheard,
) -> Iterator[tuple[Found, ...]]:
    """Yield batches of what is there now, waiting up to `patience` seconds for what is still being written.

    What has not settled by then is left for the next time; `settler.waiting` says how many. A root that cannot be
    looked through is complained of once; the others go on.
    """
    settler = Settler() if settler is None else settler
    scanning = _Scanning(complain)
    deadline = time.monotonic() + patience
    while True:
        started = time.monotonic()
        ripe = settler.ripe(scanning.each(roots, {}))
        took = time.monotonic() - started
        given = time.monotonic()
        for begin in range(0, len(ripe), BATCH):
            yield tuple(ripe[begin : begin + BATCH])
        deadline += time.monotonic() - given  # what is done with them is no waiting
        if not settler.waiting or time.monotonic() >= deadline:
            return
        time.sleep(max(0.02, took))


class _Scanning:
    """Scans again and again; tells of a root that cannot be looked through, but not each time."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._told: frozenset[str] = frozenset()

    def each(self, roots: Sequence[Root], folders: dict[Path, Identity]) -> Iterator[Found]:
        troubles: list[str] = []
        for root in roots:
            try:
                yield from scan(root, folders=folders)
            except StorageFailure as failure:
                troubles.append(str(failure))
        for trouble in dict.fromkeys(troubles):
            if trouble not in self._told:
                self._complain(trouble)
        self._told = frozenset(troubles)


def _wait(hints: Iterator[bool | None], settler: Settler, *, rest: float, poll_interval: float) -> bool:
    """Return when the next scan is due: after an event, when something may have settled, or at the latest by then.

    False when a watched folder went away: it may stand there again, with the same number even, and unwatched.
    """
    begun = time.monotonic()
    hinted = lost = False
    for hint in hints:
        lost = lost or hint is None
        hinted = hinted or hint is not False
        passed = time.monotonic() - begun
        if passed >= rest and (hinted or settler.waiting or passed >= poll_interval):
            break
    return not lost


def _no_hints(stop: Event) -> Generator[bool | None, None, None]:
    while not stop.wait(_TICK_MS / 1000):
        yield False


def _hints(folders: Sequence[Path], stop: Event) -> Generator[bool | None, None, None]:
    """Yield about every tick whether something happened in one of `folders`, None when one of them went away.

    Ends when `stop` is set.
    """
    if 0 < len(folders) <= _MOST_FOLDERS_WITH_EVENTS:
        import watchfiles

        names = frozenset(map(str, folders))
        try:
            for changes in watchfiles.watch(
                *folders,
                watch_filter=None,
                debounce=_TICK_MS,
                step=20,
                rust_timeout=_TICK_MS,
                yield_on_timeout=True,
                stop_event=stop,
                recursive=False,
                ignore_permission_denied=True,
            ):
                lost = any(kind == watchfiles.Change.deleted and path in names for kind, path in changes)
                yield None if lost else bool(changes)
        except OSError:
            pass  # a folder is gone again, or the system is out of watches: scans alone must do
    yield from _no_hints(stop)
