"""One push of one release to one target: compare, start, push, read back, record. Deploy and rollback share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from store.domain import events as ev
from store.domain.component import ExportFile
from store.domain.drift import DELIVERED, Drift
from store.domain.push import Reach, mismatch, reach_of
from store.domain.release import EMPTY, Release
from store.domain.secrets import redact
from store.errors import ChangedBehindOurBack, Conflict, PartialPush, QuarterdeckError
from store.integrity.entry import Entry
from store.platforms.protocol import NamesItself, Pushed, Snapshot, Target
from store.services import releases
from store.services.acting import record
from store.services.context import Context
from store.services.delivery import credentials
from store.services.delivery.environments import Environment
from store.services.drift import drifting
from store.services.sealing import sealing

Progress = Callable[[str], None]
_MOST_NAMED = 500
"""Components that one entry names in each list."""


@dataclass(frozen=True, kw_only=True)
class Push:
    """What is to be pushed where."""

    environment: Environment
    project: str
    release: Release
    ref: ev.ReleaseRef
    request: str | None
    clears: bool = False
    """Components that drifted in, and that nobody desires, are taken away with it."""
    rehearsal: str | None = None
    """The rehearsal that it is half of, by the deployment it began with."""


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
    reverted: Outcome | None = None
    """The automatic rollback that followed a failure, where the environment says so."""


def look(context: Context, target: Target, environment: str, project: str) -> Snapshot:
    """Return what stands in the target now; what nobody had seen before is archived and judged as drift.

    Raises:
        ChangedBehindOurBack: the target was changed and nobody has looked at that yet.
        PlatformFailure: the target cannot be asked.
    """
    snapshot = target.fetch(project)
    deployed = releases.desired(context.ledger, environment, project)
    in_folder = _seen_in_folder(context, environment, project)
    known = {snapshot.revision, sealing.public_revision(context, snapshot)}
    if deployed is not None and deployed.revision in known and not in_folder:
        return snapshot
    news = saw(context, target, environment, project, snapshot)
    if news:
        raise ChangedBehindOurBack(
            f"{environment}/{project} was changed behind our back just now ({', '.join(news[:5])});"
            " nothing was pushed: look at the drift and decide again",
            drifts=news,
        )
    return snapshot


def settle(context: Context, target: Target, environment: str, project: str) -> None:
    """Look again at a folder in which a drift was seen: it ends when the folder is as it should be.

    Raises:
        PlatformFailure: the folder cannot be read.
    """
    if not target.live and _seen_in_folder(context, environment, project):
        saw(context, target, environment, project, target.fetch(project))


def saw(context: Context, target: Target, environment: str, project: str, snapshot: Snapshot) -> list[str]:
    """Archive and judge what stands in the target; return the drifts that are news. What is gone from a folder ends."""
    news: list[str] = []
    for file in snapshot.files:
        source = "live" if target.live else DELIVERED
        seen = drifting.observe(
            context,
            environment=environment,
            project=project,
            file=file,
            source=source,
            revision=sealing.public_revision(context, snapshot),
        )
        news += [str(entry.statement.on["drift"]) for entry in seen.news]
    names = {file.name for file in snapshot.files}
    gone = [drift for drift in _seen_in_folder(context, environment, project) if drift.export not in names]
    if gone:
        record(context, [_ended(drift, f"{drift.export} is gone from the folder") for drift in gone])
    return news


def _seen_in_folder(context: Context, environment: str, project: str) -> list[Drift]:
    standing = drifting.standing(context.ledger, environment, project)
    return [drift for drift in standing.values() if drift.source == DELIVERED]


def push(
    context: Context, target: Target, plan: Push, *, started: Entry, before: Snapshot, progress: Progress
) -> Outcome:
    """Push the release over what was seen in `before`, read it back, and record how it went.

    A push that failed and is yet found to have done all it should (the answer was lost) counts as done.

    Raises:
        Conflict, PlatformFailure: nothing was changed; that is recorded.
    """
    job = _Job(context, target, plan, started, before)
    progress(f"pushing {len(plan.release.files)} files to {target.describe()}")
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
            deployed = releases.desired(context.ledger, plan.environment.name, plan.project)
            old = releases.load(connection, deployed.target.manifest) if deployed else EMPTY
        self._remove = sorted({file.name for file in old.files} - {file.name for file in self.files})
        standing = drifting.standing(context.ledger, plan.environment.name, plan.project)
        leaving = {*old.by_id, *(standing if plan.clears else ())}
        self._gone = sorted(leaving - {*plan.release.by_id})

    def push(self) -> tuple[Pushed, str | None]:
        """Push; return what the target knows now, and what went wrong where something may have been changed.

        Raises:
            Conflict, PlatformFailure: nothing was changed.
        """
        try:
            pushed = self._target.push(
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
            saw(self._context, target, self._plan.environment.name, self._plan.project, live)
        reason = "; ".join(part for part in (problem or wrong, reach.in_words() if reach else "") if part)
        return Outcome(
            deployment=self.deployment, verified=False, reason=reason, entries=(self._started, entry), reach=reach
        )

    def failed(self, stage: str, reason: str, *, reach: Reach | None, ids: Mapping[str, str] | None) -> Entry:
        """Record that it failed, and how far it came where that is known."""

        def named(components: Sequence[str]) -> tuple[str, ...] | None:
            return tuple(components[:_MOST_NAMED]) if reach is not None else None

        event = ev.DeploymentFailed(
            deployment=self.deployment,
            project=self._plan.project,
            environment=self._plan.environment.name,
            stage=stage,
            reason=redact(reason)[:500],
            request=self._plan.request,
            changed=named(reach.changed) if reach else None,
            unsure=named(reach.unsure) if reach else None,
            untouched=named(reach.untouched) if reach else None,
            ids=ids,
        )
        return record(self._context, [event])[0]

    def _verified(self, target: Target, live: Snapshot, ids: Mapping[str, str] | None) -> Outcome:
        plan = self._plan
        missing = credentials.missing_after(target, self._before, live) if target.live else None
        verified = ev.DeploymentVerified(
            deployment=self.deployment,
            project=plan.project,
            environment=plan.environment.name,
            target=plan.ref,
            revision=sealing.public_revision(self._context, live),
            request=plan.request,
            ids=ids,
            credentials_missing=missing,
            rehearsal=plan.rehearsal,
        )
        strays = {file.name for file in live.files} - {file.name for file in self.files}
        meant = {*plan.release.by_id, *self._gone}
        resolved = [
            _ended(drift, f"{self.deployment} pushed the desired state")
            for drift in drifting.standing(self._context.ledger, plan.environment.name, plan.project).values()
            if (target.live and (target.whole or drift.component in meant))
            or (drift.source == DELIVERED and drift.export not in strays)
        ]
        entries = record(self._context, [verified, *resolved])
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
            return f"delivered bytes differ: {', '.join(other[:5])}" if other else None
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


def covered(context: Context, files: Sequence[ExportFile]) -> dict[str, str]:
    """Return component id → digest of raw files, secrets taken out as they are from every export."""
    taken = (sealing.take(context, file) for file in files)
    return {part.id: part.digest for one in taken for part in sealing.understood(one).components}


def _ended(drift: Drift, how: str) -> ev.DriftResolved:
    return ev.DriftResolved(
        drift=drift.id,
        project=drift.project,
        environment=drift.environment,
        component=drift.component,
        how=how,
    )
