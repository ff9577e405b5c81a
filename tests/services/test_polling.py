"""Asking live targets: one that hangs delays nobody, one that fails is asked less often, and stopping is prompt."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import pytest
from fake_n8n import KEY, FakeN8n, export, running
from msgspec import structs
from support.scene import Scene

from store.platforms.n8n.target import N8nTarget
from store.services.context import Context
from store.services.delivery import deploying, environments
from store.services.drift import drifting
from store.services.drift.polling import LivePlace, back_off, poll_all, watch_live
from store.services.exports import watching
from store.services.locking import is_pushing, pushing


@pytest.fixture
def pair(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeN8n, FakeN8n]]:
    """Two live environments, slow and quick, each with the workflow `a` deployed."""
    monkeypatch.setenv("ORDERS_KEY", KEY)
    with running() as slow, running() as quick:
        for name, fake in (("slow", slow), ("quick", quick)):
            live(scene, name, fake)
        yield slow, quick


def live(scene: Scene, name: str, fake: FakeN8n) -> None:
    settings = {"url": fake.url, "api-key-env": "ORDERS_KEY"}
    environments.add(scene.context, scene.alice, name, target="n8n", settings=settings)
    fake.created("a", "A", "1")
    scene.ingest(export("a", "A", "1"), place=name, name="a.json")
    assert scene.deploy(scene.approved(place=name)).verified


def standing(context: Context, name: str) -> list[str]:
    return sorted(drifting.standing(context.ledger, name, "orders"))


def until(met: Callable[[], object]) -> None:
    """Wait for something, however busy the machine is."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < 60
        time.sleep(0.01)


class Watching:
    """`watch_live` in a thread."""

    def __init__(self, context: Context) -> None:
        self.stop = threading.Event()
        self.news: list[int] = []
        self.complaints: list[str] = []
        ways = {"stop": self.stop, "news": self.news.append, "complain": self.complaints.append}
        self._thread = threading.Thread(target=watch_live, args=(context,), kwargs=ways, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def quickly(scene: Scene, seconds: float = 0.1) -> Context:
    """Return the scene's context with a short interval."""
    faster = structs.replace(scene.context.config, live=type(scene.context.config.live)(interval_seconds=seconds))
    return replace(scene.context, config=faster)


def test_one_that_hangs_delays_nobody_else_and_not_the_end(
    scene: Scene, pair: tuple[FakeN8n, FakeN8n], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(N8nTarget.__init__.__kwdefaults__, "timeout", 120.0)  # it hangs for longer than we look
    slow, quick = pair
    slow.plug = lambda method, path: "hang"
    with Watching(quickly(scene)) as watched:
        until(lambda: any(method == "GET" for method, _, _ in slow.log[-1:]))
        quick.saved("a", nodes=[])
        until(lambda: watched.news)
    assert watched.complaints == [], "the end came while that one still hung"
    assert watched.news == [1]
    slow.released.set()


def test_an_environment_that_is_added_meanwhile_is_watched_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_KEY", KEY)
    with running() as fake, Watching(quickly(scene)):
        live(scene, "late", fake)
        fake.saved("a", nodes=[])
        until(lambda: standing(scene.context, "late"))


def test_trouble_is_told_once_and_its_end_too(scene: Scene, pair: tuple[FakeN8n, FakeN8n]) -> None:
    slow, _ = pair
    slow.plug = lambda method, path: "500"
    with Watching(quickly(scene)) as watched:
        until(lambda: watched.complaints)
        asked = len(slow.log)
        slow.plug = lambda method, path: None
        until(lambda: "slow answers again" in watched.complaints)
    assert [line for line in watched.complaints if "500" in line] == watched.complaints[:1]
    assert len(slow.log) - asked < 5


def test_failures_double_the_wait_up_to_a_minute() -> None:
    waits = [0.0]
    for _ in range(9):
        waits.append(back_off(waits[-1], 0.5))
    assert waits[1:] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert back_off(0, 300) == 300


def test_an_unchanged_target_costs_one_request_and_no_entry(scene: Scene, pair: tuple[FakeN8n, FakeN8n]) -> None:
    _, quick = pair
    place = LivePlace(scene.context, "quick")
    place.poll()
    size, asked = scene.size, len(quick.log)
    assert place.poll().news == 0
    assert (scene.size, len(quick.log)) == (size, asked + 1)


def test_what_is_seen_while_somebody_deploys_is_no_drift(scene: Scene, pair: tuple[FakeN8n, FakeN8n]) -> None:
    """Between the push and its verification the desired state is still the old one."""
    place = LivePlace(scene.context, "quick")
    scene.ingest(export("a", "A", "2"), place="quick", name="a.json")
    request = scene.approved(place="quick")
    during: list[int] = []

    def look(what: str) -> None:
        if what == "reading back":
            during.append(place.poll().news)

    assert deploying.deploy(scene.context, scene.bo, request, progress=look).verified
    assert during == [0]
    assert not scene.entries(kind="drift.opened")
    assert place.poll().news == 0


def test_a_deployment_between_asking_and_answer_makes_the_answer_worthless(
    scene: Scene, pair: tuple[FakeN8n, FakeN8n]
) -> None:
    _, quick = pair
    scene.ingest(export("a", "A", "2"), place="quick", name="a.json")
    request = scene.approved(place="quick")
    place = LivePlace(scene.context, "quick")
    place.poll()
    quick.saved("a")  # another revision, the same meaning: the next answer is looked at
    began: list[str] = []

    def deploy(method: str, path: str) -> None:
        if not began and path == "workflows":
            began.append(path)
            threading.Thread(target=lambda: done.append(scene.deploy(request).verified), daemon=True).start()
            until(lambda: done)

    done: list[bool] = []
    old = quick.answer

    def answer(method: str, path: str, query: dict[str, list[str]], body: object) -> tuple[int, object]:
        found = copy.deepcopy(old(method, path, query, body))
        deploy(method, path)
        return found

    quick.answer = answer
    assert place.poll().news == 0
    assert done == [True]
    assert not scene.entries(kind="drift.opened")


def test_looking_at_the_lock_never_keeps_a_deployment_out(scene: Scene) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_pushing(scene.context, "prod")

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(200):
        with pushing(scene.context, "prod"):
            pass
    stop.set()
    watcher.join()
    with pushing(scene.context, "prod"):
        assert is_pushing(scene.context, "prod")
    assert not is_pushing(scene.context, "prod")


def test_once_asks_all_at_the_same_time(scene: Scene, pair: tuple[FakeN8n, FakeN8n]) -> None:
    slow, quick = pair
    both = threading.Barrier(2, timeout=60)

    def meet(method: str, path: str) -> None:
        both.wait()

    slow.plug = quick.plug = meet
    assert [polled.trouble for polled in poll_all(scene.context)] == [None, None]


def test_once_says_who_does_not_answer(scene: Scene, pair: tuple[FakeN8n, FakeN8n]) -> None:
    slow, quick = pair
    slow.plug = lambda method, path: "drop"
    quick.saved("a", nodes=[])
    report, troubles = watching.once(scene.context)
    assert report.drifts == 1
    assert ["slow" in trouble for trouble in troubles] == [True]
