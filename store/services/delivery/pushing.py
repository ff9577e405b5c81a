"""One push of one release to one target: compare, start, push, read back, record. Deploy and rollback share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from store.domain import events as ev
from store.domain.component import ExportFile
from store.domain.drift import DELIVERED
from store.domain.push import MOST_NAMED, Reach, failed_at, mismatch, reach_of, taken_back
from store.domain.release import EMPTY, Release
from store.domain.secrets import redact
from store.errors import Conflict, PartialPush, QuarterdeckError
from store.integrity.entry import Entry
from store.platforms.protocol import NamesItself, OutlivesUs, Pushed, Snapshot, Target
from store.projections.shape import Connection
from store.services import releases
from store.services.acting import record
from store.services.context import Context
from store.services.delivery import credentials
from store.services.delivery.environments import Environment
from store.services.delivery.halves import covered
from store.services.delivery.observing import ended, observe_target
from store.services.delivery.plans import Plan, Unmade
from store.services.drift import drifting
from store.services.sealing import sealing

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Push:
    """What is to be pushed where."""

    environment: Environment
    project: str
    release: Release
    ref: ev.ReleaseRef
    request: str | None
    lock: int
    """The handle of the right to push there."""
    clears: bool = False
    """Components that drifted in, and that nobody desires, are taken away with it."""
    rehearsal: str | None = None
    """The rehearsal that it is half of, by the deployment it began with."""
    unmade: Unmade | None = None
    """What it takes back, where nothing was desired before."""
    also: tuple[ev.Event, ...] = ()
    """What holds once it is verified, and is recorded with that at once: no crash comes between."""

    @classmethod
    def back(cls, plan: Plan, lock: int) -> Push:
        """Return the push that a plan to go back asks for, under the right whose handle is `lock`."""
        return cls(
            environment=plan.environment,
            project=plan.project,
            release=plan.to,
            ref=plan.ref,
            request=None,
            lock=lock,
            clears=True,
            unmade=plan.unmade,
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a push ended."""

    deployment: str
    verified: bool
    reason: str
    entries: tuple[Entry, ...]
    reach: Reach | None = None
    """Of a push that failed on a platform: which components are which."""
    credentials_missing: tuple[str, ...] = ()
    """Parts that use credentials and have none there, in words."""
    undoing: str | None = None
    """The failed first deployment that was to be taken back, and is not yet."""
    undoes: str | None = None
    """The failed first deployment that was taken back: nothing is desired there."""
    reverted: Outcome | None = None
    """The automatic rollback that followed a failure, where the environment says so."""


def push(
    context: Context, target: Target, plan: Push, *, started: Entry, before: Snapshot, progress: Progress
) -> Outcome:
    """Push the release over what was seen in `before`, read it back, and record how it went.

    A push that failed and is yet found to have done all it should (the answer was lost) counts as done.

    Raises:
        Conflict, PlatformFailure: nothing was changed; that is recorded.
    """
    job = _Job(context, target, plan, started, before)
    count = len(plan.release.files)
    progress(f"pushing {count} file{'' if count == 1 else 's'} to {target.describe()}")
    try:
        job.load()
        pushed, problem = job.push()
    except QuarterdeckError as error:
        job.failed("push", str(error), reach=None, ids=None)
        raise
    progress("reading back")
    return job.judged(pushed, problem)


class _Job:
    """One push under way."""

    def __init__(self, context: Context, target: Target, plan: Push, started: Entry, before: Snapshot) -> None:
        self._context, self._target, self._plan, self._started, self._before = context, target, plan, started, before
        self.deployment = started.statement.on["deployment"]
        self._where = {"deployment": self.deployment, "project": plan.project, "environment": plan.environment.name}
        self.files: tuple[ExportFile, ...] = ()
        names = {file.artifact: file.name for file in plan.release.files}
        self._carriers = {part.id: names[part.artifact] for part in plan.release.components}
        self._meant = {part.id: part.digest for part in plan.release.components}
        self._remove: list[str] = []
        self._gone: list[str] = []

    def load(self) -> None:
        """Read what is to be pushed out of the archive, and work out what has to go.

        Raises:
            IntegrityFailure: archived bytes are not what they were.
        """
        context, plan = self._context, self._plan
        with context.ledger.reading() as connection:
            self.files = sealing.raw_files(context, connection, plan.release)
            old = self._old(connection)
        self._remove = sorted({file.name for file in old.files} - {file.name for file in self.files})
        standing = drifting.standing(context.ledger, plan.environment.name, plan.project)
        leaving = {*old.by_id, *(standing if plan.clears else ())}
        self._gone = sorted(leaving - {*plan.release.by_id})

    def _old(self, connection: Connection) -> Release:
        """Return what may stand there and is to go where the release does not have it."""
        plan = self._plan
        if plan.unmade is not None:
            return plan.unmade.brought
        deployed = releases.desired(self._context.ledger, plan.environment.name, plan.project)
        return releases.load(connection, deployed.target.manifest) if deployed else EMPTY

    def push(self) -> tuple[Pushed, str | None]:
        """Push; return what the target knows now, and what went wrong where something may have been changed.

        Raises:
            Conflict, PlatformFailure: nothing was changed.
        """
        target = self._target.holding(self._plan.lock) if isinstance(self._target, OutlivesUs) else self._target
        try:
            pushed = target.push(
                self._plan.project,
                self.files,
                expected=self._before.revision,
                remove=self._remove,
                gone=self._gone,
                carriers=self._carriers,
            )
        except PartialPush as error:
            return Pushed(revision="", ids=error.ids), str(error)
        except Conflict:
            raise
        except QuarterdeckError as error:
            if self._target.live and self._moved():  # the answer was lost, not the push
                return Pushed(revision=""), str(error)
            raise
        return pushed, None

    def judged(self, pushed: Pushed, problem: str | None) -> Outcome:
        """Read back, compare, record."""
        target = self._target.knowing(pushed.ids) if isinstance(self._target, NamesItself) else self._target
        ids = dict(pushed.ids) or None
        live: Snapshot | None = None
        try:
            live = target.fetch(self._plan.project)
            wrong = self._mismatch(live)
        except QuarterdeckError as error:
            wrong = f"{problem}; then {error}" if problem else str(error)
        if live is not None and wrong is None:
            return self._verified(target, live, ids)
        stage = "push" if problem else "read-back"
        reach = self._reach(live)
        entry = self.failed(stage, problem or wrong or "", reach=reach, ids=ids)
        if live is not None and target.live:  # seen now, so that whoever finishes or undoes it knows what is there
            observe_target(self._context, target, self._plan.environment.name, self._plan.project, live)
        reason = "; ".join(part for part in (problem or wrong, reach.in_words() if reach else "") if part)
        unmade = self._plan.unmade
        return Outcome(
            deployment=self.deployment,
            verified=False,
            reason=reason,
            entries=(self._started, entry),
            reach=reach,
            undoing=unmade.deployment if unmade is not None else None,
        )

    def failed(self, stage: str, reason: str, *, reach: Reach | None, ids: Mapping[str, str] | None) -> Entry:
        """Record that it failed, and how far it came where that is known."""
        event = ev.DeploymentFailed(
            deployment=self.deployment,
            project=self._plan.project,
            environment=self._plan.environment.name,
            stage=stage,
            reason=redact(reason)[:500],
            request=self._plan.request,
            ids=ids,
        )
        return record(self._context, [failed_at(event, reach)])[0]

    def _verified(self, target: Target, live: Snapshot, ids: Mapping[str, str] | None) -> Outcome:
        plan = self._plan
        missing = credentials.missing_after(target, self._before, live) if target.live else None
        revision = sealing.public_revision(self._context, live)
        if plan.unmade is not None:
            there = covered(self._context, self._before.files)
            removed, restored = taken_back(there, self._meant, self._gone)
            undone = ev.DeploymentUndone(
                **self._where, undoes=plan.unmade.deployment, revision=revision, ids=ids,
                removed=removed[:MOST_NAMED], restored=restored[:MOST_NAMED],
            )  # fmt: skip
            entries = (self._started, *record(self._context, [undone, *plan.also]))
            return Outcome(
                deployment=self.deployment, verified=True, reason="", entries=entries, undoes=plan.unmade.deployment
            )
        verified = ev.DeploymentVerified(
            **self._where,
            target=plan.ref,
            revision=revision,
            request=plan.request,
            ids=ids,
            credentials_missing=missing,
            rehearsal=plan.rehearsal,
        )
        strays = {file.name for file in live.files} - {file.name for file in self.files}
        meant = {*plan.release.by_id, *self._gone}
        resolved = [
            ended(drift, f"{self.deployment} pushed the desired state")
            for drift in drifting.standing(self._context.ledger, plan.environment.name, plan.project).values()
            if (target.live and (target.whole or drift.component in meant))
            or (drift.source == DELIVERED and drift.export not in strays)
        ]
        entries = record(self._context, [verified, *resolved, *plan.also])
        return Outcome(
            deployment=self.deployment,
            verified=True,
            reason="",
            entries=(self._started, *entries),
            credentials_missing=missing or (),
        )

    def _mismatch(self, live: Snapshot) -> str | None:
        if not self._target.live:
            there = {file.name: file.digest for file in live.files}
            other = sorted(file.name for file in self.files if there.get(file.name) != file.digest)
            still = [name for name in self._remove if name in there]
            if other or not still:
                return f"delivered bytes differ: {', '.join(other[:5])}" if other else None
            return f"{', '.join(still[:5])} should be gone and is not"
        about = None if self._target.whole else {*self._plan.release.by_id, *self._gone}
        now = covered(self._context, live.files)
        wrong = mismatch(self._meant, now, about=about)
        if wrong is not None:  # the release may be from before secrets were sealed
            self._meant |= self._meant_covered()
            wrong = mismatch(self._meant, now, about=about)
        return wrong

    def _reach(self, live: Snapshot | None) -> Reach | None:
        if not self._target.live:
            return None
        now = covered(self._context, live.files) if live is not None else None
        gone = None if self._target.whole else self._gone
        return reach_of(covered(self._context, self._before.files), self._meant, now, gone=gone)

    def _meant_covered(self) -> dict[str, str]:
        """Return what is meant, of exports that were archived as they came, with their secrets covered as now."""
        return {
            part: digest
            for file in self.files
            for part, digest in covered(self._context, [file]).items()
            if self._carriers.get(part) == file.name
        }

    def _moved(self) -> bool:
        """Say whether the target is not as it was seen before, or does not tell."""
        try:
            return self._target.fetch(self._plan.project).revision != self._before.revision
        except QuarterdeckError:
            return False
