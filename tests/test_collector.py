"""When Python's collector of cycles waits, and that it does not wait for ever."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from threading import Thread

import pytest

from store.collector import start_undisturbed, started, undisturbed


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_start_is_not_looked_through_and_ends_with_a_lower_threshold() -> None:
    usual = gc.callbacks[:]
    start_undisturbed()
    waits = gc.get_threshold()[0]
    started()
    assert gc.get_threshold()[0] < waits
    assert gc.callbacks == usual


def test_what_a_start_made_counts_as_old_and_goes_on_doing_so_when_much_is_made_later() -> None:
    start_undisturbed()
    made: list[object] = [{"made": "while starting"} for _ in range(1_000)]
    made.append(made)
    started()
    old = {id(one) for one in gc.get_objects(generation=2)}
    assert id(made) in old
    with undisturbed():
        later = [{"made": "later"}]
        later.append({"itself": later})
    old = {id(one) for one in gc.get_objects(generation=2)}
    assert {id(made), id(later)} <= old
    assert gc.get_freeze_count() == 0, "what is frozen is never freed, cycles and all"


def test_threads_that_see_the_collector_look_at_the_same_time_end_a_start_once() -> None:
    start_undisturbed()
    failed: list[BaseException] = []

    def end() -> None:
        try:
            started()
        except BaseException as error:  # it would be lost with the thread
            failed.append(error)

    threads = [Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_program_that_goes_on_to_work_has_started_when_the_collector_first_looks() -> None:
    start_undisturbed()
    waits = gc.get_threshold()[0]
    gc.collect(0)
    assert gc.get_threshold()[0] < waits
    settled = gc.get_threshold()
    started()
    assert gc.get_threshold() == settled, "a start ends once"
