"""One import of a git history: what is known already, what was read and not recorded yet, and the counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from store import archive
from store.domain import events as ev
from store.errors import BadInput
from store.intake.git_blobs import Blobs
from store.intake.git_history import Change, Commit
from store.intake.guard import UNSEEN
from store.intake.inbox import Drop, Root, is_passed_over, path_fault
from store.ledger import Writer
from store.projections import artifacts
from store.services.acting import record, statement_of
from store.services.context import SYSTEM, Context, Source, recorded
from store.services.exports import ingesting
from store.services.exports.appending import Appending, Read
from store.services.identity.pseudonyms import Pseudonyms

_KINDS = ("artifact.ingested", "artifact.deletion-imported")
_MOST_REFUSALS = 10
_LONGEST_REFUSAL = 200
_MOST_NAMED = 1_000
"""So many of the versions that it could not take in a run names one by one; the others it counts: a history may have a
million of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A version that could not be taken in."""

    commit: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What one commit did to one file."""

    name: str
    """Inside the project."""
    origin: ev.Imported
    read: Read | None
    """None for a deletion."""


@dataclass(kw_only=True)
class ImportRun:
    """One import: where it goes, what is known already, and the counts."""

    context: Context
    project: str
    environment: str
    inner: str
    repository: str
    people: Pseudonyms
    ahead: archive.Ahead
    """Works out the difference of each version to the one before while the next is read."""
    newest: dict[str, bytes] = field(default_factory=dict)
    """Name → what was read last under it, of what will be recorded together."""
    seen: set[bytes] = field(default_factory=set)
    """Marks of (commit, name) that stand in entries up to `upto`."""
    upto: int = 0
    steps: list[_Step] = field(default_factory=list)
    """Read, and not recorded yet."""
    bytes: int = 0
    """Of the versions among them."""
    versions: int = 0
    deletions: int = 0
    known: int = 0
    refused: int = 0
    named: list[Refused] = field(default_factory=list)
    """The first of those that were refused."""

    def learn(self, source: Source) -> None:
        """Take in what entries say was imported from this repository since they were looked at last."""
        place = {"project": self.project, "environment": self.environment}
        for one in recorded(source.entries(kinds=_KINDS, on=place, after=self.upto)):
            self.upto = one.seq
            match one.event:
                case ev.ArtifactIngested(imported=ev.Imported() as origin, name=name):
                    self._know(origin, name)
                case ev.ImportedDeletion(imported=origin, name=name):
                    self._know(origin, name)
                case _:
                    pass

    def needed(self, commit: Commit) -> Iterator[str]:
        """Yield the blobs that `take` will most likely read of a commit."""
        for change in commit.changes:
            name = self._name(change.path)
            if change.kind == "deleted" or name is None or _misfit(name, change) is not None:
                continue
            if _mark(commit.id, name) not in self.seen:
                yield change.blob

    def take(self, commit: Commit, blobs: Blobs) -> None:
        """Read what a commit did to each file."""
        for change in commit.changes:
            name, before = self._name(change.path), self._name(change.renamed_from)
            if change.kind == "deleted":
                gone = name
            elif name is not None and self._took_version(commit, change, name, before, blobs):
                gone = None
            else:
                gone = before  # renamed to what is not taken in: gone all the same
            if gone is not None and not self._is_known(commit, gone):
                origin = self._origin(commit, change, kind="deleted", before=None)
                self.steps.append(_Step(name=gone, origin=origin, read=None))

    def flush(self) -> None:
        """Record what was read, in one transaction, less what somebody else recorded meanwhile."""
        if not self.steps:
            return
        with self.context.ledger.writing() as writer:
            self.learn(writer)
            appending = Appending(self.context, writer, ahead=self.ahead)
            for step in self.steps:
                mark = _mark(step.origin.commit, step.name)
                if mark in self.seen:
                    self.known += 1
                elif step.read is not None:
                    appending.append(step.read)
                    self.seen.add(mark)
                    self.versions += 1
                elif self._delete(writer, step):
                    self.seen.add(mark)
            self.upto = writer.head().size
        self.steps, self.bytes = [], 0
        self.newest.clear()
        self.ahead.forget()

    def is_enough(self) -> bool:
        """Say whether what was read should be recorded now."""
        return len(self.steps) >= ingesting.BATCH or self.bytes >= ingesting.BATCH_BYTES

    def finished(self, head: str, commits: int) -> None:
        """Record that the history was read to its end, if this run brought anything."""
        if not self.versions and not self.deletions:
            return
        event = ev.HistoryImported(
            project=self.project,
            environment=self.environment,
            repository=self.repository,
            head=head,
            path=self.inner,
            commits=commits,
            versions=self.versions,
            deletions=self.deletions,
            refused=self.refused,
            refusals=tuple(
                f"{one.commit[:12]} {one.name}: {one.reason}"[:_LONGEST_REFUSAL] for one in self.named[:_MOST_REFUSALS]
            ),
        )
        record(self.context, [event])

    def _know(self, origin: ev.Imported, name: str) -> None:
        if origin.repository == self.repository:
            self.seen.add(_mark(origin.commit, name))

    def _name(self, path: str | None) -> str | None:
        return None if path is None else _name_inside(path, self.inner)

    def _took_version(self, commit: Commit, change: Change, name: str, before: str | None, blobs: Blobs) -> bool:
        """Read one version, unless it is known; False when it cannot be taken in."""
        if self._is_known(commit, name):
            return True
        try:
            _refuse_misfit(name, change)
            origin = self._origin(commit, change, kind=change.kind, before=before)
            read = ingesting.read_export(
                self.context, blobs.read(change.blob), self._drop(name, change), imported=origin
            )
        except BadInput as error:
            self._refuse(commit, name, str(error))
            return False
        self.steps.append(_Step(name=name, origin=origin, read=read))
        self.bytes += len(read.taken.file.data)
        data, earlier = read.taken.file.data, self.newest.get(read.taken.file.name)
        if earlier is not None and earlier is not data:
            self.ahead.expect(data, earlier)
        self.newest[read.taken.file.name] = data
        return True

    def _refuse(self, commit: Commit, name: str, reason: str) -> None:
        self.refused += 1
        if len(self.named) < _MOST_NAMED:
            words = ingesting.printable(name), ingesting.printable(reason)
            self.named.append(Refused(commit=commit.id, name=words[0], reason=words[1]))

    def _is_known(self, commit: Commit, name: str) -> bool:
        if _mark(commit.id, name) not in self.seen:
            return False
        self.known += 1
        return True

    @cached_property
    def _root(self) -> Root:
        return Root(kind="inbox", path=Path(), environment=self.environment, project=self.project)

    def _drop(self, name: str, change: Change) -> Drop:
        return Drop(
            root=self._root,
            environment=self.environment,
            project=self.project,
            name=name,
            path=Path(change.path),
            signature=UNSEEN,
        )

    def _origin(self, commit: Commit, change: Change, *, kind: str, before: str | None) -> ev.Imported:
        return ev.Imported(
            repository=self.repository,
            commit=commit.id,
            path=ingesting.printable(change.path),
            change=kind,
            author=self.people.of(commit.name, commit.mail),
            authored=commit.authored,
            committed=commit.committed,
            renamed_from=before,
        )

    def _delete(self, writer: Writer, step: _Step) -> bool:
        stood = artifacts.latest_named(writer.connection, self.project, self.environment, step.name, imported=True)
        if stood is None:
            return False  # none of its versions could be taken in
        event = ev.ImportedDeletion(
            artifact=stood.digest,
            project=self.project,
            environment=self.environment,
            name=step.name,
            imported=step.origin,
        )
        writer.append(statement_of(self.context, event, SYSTEM))
        self.deletions += 1
        return True


@lru_cache(maxsize=4_096)
def _name_inside(path: str, inner: str) -> str | None:
    """Return what a file is called inside the project; None for what is no export or not of this path."""
    name = PurePosixPath(path).name if path == inner else path.removeprefix(f"{inner}/" * bool(inner))
    return None if any(is_passed_over(part) for part in name.split("/")) else name


def _refuse_misfit(name: str, change: Change) -> None:
    misfit = _misfit(name, change)
    if misfit is not None:
        raise BadInput(misfit)


def _misfit(name: str, change: Change) -> str | None:
    """Return why a version is not read at all, None when it is."""
    fault = path_fault(name)
    if fault is None and not change.is_file:
        fault = "it is a symbolic link or another repository; neither is followed"
    return fault


def _mark(commit: str, name: str) -> bytes:
    """Return what stands for (commit, name) in memory: a history may have a million of them."""
    return blake2b(f"{commit} {name}".encode("utf-8", "surrogateescape"), digest_size=16).digest()
