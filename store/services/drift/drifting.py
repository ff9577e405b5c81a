"""Observing what is live, and the three answers to drift: acknowledge, adopt, revert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from store import archive
from store.domain import drift as rules
from store.domain import events as ev
from store.domain.component import ExportFile, Parsed
from store.domain.drift import Drift
from store.errors import NotFound
from store.integrity.entry import Entry
from store.ledger import Writer
from store.projections import artifacts
from store.services import releases
from store.services.acting import perform, statement_of
from store.services.attempts import attempt
from store.services.context import SYSTEM, Actor, Context, Source, named, next_id, recorded
from store.services.drift.adopted import observed_release
from store.services.drift.judging import judge
from store.services.identity.people import principals
from store.services.requests import requests
from store.services.sealing import sealing
from store.services.sealing.sealing import Taken

KINDS = ("drift.opened", "drift.changed", "drift.acknowledged", "drift.adopted", "drift.resolved", "drift.reopened")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What an observation led to."""

    artifact: str
    entries: tuple[Entry, ...]
    standing: int
    """Drifts that stand after it, acknowledged ones included."""

    @property
    def news(self) -> tuple[Entry, ...]:
        """The entries that say something drifted which was not known before."""
        return tuple(e for e in self.entries if e.statement.kind in {"drift.opened", "drift.changed"})


def standing(source: Source, environment: str, project: str, *, until: int | None = None) -> dict[str, Drift]:
    """Return the drifts that stand here (as of entry `until`), by component id, folded from the ledger's entries."""
    place = {"environment": environment, "project": project}
    return rules.unresolved(rules.replay(recorded(source.entries(kinds=KINDS, on=place, until=until))))


def observe(
    context: Context,
    *,
    environment: str,
    project: str,
    file: ExportFile,
    source: str,
    revision: str | None = None,
    read: tuple[Taken, Parsed] | None = None,
    elsewhere: frozenset[str] = frozenset(),
) -> Seen:
    """Record what was seen live in `file` (its bytes as they are) and judge it against the desired state.

    An entry is written only when something is new: other bytes than last time, or a drift that opens,
    changes or ends. `source` is `export`, `live` or `delivered`; a live observation speaks for the whole project, but
    for the components that were seen `elsewhere` in the same look.
    Secrets are taken out first, as they are from every export: both sides are compared covered. `read` is what that
    gave, where it was done already.

    Raises:
        BadInput: the export cannot be read.
    """
    if read is None:
        taken = sealing.take(context, file)
        read = taken, sealing.understood(taken)
    taken, parsed = read
    if taken.raw is not None and revision is not None:
        revision = sealing.blinded(context, revision)
    where = _Where(environment=environment, project=project, source=source, revision=revision)
    while True:
        deployed = releases.desired(context.ledger, environment, project)
        judged = None
        if deployed is not None:
            at = (environment, project, source)
            judged = judge(context, deployed, taken.file, parsed, *at, elsewhere=elsewhere)
        with context.ledger.writing() as writer:
            if releases.desired(writer, environment, project) == deployed:
                return _noted(context, writer, where, taken, parsed, judged)
        # somebody deployed while this was being compared: compare with what is desired now


@dataclass(frozen=True, kw_only=True, slots=True)
class _Where:
    environment: str
    project: str
    source: str
    revision: str | None


def _noted(
    context: Context, writer: Writer, where: _Where, taken: Taken, parsed: Parsed, judged: rules.Observation | None
) -> Seen:
    """Archive what was seen and append what is new about it."""
    connection, environment, project = writer.connection, where.environment, where.project
    file = taken.file
    rows = artifacts.observations(connection, environment=environment, project=project)
    last = {row.name: row for row in rows}.get(file.name)
    artifact = archive.put(connection, file.data, previous=last.artifact if last else None)
    manifest = archive.put_manifest(connection, parsed.components, previous=last.manifest if last else None)
    known = standing(writer, environment, project)
    first = next_id(writer, "DR", ["drift.opened"], "drift")
    verdicts = rules.judge(judged, known, number=lambda k: named("DR", first + k)) if judged else ()
    written = []
    if verdicts or last is None or last.artifact != artifact:
        seen = ev.ConfigurationObserved(
            artifact=artifact,
            project=project,
            environment=environment,
            name=file.name,
            platform=parsed.platform,
            manifest=manifest,
            source=where.source,
            drifted=len(judged.differences) if judged else 0,
            revision=where.revision,
            connectors=archive.put_connectors(connection, parsed.connectors),
            commitment=sealing.keep(context, writer, taken),
        )
        written = [writer.append(statement_of(context, e, SYSTEM)) for e in (seen, *verdicts)]
    still = len(standing(writer, environment, project)) if verdicts else len(known)
    return Seen(artifact=artifact, entries=tuple(written), standing=still)


@attempt("acknowledge drift")
def acknowledge(context: Context, actor: Actor, drift: str, *, note: str) -> Entry:
    """Record that a drift is known and being dealt with."""

    def decide(source: Source) -> Sequence[ev.Event]:
        drifts = _drift(source, drift)
        people = principals(source)
        return [rules.acknowledge(drifts, drift, note=note, actor=actor.handle, people=people, at=context.now)]

    return perform(context, actor, decide)[0]


@attempt("reopen drift")
def reopen(context: Context, actor: Actor, drift: str, *, reason: str) -> Entry:
    """Take back that a drift was acknowledged: it waits for an answer again."""

    def decide(source: Source) -> Sequence[ev.Event]:
        drifts, people = _drift(source, drift), principals(source)
        return [rules.reopen(drifts, drift, reason=reason, actor=actor.handle, people=people, at=context.now)]

    return perform(context, actor, decide)[0]


def usual_content(drift: str, *, title: str, why: str) -> ev.RequestContent:
    """Return what a request that adopts a drift states about itself, unless somebody states it otherwise."""
    return ev.RequestContent(
        title=title,
        why=why,
        what=f"adopt {drift}",
        success="live equals desired",
        rollback_plan="roll back to the release before",
    )


@attempt("adopt drift")
def adopt(context: Context, actor: Actor, drift: str, *, content: ev.RequestContent) -> tuple[Entry, Entry]:
    """Open a request that asks to make what is live the desired state; it needs the same approvals.

    Returns the request's entry and the adoption's.
    """
    one = _drift(context.ledger, drift).get(drift)
    if one is None:
        raise NotFound(f"there is no drift {drift}")
    release = observed_release(context, one)

    def decide(source: Source) -> Sequence[ev.Event]:
        drifts, people = _drift(source, drift), principals(source)
        request = requests.opening(
            context,
            source,
            actor.handle,
            project=one.project,
            environment=one.environment,
            content=content,
            target=releases.ref_of(release),
        )
        adopted = rules.adopt(drifts, drift, request=request.request, actor=actor.handle, people=people, at=context.now)
        return [replace(request, adopts=drift), adopted]

    opened, adopted = perform(context, actor, decide, blobs=[release.to_bytes()])
    return opened, adopted


def _drift(source: Source, drift: str) -> dict[str, Drift]:
    return rules.replay(recorded(source.entries(kinds=KINDS, on={"drift": drift})))
