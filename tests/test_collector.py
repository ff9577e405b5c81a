"""When Python's collector of cycles waits, and that it does not wait for ever."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from store.collector import start_undisturbed, started


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_start_is_not_looked_through_and_what_it_made_never_is() -> None:
    usual = gc.callbacks[:]
    start_undisturbed()
    waits = gc.get_threshold()[0]
    started()
    assert gc.get_threshold()[0] < waits
    assert gc.get_freeze_count() > 0
    assert gc.callbacks == usual


def test_a_program_that_goes_on_to_work_has_started_when_the_collector_first_looks() -> None:
    start_undisturbed()
    waits = gc.get_threshold()[0]
    gc.collect(0)
    assert gc.get_threshold()[0] < waits
    settled = gc.get_threshold()
    started()
    assert gc.get_threshold() == settled, "a start ends once"
