"""The watcher's round: what was dropped, what is live; and the loop that repeats it."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from store.domain.component import ExportFile
from store.errors import BadInput, PlatformFailure, QuarterdeckError, StorageFailure
from store.intake.inbox import Drop, Problem, Root
from store.intake.reach import REMOTE_WINDOW, share_of
from store.intake.settle import Settler
from store.intake.watch import sweep, watch
from store.services import releases
from store.services.context import Context, recorded
from store.services.delivery.environments import environments, target
from store.services.drift import drifting
from store.services.exports import ingesting
from store.services.exports.ingesting import FileOutcome, Report
from store.services.exports.progress import Stopwatch, Tell, untold
from store.services.notifying import notifying
from store.services.sealing import sealing

MAX_BACK_OFF = 60.0
_PART = 50


@dataclass
class LivePoller:
    """Asks live targets in turn; remembers revisions, so that an unchanged target costs one request."""

    context: Context
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    waits: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Environment → (not before, last delay) while its platform does not answer."""

    def poll(self) -> tuple[int, list[str]]:
        """Ask every live target once; return how many drifts are news, and what could not be reached."""
        news, troubles = 0, []
        for place in environments(self.context.ledger).values():
            goal = target(self.context, place)
            not_before, delay = self.waits.get(place.name, (0.0, 0.0))
            if not goal.live or time.monotonic() < not_before:
                continue
            try:
                for project in _projects(self.context, place.name):
                    news += self._observe(place.name, project)
                self.waits.pop(place.name, None)
            except (PlatformFailure, BadInput) as error:
                delay = min(MAX_BACK_OFF, max(1.0, delay * 2)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
                self.waits[place.name] = (time.monotonic() + delay, delay)
                troubles.append(f"{place.name}: {error}")
        return news, troubles

    def _observe(self, environment: str, project: str) -> int:
        place = environments(self.context.ledger)[environment]
        snapshot = target(self.context, place).fetch(project)
        deployed = releases.desired(self.context.ledger, environment, project)
        key = (environment, project)
        mark = f"{snapshot.revision} {deployed.deployment if deployed else ''}"
        if self.seen.get(key) == mark:
            return 0
        found = 0
        revision = sealing.public_revision(self.context, snapshot)
        for file in snapshot.files:
            found += _see(self.context, environment, project, file, revision)
        self.seen[key] = mark
        return found


def _see(context: Context, environment: str, project: str, file: ExportFile, revision: str) -> int:
    seen = drifting.observe(
        context, environment=environment, project=project, file=file, source="live", revision=revision
    )
    return len(seen.news)


def _projects(context: Context, environment: str) -> list[str]:
    """Return the projects that were ever deployed to an environment."""
    entries = context.ledger.entries(kinds=["deployment.verified"], on={"environment": environment})
    return sorted({str(record.event.project) for record in recorded(entries)})  # type: ignore[attr-defined]


def roots(context: Context) -> list[Root]:
    """Return the folders that are watched: the inbox, `observed/`, and where environments say they are observed."""
    found = [Root(kind="inbox", path=context.root / "inbox"), Root(kind="observed", path=context.root / "observed")]
    for place in environments(context.ledger).values():
        folder = place.settings.get("observe")
        if folder and context.root / folder != context.root / "observed" / place.name:
            found.append(Root(kind="observed", path=context.root / folder, environment=place.name))
    return found


class GrowingRoots(Sequence[Root]):
    """The watched folders, asked for anew whenever entries were added: an environment may be one of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._size = -1
        self._found: list[Root] = []

    def __iter__(self) -> Iterator[Root]:
        """Yield the folders as they are now, or as they were while the ledger cannot be read."""
        with contextlib.suppress(StorageFailure):
            size = self._context.ledger.head().size
            if size != self._size:
                self._found = roots(self._context)
                self._size = size
        return iter(self._found)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> Root: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Root]: ...

    def __getitem__(self, index: int | slice) -> Root | Sequence[Root]:
        """Return one of them."""
        return self._found[index]


def once(context: Context, *, tell: Tell = untold, stop: threading.Event | None = None) -> tuple[Report, list[str]]:
    """Scan the folders, wait for files still being written, ask live targets; return what became of all.

    With `stop` set it ends after the transaction it is in; what was not reached waits where it is.
    """
    stop = threading.Event() if stop is None else stop
    ingesting.recover_quarantine(context)
    watch = Stopwatch(tell=tell)
    settler = Settler(context.config.intake.settle_seconds)
    outcomes: dict[str, FileOutcome] = {}
    drifts = 0
    for batch in sweep(roots(context), settler=settler):
        for part in _parts(batch, stop, size=ingesting.BATCH):
            report = _ingested(context, settler, part)
            outcomes.update({file.path: file for file in report.files})
            drifts += report.drifts
            watch.at(len(outcomes), max(settler.offered, len(outcomes)))
        if stop.is_set():
            break
    news, troubles = (0, []) if stop.is_set() else LivePoller(context).poll()
    return Report(files=tuple(outcomes.values()), drifts=drifts + news, seconds=watch.seconds), troubles


def remarks(context: Context) -> list[str]:
    """Return, in words, which watched folders lie where no event comes from: they are scanned only."""
    seconds = context.config.intake.rescan_seconds
    return [
        f"{root.path} lies on a share ({kind}): scanned every {seconds:g} s, a file is taken in"
        f" {max(REMOTE_WINDOW, context.config.intake.settle_seconds):g} s after its last change"
        for root in roots(context)
        if (kind := share_of(root.path)) is not None
    ]


def forever(
    context: Context,
    *,
    stop: threading.Event,
    tell: Callable[[Report], None],
    complain: Callable[[str], None],
) -> None:
    """Ingest whatever is dropped and watch live targets until `stop` is set."""
    ingesting.recover_quarantine(context)
    poller = threading.Thread(target=_poll_forever, args=(context, stop, tell, complain), daemon=True)
    poller.start()
    notifier = threading.Thread(
        target=notifying.forever, args=(context,), kwargs={"stop": stop, "complain": complain}, daemon=True
    )
    notifier.start()
    settler = Settler(context.config.intake.settle_seconds)
    rescan = context.config.intake.rescan_seconds
    for found in watch(GrowingRoots(context), stop=stop, settler=settler, poll_interval=rescan):
        for batch in _parts(found, stop):
            try:
                report = _ingested(context, settler, batch)
            except StorageFailure as error:
                complain(str(error))
                for item in batch:
                    settler.again(item)
                continue
            if report.files:
                tell(report)
    poller.join(timeout=1)
    notifier.join(timeout=1)


def _parts(
    found: Sequence[Drop | Problem], stop: threading.Event, *, size: int = _PART
) -> Iterator[Sequence[Drop | Problem]]:
    """Yield what was found in parts that take a moment each, until `stop` is set: whoever says stop means now."""
    for begin in range(0, len(found), size):
        if stop.is_set():
            return
        yield found[begin : begin + size]


def _ingested(context: Context, settler: Settler, batch: Sequence[Drop | Problem]) -> Report:
    """Ingest a batch; what was still being written is offered again later."""
    report = ingesting.ingest(context, batch)
    late = {file.path for file in report.files if file.outcome == "waiting"}
    for item in batch:
        if ingesting.shown(context, item.path) in late:
            settler.again(item)
    return report


def _poll_forever(
    context: Context, stop: threading.Event, tell: Callable[[Report], None], complain: Callable[[str], None]
) -> None:
    poller = LivePoller(context)
    while not stop.wait(context.config.live.interval_seconds * random.uniform(0.9, 1.1)):  # noqa: S311 - jitter
        try:
            news, troubles = poller.poll()
        except Exception as error:
            if stop.is_set():
                return  # the ledger was closed under a poll that took too long to wait for
            if not isinstance(error, QuarterdeckError):
                raise
            complain(str(error))
            continue
        if news:
            tell(Report(drifts=news))
        for trouble in troubles:
            complain(trouble)
