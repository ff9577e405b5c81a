"""Python's collector of cycles, and when it is better left alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
            gc.freeze()  # the two together move what is young to what is old, and look at none of it
            gc.unfreeze()
            gc.enable()
