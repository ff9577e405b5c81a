"""What an export that is live differs in from what is desired there: no drift yet, for that the log decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from store.domain import drift as rules
from store.domain import events as ev
from store.domain.component import Component, ComponentRef, ExportFile, Parsed
from store.domain.release import EMPTY, Release
from store.platforms import platform, reread
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context
from store.services.diffing import changed_components
from store.services.sealing import sealing


def judge(
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
    """Return what an export that is live differs in from what is desired, but for what was seen `elsewhere`."""
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
