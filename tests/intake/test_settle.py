from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from store.intake.inbox import Drop, Problem, Root, Signature
from store.intake.settle import Settler

ROOT = Root(kind="inbox", path=Path("/inbox"))
NOW = 1_000_000.0


class Times:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def wall(self) -> float:
        return NOW + self.passed

    def settler(self, **more: Callable[[Drop | Problem], bool]) -> Settler:
        return Settler(0.3, monotonic=self.monotonic, wall=self.wall, **more)


def drop(name: str = "x", *, size: int = 10, written: float = 0.0, inode: int = 1) -> Drop:
    """A file last written `written` seconds after the start."""
    stamp = int((NOW + written) * 1e9)
    signature: Signature = (size, stamp, inode, stamp)
    path = ROOT.path / "prod" / "orders" / name
    return Drop(root=ROOT, environment="prod", project="orders", name=name, path=path, signature=signature)


def test_a_file_just_written_waits_for_the_window() -> None:
    times = Times()
    settler = times.settler()
    assert settler.ripe([drop()]) == []
    assert settler.waiting == 1
    times.passed = 0.2
    assert settler.ripe([drop()]) == []
    times.passed = 0.31
    assert settler.ripe([drop()]) == [drop()]
    assert settler.waiting == 0


def test_the_time_that_a_scan_takes_is_not_time_in_which_a_file_stood_still() -> None:
    """A first scan of many files took longer than the window: what was written at its end was taken a moment later."""
    times = Times()
    settler = times.settler()

    def long_scan() -> Iterator[Drop]:
        times.passed += 5
        yield drop(written=4.99)

    assert settler.ripe(long_scan()) == []
    times.passed += 0.01
    assert settler.ripe([drop(written=4.99)]) == []
    times.passed += 0.3
    assert settler.ripe([drop(written=4.99)]) == [drop(written=4.99)]


def test_a_file_that_grows_waits_until_it_stops() -> None:
    times = Times()
    settler = times.settler()
    for step in range(10):
        times.passed = step * 0.2
        assert settler.ripe([drop(size=step, written=times.passed)]) == []
    times.passed += 0.31
    assert settler.ripe([drop(size=9, written=1.8)]) == [drop(size=9, written=1.8)]


def test_an_older_file_counts_at_once() -> None:
    assert Times().settler().ripe([drop(written=-1)]) == [drop(written=-1)]


def test_a_time_in_the_future_only_delays_by_the_window() -> None:
    times = Times()
    settler = times.settler()
    assert settler.ripe([drop(written=86_400)]) == []
    times.passed = 0.31
    assert settler.ripe([drop(written=86_400)]) == [drop(written=86_400)]


def test_a_file_comes_once_and_again_when_it_changed() -> None:
    times = Times()
    settler = times.settler()
    old, new = drop(written=-1), drop(written=-1, inode=2)
    assert settler.ripe([old]) == [old]
    assert settler.ripe([old]) == []
    assert settler.ripe([new]) == [new]
    assert settler.ripe([]) == []
    assert settler.ripe([new]) == [new]


def test_an_empty_file_gets_more_time() -> None:
    times = Times()
    settler = times.settler()
    assert settler.ripe([drop(size=0)]) == []
    times.passed = 1.0
    assert settler.ripe([drop(size=0)]) == []
    times.passed = 1.6
    assert len(settler.ripe([drop(size=0)])) == 1


def test_a_file_found_open_comes_again_each_time_later() -> None:
    times = Times()
    settler = times.settler()
    item = drop(written=-1)
    offered = []
    for step in range(400):
        times.passed = step * 0.1
        for ripe in settler.ripe([item]):
            offered.append(times.passed)
            settler.again(ripe)
            assert settler.waiting == 1
    gaps = [later - earlier for earlier, later in pairwise(offered)]
    assert [round(gap, 3) for gap in gaps] == sorted(round(gap, 3) for gap in gaps)
    assert 0.25 < gaps[0] < 0.45
    assert 4.9 < gaps[-1] < 5.2


def test_a_problem_settles_like_a_file() -> None:
    times = Times()
    settler = times.settler()
    fresh = Problem(root=ROOT, path=Path("/inbox/x"), reason="r", signature=drop().signature)
    unreadable = Problem(root=ROOT, path=Path("/inbox/y"), reason="r")
    assert settler.ripe([fresh, unreadable]) == [unreadable]
    times.passed = 0.31
    assert settler.ripe([fresh, unreadable]) == [fresh]


def test_what_is_about_the_others_comes_last_and_knows_whether_one_of_them_has_not_settled() -> None:
    times = Times()
    settler = times.settler(last=lambda item: item.path.name.endswith(".request.toml"))
    about, old, new = drop("a.request.toml", written=-1), drop("old", written=-1), drop("new", inode=2)
    assert settler.ripe([about, old, new]) == [old, about]
    assert settler.waits_beside(about)
    settler.again(about)
    times.passed = 0.31
    assert settler.ripe([about, old, new]) == [new, about]
    assert not settler.waits_beside(about)
    settler.again(new)
    assert settler.waits_beside(about)
    settler.again(about)
    times.passed = 1.0
    assert settler.ripe([about, old]) == [about], "what went away is not waited for"
    assert not settler.waits_beside(about)


def test_two_that_come_last_do_not_wait_for_each_other() -> None:
    settler = Times().settler(last=lambda _: True)
    settler.again(drop("b.request.toml"))
    assert not settler.waits_beside(drop("a.request.toml"))
