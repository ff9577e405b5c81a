"""Observing what is live, and the three answers to drift: acknowledge, adopt, revert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from store import archive
from store.domain import drift as rules
from store.domain import events as ev
from store.domain.component import Component, ComponentRef, ExportFile, Parsed
from store.domain.drift import Drift
from store.domain.release import EMPTY, Release, ReleaseFile
from store.errors import BadInput, NotFound
from store.integrity.entry import Entry
from store.ledger import Writer
from store.platforms import platform, reread
from store.projections import artifacts
from store.projections.artifacts import ObservationRow
from store.projections.shape import Connection
from store.services import releases
from store.services.acting import perform, statement_of
from store.services.attempts import attempt
from store.services.context import SYSTEM, Actor, Context, Source, named, next_id, recorded
from store.services.diffing import changed_components
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
            judged = _judge(context, deployed, taken.file, parsed, *at, elsewhere=elsewhere)
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


def _judge(
    context: Context,
    deployed: ev.DeploymentVerified,
    file: ExportFile,
    parsed: Parsed,
    environment: str,
    project: str,
    source: str,
    *,
    elsewhere: frozenset[str],
) -> rules.Observation:
    with context.ledger.reading() as connection:
        desired = releases.load(connection, deployed.target.manifest)
        earlier = releases.history(context.ledger, environment, project)
        before = next((d for d in earlier if d.target.release != deployed.target.release), None)
        previous = releases.load(connection, before.target.manifest) if before else EMPTY
        artifact = file.digest
        parsed = _as_recorded(desired, file, parsed)
        observed = {
            part.id: ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=artifact)
            for part in parsed.components
        }
        expected = _expected(desired, file.name, observed, source) - elsewhere
        found = rules.differences(desired.by_id, observed, expected=expected)
        if found:
            wanted_now = _covered(context, connection, desired)
            found = rules.differences(wanted_now, observed, expected=expected)
        wanted = _contents(connection, desired, [difference.component for difference in found])
    return rules.Observation(
        project=project,
        environment=environment,
        artifact=artifact,
        export=file.name,
        source=source,
        release=deployed.target.release,
        differences=found,
        looked_at=frozenset({*observed, *expected}),
        summaries=_summaries(found, wanted, parsed),
        previous={ref.id: ref.digest for ref in previous.components},
    )


def _contents(connection: Connection, desired: Release, components: Iterable[str]) -> dict[str, Component]:
    """Return what the files of a release hold that carry these components, by component id."""
    contents = releases.Contents(connection)
    files = {file.artifact: file for file in desired.files}
    held: dict[str, Component] = {}
    for carrier in (desired.by_id.get(component) for component in components):
        if carrier is not None:
            file = files[carrier.artifact]
            held.update(contents.of_artifact(file.artifact, file.name, file.platform))
    return held


def _as_recorded(desired: Release, file: ExportFile, parsed: Parsed) -> Parsed:
    """Return what was seen as the platform reads it that read what is desired: else no component would compare."""
    carrier = next((one for one in desired.files if one.name == file.name or len(desired.files) == 1), None)
    if carrier is None or carrier.platform == parsed.platform:
        return parsed
    return reread(file.data, file.name, carrier.platform)


def _covered(context: Context, connection: Connection, desired: Release) -> dict[str, ComponentRef]:
    """Return the desired components, those of exports from before secrets were sealed as they would be now."""
    files = [(file.artifact, file.name) for file in desired.files]
    digests = sealing.covered_release(context, connection, files)
    return {
        ref.id: replace(ref, digest=digests.get(ref.artifact, {}).get(ref.id, ref.digest)) for ref in desired.components
    }


def _expected(desired: Release, name: str, observed: Mapping[str, ComponentRef], source: str) -> frozenset[str]:
    """Return the desired components that this export should have shown."""
    if source == "live":
        return frozenset(desired.by_id)
    carriers = {file.artifact for file in desired.files if file.name == name}
    if not carriers and len(desired.files) == 1 and source != rules.DELIVERED:
        carriers = {desired.files[0].artifact}  # the tool names its one export as it likes
    mine = {component.id for component in desired.components if component.artifact in carriers}
    return frozenset(mine | (set(observed) & set(desired.by_id)))


def _summaries(found: Sequence[rules.Difference], wanted: Mapping[str, Component], parsed: Parsed) -> dict[str, str]:
    have = {component.id: component for component in parsed.components}
    words = {}
    for difference in found:
        if difference.desired is None:
            words[difference.component] = "added live: nobody asked for it"
        elif difference.observed is None:
            words[difference.component] = "gone from live"
    both = [d.component for d in found if d.component not in words]
    changes = changed_components(wanted, have, platform(parsed.platform).rules, both)
    for change in changes.components:
        paths = [field.path for field in change.fields if not field.noise] + [code.field for code in change.code]
        what = ", ".join(dict.fromkeys(paths))
        words[change.id] = f"changed live: {what}"[:200] if what else "changed live"
    return words


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
    release = _observed_release(context, one)

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


def _still_shows(connection: Connection, row: ObservationRow, drift: Drift) -> bool:
    """Say whether an export that is live now has the component as the drift saw it, whatever else changed in it."""
    if row.artifact == drift.observed_artifact:
        return True
    found = {part.id: part.digest for part in archive.manifest(connection, row.manifest)}
    return row.name == drift.export and found.get(drift.component) == drift.observed


def _observed_release(context: Context, drift: Drift) -> Release:
    """Return the desired release with the observed export in the place of its file."""
    deployed = releases.desired(context.ledger, drift.environment, drift.project)
    with context.ledger.reading() as connection:
        desired = releases.load(connection, deployed.target.manifest) if deployed else EMPTY
        seen = artifacts.observations(connection, environment=drift.environment, project=drift.project)
        row = next((row for row in seen if _still_shows(connection, row, drift)), None)
        if row is None:
            raise BadInput(f"what {drift.id} saw has changed since; look at the drift again")
        names = {file.name for file in desired.files}
        name = next(iter(names)) if len(names) == 1 else row.name
        kept = [file for file in desired.files if file.name != name]
        gone = {file.artifact for file in desired.files if file.name == name}
        parts = [
            ComponentRef(id=p.id, name=p.name, kind=p.kind, digest=p.digest, artifact=row.artifact)
            for p in archive.manifest(connection, row.manifest)
        ]
    file = ReleaseFile(name=name, artifact=row.artifact, manifest=row.manifest, platform=row.platform)
    fresh = {part.id for part in parts}
    rest = [c for c in desired.components if c.artifact not in gone and c.id not in fresh]
    return Release(
        files=tuple(sorted([*kept, file], key=lambda f: f.name)),
        components=tuple(sorted([*rest, *parts], key=lambda c: c.id)),
    )
