"""The desk: one opened workspace and the person at it, as the frame and the screens are given them.

The first screen does not wait for what the desk reads beside it, so each read imports its service itself.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from console.personal.folders import state_folder
from console.personal.views import Views
from console.presentation.frame import ChainFacts, EnvironmentFacts, FrameFacts
from console.widgets.reading_threads import ReadingThreads
from store.domain.severity import is_production
from store.errors import QuarterdeckError, StorageFailure
from store.ledger import Feed
from store.services import following
from store.services.context import Actor, Context

if TYPE_CHECKING:
    from console.personal.drafts import Drafts
    from store.ledger.report import Verdict
    from store.services.triage import triage

QUICK_ENTRIES = 50_000
"""A ledger of up to so many entries is verified whole in the background when the console opens."""
_FEW_ENTRIES = 2_000
"""Up to so many the console compares the read tables and indexes too when it opens: some tenths of a second."""
_ALARMS = frozenset({"invalid", "diverged", "shorter"})


class Desk:
    """Answers what the frame asks and holds what screens act with; reads run in threads."""

    def __init__(
        self,
        context: Context,
        actor: Actor | None,
        *,
        check_at_start: bool = True,
        why_nobody: str = "",
        views: Views | None = None,
    ) -> None:
        """Take an opened workspace; without an `actor` everything is read-only, and `why_nobody` says why.

        `views`: how the person looks at changes; the screens write back what is toggled.
        """
        self.views = views or Views()
        self.threads = ReadingThreads()
        """In which the workspace is read, by this desk and by whoever shows it."""
        self.context = context
        self.actor = actor
        self._why_nobody = why_nobody or "no key is named; start with --key PATH to act"
        self._feed: Feed | None = None
        self._chain = "unknown"
        self._check = check_at_start
        self._is_followed = False
        self._closing = threading.Event()
        self._fresh = threading.Event()

    @property
    def handle(self) -> str | None:
        """Who sits here, None for somebody without a key."""
        return self.actor.handle if self.actor is not None else None

    @property
    def drafts(self) -> Drafts:
        """What the person was typing and has not handed in."""
        from console.personal.drafts import Drafts

        return Drafts(state_folder(), self.context.ledger.origin, self.handle or "")

    @property
    def read_only(self) -> str | None:
        """Why nothing can be changed, None when it can."""
        if self.context.ledger.read_only_reason is not None:
            return self.context.ledger.read_only_reason
        return None if self.actor is not None else self._why_nobody

    @property
    def chain(self) -> str:
        """What is known about the ledger's own soundness: a word of `words.STATUSES`."""
        return self._chain_status()

    @property
    def unsound(self) -> str:
        """How the ledger was found when it was not found sound, in a word; empty otherwise."""
        word = self._chain_status()
        return word if word in _ALARMS else ""

    def me(self) -> Actor:
        """Return who acts; only called where `read_only` is None."""
        assert self.actor is not None
        return self.actor

    def frame(self) -> FrameFacts:
        """Read what the first two lines say."""
        from store.services.glass import holding
        from store.services.triage import triage

        overview = triage.overview(self.context, self.handle, chain=self.unsound)
        counts = {
            "triage": len(overview.items),
            "approvals": sum(item.kind in {"approval", "ready"} for item in overview.items),
            "drift": sum(item.kind == "drift" for item in overview.items),
        }
        return FrameFacts(
            workspace=self.context.config.name,
            who=self.handle,
            environments=tuple(_environment(state) for state in overview.environments),
            counts=counts,
            mine=sum(item.mine for item in overview.items) if self.actor is not None else 0,
            chain=ChainFacts(status=self._chain_status(), entries=self.context.ledger.head().size),
            banner=holding.banner(self.context),
            read_only=self.read_only,
        )

    def poll(self) -> int | None:
        """Return the ledger's new size when something was committed (or became known) since the last call."""
        if self._feed is None:
            from store.services.audit import verified

            self._feed = Feed(self.context.ledger)
            if self._check and (self._is_quick() or verified.last(self.context) is not None):
                self.threads.begin(self._verify)
        size = self._feed.poll()
        self._is_followed = self._is_followed and size is None  # somebody committed: was it one of ours?
        if not self._is_followed:
            with suppress(StorageFailure):  # locked: asked again with the next poll
                following.check(self.context)
                self._is_followed = True
        if size is None and self._fresh.is_set():
            self._fresh.clear()
            return self.context.ledger.head().size
        return size

    def interrupt(self) -> None:
        """Make running reads end soon."""
        self._closing.set()
        self.context.ledger.interrupt()

    def learned(self, verdict: Verdict) -> None:
        """Take note of how a verification came out: the first line says so from now on."""
        word = verdict.lower()
        self._chain = word if word in _ALARMS or word == "unsigned" else "verified"
        self._fresh.set()

    def _chain_status(self) -> str:
        if self.context.ledger.tables_edited:
            return "invalid"
        return self._chain if self._chain in _ALARMS else self.context.ledger.contradiction or self._chain

    def _is_quick(self) -> bool:
        return self.context.ledger.head().size <= QUICK_ENTRIES

    def _verify(self) -> None:
        from store.ledger.report import VerificationStopped
        from store.services.audit.verifying import Scope, verify_workspace

        try:
            # A longer ledger from its last verified head only, which the first whole verification leaves behind.
            size = self.context.ledger.head().size
            scope = Scope(archive=False, tables=size <= _FEW_ENTRIES, resume=not self._is_quick())
            report = verify_workspace(self.context, scope=scope, progress=lambda *_: not self._closing.is_set())
        except VerificationStopped:
            return
        except QuarterdeckError:
            self._chain = "invalid"
            self._fresh.set()
            return
        self.learned(report.verdict)


def _environment(state: triage.EnvironmentState) -> EnvironmentFacts:
    status = "ok"
    if state.drifts:
        status = "drift"
    elif state.frozen is not None:
        status = "frozen"
    elif not state.projects:
        status = "empty"
    return EnvironmentFacts(name=state.name, status=status, protected=is_production(state.name))
