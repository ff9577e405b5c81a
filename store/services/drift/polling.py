"""Asking live targets, each in a thread and with patience of its own: a slow one delays nobody else."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from store.domain import events as ev
from store.errors import BadInput, Conflict, PlatformFailure, QuarterdeckError
from store.platforms.protocol import Inventory, NamesItself, Target
from store.services import releases
from store.services.connectors import installed
from store.services.context import Context, Source, recorded
from store.services.delivery.environments import Environment, environments, one, target
from store.services.delivery.interrupted import ENDED, STARTED
from store.services.delivery.reverting import enforce
from store.services.drift import looking
from store.services.drift.seeing import observe_all
from store.services.locking import is_pushing
from store.services.sealing import sealing

MAX_BACK_OFF: Final = 60.0
MODULES_EVERY: Final = 60.0
"""Seconds between two looks at which modules are installed: they change when somebody restarts the platform."""
_SUPERVISED: Final = 0.5
"""Seconds between two looks whether an environment was added."""
_MOST_AT_ONCE: Final = 32


@dataclass(frozen=True, kw_only=True)
class Polled:
    """What asking one target once came to."""

    news: int = 0
    """Drifts that were not known before."""
    said: tuple[str, ...] = ()
    """What was done about them without anybody asking, in words."""
    trouble: str | None = None
    """Why it could not be asked."""


class LivePlace:
    """One live environment; remembers revisions, so that an unchanged target costs one request."""

    def __init__(self, context: Context, name: str) -> None:
        self._context, self._name = context, name
        self._size = -1
        self._place: Environment | None = None
        self._target: Target | None = None
        self._projects: Sequence[str] = ()
        self._seen: dict[str, str] = {}
        self._modules_due = 0.0
        self._silent = ""

    def poll(self) -> Polled:
        """Ask for every project once; judge what is new; revert where the environment says so."""
        news, said = 0, list[str]()
        try:
            self._refresh()
            for project in self._projects:
                news += self._observe(project)
                if self._place is not None and (done := self._enforced(project)):
                    said.append(done)
            said += self._modules()
        except (PlatformFailure, BadInput) as error:
            return Polled(news=news, said=tuple(said), trouble=f"{self._name}: {error}")
        looking.note(self._context, self._name)
        return Polled(news=news, said=tuple(said))

    def _refresh(self) -> None:
        """Look what the ledger says of this place, when it has grown; what a target holds in hand is kept."""
        size = self._context.ledger.head().size
        if size == self._size:
            return
        place = one(self._context.ledger, self._name)
        same = self._place is not None and place.settings == self._place.settings
        if self._target is None or not same or isinstance(self._target, NamesItself):
            self._target = target(self._context, place)
        self._place, self._projects, self._size = place, _projects(self._context, self._name), size

    def _observe(self, project: str) -> int:
        assert self._target is not None
        context, before = self._context, _pulse(self._context.ledger, self._name)
        snapshot = self._target.fetch(project)
        if is_pushing(context, self._name) or _pulse(context.ledger, self._name) != before:
            return 0  # what was fetched may be from before, between or after: look again in a moment
        deployed = releases.desired(context.ledger, self._name, project)
        mark = f"{snapshot.revision} {deployed.deployment if deployed else ''}"
        if self._seen.get(project) == mark:
            return 0
        seen = observe_all(
            context,
            environment=self._name,
            project=project,
            files=snapshot.files,
            source="live",
            revision=sealing.public_revision(context, snapshot),
        )
        self._seen[project] = mark
        return sum(len(one.news) for one in seen)

    def _modules(self) -> list[str]:
        """Record which modules are installed, where the target tells and they changed; say once why it does not."""
        goal = self._target
        now = time.monotonic()
        if goal is None or not isinstance(goal, Inventory) or not self._projects or now < self._modules_due:
            return []
        self._modules_due = now + MODULES_EVERY
        try:
            modules = goal.modules()
        except PlatformFailure as failure:  # who may read flows may not always read this
            news = f"{self._name}: its modules cannot be listed: {failure}"
            told, self._silent = self._silent, news
            return [news] if news != told else []
        self._silent = ""
        for project in self._projects:
            installed.observe_modules(self._context, environment=self._name, project=project, modules=modules)
        return []

    def _enforced(self, project: str) -> str | None:
        assert self._place is not None
        try:
            done = enforce(self._context, self._place, project)
        except Conflict:
            return None  # somebody is deploying there, or was faster: the next look decides
        return done.said if done is not None else None


def poll_all(context: Context) -> tuple[Polled, ...]:
    """Ask every live target once, all at the same time."""
    names = [place.name for place in environments(context.ledger).values() if target(context, place).live]
    if not names:
        return ()
    with ThreadPoolExecutor(min(_MOST_AT_ONCE, len(names)), thread_name_prefix="poll") as pool:
        return tuple(pool.map(lambda name: LivePlace(context, name).poll(), names))


def watch_live(
    context: Context,
    *,
    stop: threading.Event,
    news: Callable[[int], None],
    complain: Callable[[str], None],
) -> None:
    """Ask every live target again and again until `stop` is set, those too that are added meanwhile.

    Threads that are waiting for an answer then are left behind: they hold nothing, and end with the process.
    """
    threads: dict[str, threading.Thread] = {}
    while True:
        for name in _live_names(context, complain):
            if name not in threads or not threads[name].is_alive():
                arguments = (context, name, stop, news, complain)
                threads[name] = threading.Thread(
                    target=_again_and_again, args=arguments, daemon=True, name=f"poll {name}"
                )
                threads[name].start()
        if stop.wait(_SUPERVISED):
            return


def _live_names(context: Context, complain: Callable[[str], None]) -> list[str]:
    try:
        return [place.name for place in environments(context.ledger).values() if target(context, place).live]
    except QuarterdeckError as error:
        complain(str(error))
        return []


def _again_and_again(
    context: Context,
    name: str,
    stop: threading.Event,
    news: Callable[[int], None],
    complain: Callable[[str], None],
) -> None:
    place = LivePlace(context, name)
    interval, delay, last = context.config.live.interval_seconds, 0.0, None
    wait = interval * random.uniform(0.0, 0.5)  # noqa: S311 - jitter: not all at once
    while not stop.wait(wait):
        try:
            polled = place.poll()
        except Exception as error:
            if stop.is_set():
                return  # the ledger was closed under a poll that took too long to wait for
            if not isinstance(error, QuarterdeckError):
                raise
            polled = Polled(trouble=f"{name}: {error}")
        if stop.is_set():
            return
        if polled.news:
            news(polled.news)
        for words in polled.said:
            complain(words)
        if polled.trouble is not None and polled.trouble != last:
            complain(polled.trouble)
        if polled.trouble is None and last is not None:
            complain(f"{name} answers again")
        last = polled.trouble
        delay = back_off(delay, interval) if last is not None else 0.0
        wait = (delay or interval) * random.uniform(0.9, 1.1)  # noqa: S311 - jitter


def back_off(delay: float, interval: float) -> float:
    """Return how long to wait after one more failure: twice as long as before, up to a minute."""
    return min(max(MAX_BACK_OFF, interval), max(1.0, interval, delay * 2))


def _projects(context: Context, environment: str) -> list[str]:
    """Return the projects that were ever deployed to an environment."""
    entries = context.ledger.entries(kinds=["deployment.verified"], on={"environment": environment})
    events = (record.event for record in recorded(entries))
    return sorted({event.project for event in events if isinstance(event, ev.DeploymentVerified)})


def _pulse(source: Source, environment: str) -> int:
    """Return the newest entry that says a push began or ended here."""
    kinds = [*STARTED, *ENDED]
    newest = source.entries(kinds=kinds, on={"environment": environment}, limit=1, newest_first=True)
    return next((entry.seq for entry in newest), 0)
