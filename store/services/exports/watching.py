"""The watcher's round: what was dropped, what is live (`drift.polling`); and the loop that repeats it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import overload

from store.errors import StorageFailure
from store.intake.inbox import Drop, Problem, Root
from store.intake.reach import REMOTE_WINDOW, share_of
from store.intake.settle import Settler
from store.intake.watch import sweep, watch
from store.services import rounds
from store.services.context import Actor, Context
from store.services.delivery.environments import environments
from store.services.drift.polling import poll_all, watch_live
from store.services.exports import ingesting
from store.services.exports.ingesting import FileOutcome, Report
from store.services.exports.progress import Elapsed, Tell, untold
from store.services.exports.request_files import RequestFiles, Who
from store.services.notifying import notifying
from store.services.requests import dropped

_PART = 50


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


def _nobody() -> Actor | None:
    return None


def once(
    context: Context, *, tell: Tell = untold, stop: threading.Event | None = None, who: Who = _nobody
) -> tuple[Report, list[str]]:
    """Scan the folders, wait for files still being written, ask live targets; return what became of all, and troubles.

    With `stop` set it ends after the transaction it is in; what was not reached waits where it is.
    """
    stop = threading.Event() if stop is None else stop
    ingesting.recover_quarantine(context)
    elapsed = Elapsed(tell=tell)
    settler = Settler(context.config.intake.settle_seconds, last=dropped.is_request)
    asked = RequestFiles(context, settler, who)
    outcomes: dict[str, FileOutcome] = {}
    drifts = 0
    troubles: list[str] = []
    for batch in sweep(roots(context), settler=settler, complain=troubles.append):
        for part in _parts(batch, stop, size=ingesting.BATCH):
            report = taken(context, settler, part, asked)
            outcomes.update({file.path: file for file in report.files})
            drifts += report.drifts
            elapsed.at(len(outcomes), max(settler.offered, len(outcomes)))
        if stop.is_set():
            break
    polled = () if stop.is_set() else poll_all(context)
    said = tuple(words for one in polled for words in one.said)
    troubles += [one.trouble for one in polled if one.trouble is not None]
    news = sum(one.news for one in polled)
    return Report(files=tuple(outcomes.values()), drifts=drifts + news, said=said, seconds=elapsed.seconds), troubles


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
    who: Who = _nobody,
) -> None:
    """Ingest whatever is dropped and watch live targets until `stop` is set."""
    ingesting.recover_quarantine(context)
    beside = (
        partial(watch_live, context, stop=stop, news=lambda count: tell(Report(drifts=count)), complain=complain),
        partial(notifying.forever, context, stop=stop, complain=complain),
        partial(rounds.forever, context, stop=stop, tell=lambda said: tell(Report(said=said)), complain=complain),
    )
    threads = [threading.Thread(target=run, daemon=True) for run in beside]
    for thread in threads:
        thread.start()
    settler = Settler(context.config.intake.settle_seconds, last=dropped.is_request)
    asked = RequestFiles(context, settler, who)
    rescan = context.config.intake.rescan_seconds
    every = GrowingRoots(context)
    for found in watch(every, stop=stop, settler=settler, poll_interval=rescan, complain=complain):
        for batch in _parts(found, stop):
            try:
                report = taken(context, settler, batch, asked)
            except StorageFailure as error:
                complain(str(error))
                for item in batch:
                    settler.again(item)
                continue
            if report.files:
                tell(report)
    for thread in threads:
        thread.join(timeout=1)


def _parts(
    found: Sequence[Drop | Problem], stop: threading.Event, *, size: int = _PART
) -> Iterator[Sequence[Drop | Problem]]:
    """Yield what was found in parts that take a moment each, until `stop` is set: whoever says stop means now."""
    for begin in range(0, len(found), size):
        if stop.is_set():
            return
        yield found[begin : begin + size]


def taken(context: Context, settler: Settler, batch: Sequence[Drop | Problem], asked: RequestFiles) -> Report:
    """Ingest a batch, exports before requests for them; what was still being written is offered again later."""
    exports = [item for item in batch if not dropped.is_request(item)]
    report = ingesting.ingest(context, exports)
    outcomes = {file.path: file.outcome for file in report.files}
    for item in exports:
        outcome = outcomes.get(ingesting.shown(context, item.path))
        if outcome == "waiting":
            settler.again(item)
        elif outcome == "ingested" and isinstance(item, Drop):
            asked.arrived(item)
    return replace(report, files=(*report.files, *asked.take(item for item in batch if dropped.is_request(item))))
