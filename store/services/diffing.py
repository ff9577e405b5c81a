"""Semantic diffs between releases, artifacts, moments and files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.domain.component import Component, Connector, DiffRules, Notice
from store.domain.diff import Diff, compare
from store.domain.release import EMPTY, Release
from store.errors import BadInput, NotFound
from store.intake.guard import read_guarded
from store.platforms import platform, recognise
from store.projections import artifacts, deployments, requests
from store.projections.shape import Connection
from store.services import history
from store.services.context import Context
from store.services.releases import Contents, load

Side = tuple[tuple[Component, ...], tuple[Connector, ...], tuple[Notice, ...], str]
"""Components, connectors, notices, and the platform's name."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A diff and the components it is told from, by component id."""

    diff: Diff
    before: Mapping[str, Component]
    after: Mapping[str, Component]


def between_releases(connection: Connection, old: Release, new: Release) -> Diff:
    """Return what changes from one release to another."""
    contents = Contents(connection)
    return _compare(_side(contents, old), _side(contents, new))


def of_request(context: Context, request: str) -> Diff:
    """Return what a request would change: from what is desired there now to its release."""
    return comparison_of_request(context, request).diff


def comparison_of_request(context: Context, request: str) -> Comparison:
    """Return what a request would change (for one that was deployed: what it changed), with both sides.

    Raises:
        NotFound: there is no such request.
    """
    with context.ledger.reading() as connection:
        row = requests.one(connection, request)
        if row is None:
            raise NotFound(f"there is no request {request}")
        now = {d.project: d for d in deployments.desired(connection, environment=row.environment)}.get(row.project)
        if row.deployment is not None and row.state in {"live", "superseded", "rolled back"}:
            deployed = deployments.one(connection, row.deployment)
            before = _release_before(connection, deployed) if deployed else None
        else:
            before = load(connection, now.manifest) if now else None
        contents = Contents(connection)
        old, new = (_side(contents, release) for release in (before or EMPTY, load(connection, row.manifest)))
    return Comparison(
        diff=_compare(old, new),
        before={part.id: part for part in old[0]},
        after={part.id: part for part in new[0]},
    )


def _release_before(connection: Connection, deployed: deployments.DeploymentRow) -> Release | None:
    earlier = deployments.desired(connection, at=deployed.started_seq, environment=deployed.environment)
    found = {row.project: row for row in earlier}.get(deployed.project)
    return load(connection, found.manifest) if found else None


def diff(context: Context, old: str, new: str) -> Diff:
    """Return the diff of two things named on a command line: digests, releases, `ENV@WHEN`, ids or files.

    Raises:
        BadInput, NotFound: one of them names nothing.
    """
    with context.ledger.reading() as connection:
        return _compare(_resolve(context, connection, old), _resolve(context, connection, new))


def changed_components(
    old: Mapping[str, Component], new: Mapping[str, Component], rules: DiffRules, ids: Sequence[str]
) -> Diff:
    """Return the diff of only these components."""
    return compare([old[i] for i in ids if i in old], [new[i] for i in ids if i in new], rules)


def _compare(old: Side, new: Side) -> Diff:
    rules = platform(new[3] if new[0] else old[3]).rules
    return compare(old[0], new[0], rules, old_connectors=old[1], new_connectors=new[1], notices=new[2])


def _side(contents: Contents, release: Release) -> Side:
    components, connectors, notices = contents.of_release(release)
    kinds = [file.platform for file in release.files]
    return components, connectors, notices, max(kinds, key=kinds.count, default="generic")


def _resolve(context: Context, connection: Connection, text: str) -> Side:
    contents = Contents(connection)
    environment, at, when = text.partition("@")
    if at:
        state = history.state_at(context, environment, history.resolve(context, when))
        return _merged([_side(contents, load(connection, row.manifest)) for row in state.deployments])
    if re.fullmatch(r"[0-9a-f]{8,64}", text):
        return _by_digest(connection, contents, text)
    if re.fullmatch(r"(CR|DEP)-\d+", text):
        return _side(contents, load(connection, _manifest_of(connection, text)))
    path = Path(text)
    if not path.exists():
        raise NotFound(f"{text!a} is no digest, release, ENV@WHEN, CR-…, DEP-… or file here")
    parsed = recognise(read_guarded(path), path.name)
    return parsed.components, parsed.connectors, parsed.notices, parsed.platform


def _by_digest(connection: Connection, contents: Contents, prefix: str) -> Side:
    found = artifacts.by_digest(connection, prefix)
    if len({row.digest for row in found}) > 1:
        raise BadInput(f"{prefix} names more than one artifact; give more of the digest")
    if found:
        row = found[0]
        parts = tuple(contents.of_artifact(row.digest, row.name).values())
        return parts, *contents.outside_of(row.digest, row.name), row.platform
    for deployed in deployments.listing(connection, limit=100_000):
        if deployed.release.startswith(prefix):
            return _side(contents, load(connection, deployed.manifest))
    for request in requests.listing(connection, limit=100_000):
        if request.release.startswith(prefix):
            return _side(contents, load(connection, request.manifest))
    raise NotFound(f"no artifact or release has a digest starting with {prefix}")


def _manifest_of(connection: Connection, subject: str) -> str:
    row = requests.one(connection, subject) or deployments.one(connection, subject)
    if row is None:
        raise NotFound(f"there is no {subject}")
    return row.manifest


def _merged(sides: Sequence[Side]) -> Side:
    if not sides:
        return (), (), (), "generic"
    return (
        tuple(part for side in sides for part in side[0]),
        tuple({link: None for side in sides for link in side[1]}),
        tuple(notice for side in sides for notice in side[2]),
        sides[0][3],
    )
