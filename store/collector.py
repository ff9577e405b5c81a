"""Python's collector of cycles, and when it is better left alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

_START: Final = 200_000
"""Objects made before the collector looks for the first time; the console has made 110,000 at its first picture."""
_LATER: Final = 20_000
"""Objects made between two looks from then on; Python's own idea is 700."""


def start_undisturbed() -> None:
    """Let the collector wait while a program starts: what that makes all stays, and looking took a tenth of it."""
    gc.set_threshold(_START)
    gc.callbacks.append(_looked)


def started() -> None:
    """End a start, if it has not ended by itself: what is there by now stays, and only a full collection looks at it.

    Safe in threads: whoever takes the callback away ends the start.
    """
    with suppress(ValueError):
        gc.callbacks.remove(_looked)
        _call_old()
        gc.set_threshold(_LATER)


def _looked(phase: str, _: dict[str, Any]) -> None:
    """End the start of a program that went on to work: it made so much that the collector has looked."""
    if phase == "stop":
        started()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the collector wait while many values are made that hold no cycles.

    Reading an export makes up to a million small objects, and none of them points back: the collector would walk
    them all, again and again, for a third of the time, and find nothing. Memory is freed by reference counts as
    ever. Afterwards they count as old, or the first thing it did were to walk them after all: a full collection
    still does. Safe in threads: whoever switched it off switches it on, at the latest when the last one is done.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _call_old()
            gc.enable()


def _call_old() -> None:
    """Move what is young to what is old, and look at none of it.

    Nothing stays frozen: a frozen cycle is never freed, and who thaws cannot tell who froze.
    """
    gc.freeze()
    gc.unfreeze()
