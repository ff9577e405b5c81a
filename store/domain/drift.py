"""Drift: what is live against what should be, component by component."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from store.domain import events as ev
from store.domain.component import ComponentRef
from store.domain.roles import Principals, require
from store.errors import BadInput, NotFound, Refusal

DELIVERED: Final = "delivered"
"""The source of what was seen in the folder that releases are laid down in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """One drift as of its last entry."""

    id: str
    project: str
    environment: str
    component: str
    name: str
    status: str
    desired: str | None
    observed: str | None
    observed_artifact: str
    export: str
    """Name of the export it was last seen in."""
    source: str
    """Where that was: `export`, `live` or `delivered`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A component that is not as it should be."""

    component: str
    name: str
    kind: str
    desired: str | None
    observed: str | None


def replay(recorded: Iterable[ev.Recorded]) -> dict[str, Drift]:
    """Return every drift (id → drift) after these entries, oldest first."""
    drifts: dict[str, Drift] = {}
    for record in recorded:
        match record.event:
            case ev.DriftOpened() as e:
                drifts[e.drift] = Drift(
                    id=e.drift,
                    project=e.project,
                    environment=e.environment,
                    component=e.component,
                    name=e.name,
                    status="open",
                    desired=e.desired,
                    observed=e.observed,
                    observed_artifact=e.observed_artifact,
                    export=e.export,
                    source=e.source,
                )
            case ev.DriftChanged() as e if e.drift in drifts:
                drifts[e.drift] = replace(
                    drifts[e.drift],
                    status="open",
                    desired=e.desired,
                    observed=e.observed,
                    observed_artifact=e.observed_artifact,
                    export=e.export,
                    source=e.source,
                )
            case ev.DriftAcknowledged(drift=drift) if drift in drifts:
                drifts[drift] = replace(drifts[drift], status="acknowledged")
            case ev.DriftReopened(drift=drift) if drift in drifts:
                drifts[drift] = replace(drifts[drift], status="open")
            case ev.DriftAdopted(drift=drift) if drift in drifts:
                drifts[drift] = replace(drifts[drift], status="adopted")
            case ev.DriftResolved(drift=drift) if drift in drifts:
                drifts[drift] = replace(drifts[drift], status="resolved")
            case _:
                pass
    return drifts


def unresolved(drifts: Mapping[str, Drift]) -> dict[str, Drift]:
    """Return the drifts that still stand, by component id."""
    return {drift.component: drift for drift in drifts.values() if drift.status != "resolved"}


def differences(
    desired: Mapping[str, ComponentRef], observed: Mapping[str, ComponentRef], *, expected: Iterable[str]
) -> tuple[Difference, ...]:
    """Return what differs between desired and observed components.

    Observed components count always; desired ones only where `expected` says that the observation
    should have shown them (an export may hold a part of the project).
    """
    found = []
    for component in sorted({*observed, *expected}):
        want, have = desired.get(component), observed.get(component)
        known = have or want
        if known is not None and (want is None or have is None or want.digest != have.digest):
            found.append(
                Difference(
                    component=component,
                    name=known.name,
                    kind=known.kind,
                    desired=want.digest if want else None,
                    observed=have.digest if have else None,
                )
            )
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What an observation showed, ready to be judged against the drifts that stand."""

    project: str
    environment: str
    artifact: str
    export: str
    """Name of the export that was seen."""
    source: str
    """`export`, `live` or `delivered`."""
    release: str | None
    differences: tuple[Difference, ...]
    looked_at: frozenset[str]
    """Component ids the observation could speak about."""
    summaries: Mapping[str, str]
    previous: Mapping[str, str]
    """Component id → digest in the release before the desired one."""


def judge(
    seen: Observation, standing: Mapping[str, Drift], *, number: Callable[[int], str]
) -> Sequence[ev.DriftOpened | ev.DriftChanged | ev.DriftResolved]:
    """Return the entries an observation calls for: opened once per component, changed, or resolved.

    `number(k)` names the k-th new drift (from 0). What lies in a delivery folder says nothing about what runs:
    it ends only drifts that were seen there, and what runs only those that were seen running.
    """
    found: list[ev.DriftOpened | ev.DriftChanged | ev.DriftResolved] = []
    opened = 0
    for difference in seen.differences:
        known = standing.get(difference.component)
        if known is None:
            found.append(_opened(seen, difference, number(opened)))
            opened += 1
        elif (known.observed, known.desired) != (difference.observed, difference.desired):
            found.append(_changed(seen, difference, known))
    differing = {difference.component for difference in seen.differences}
    found += [
        ev.DriftResolved(
            drift=drift.id,
            project=seen.project,
            environment=seen.environment,
            component=component,
            how="live equals desired again",
        )
        for component, drift in standing.items()
        if component not in differing
        and (component in seen.looked_at or drift.export == seen.export)
        and (drift.source == DELIVERED) == (seen.source == DELIVERED)
    ]
    return found


def _opened(seen: Observation, difference: Difference, drift: str) -> ev.DriftOpened:
    return ev.DriftOpened(
        drift=drift,
        project=seen.project,
        environment=seen.environment,
        component=difference.component,
        name=difference.name,
        component_kind=difference.kind,
        summary=seen.summaries.get(difference.component, ""),
        export=seen.export,
        observed_artifact=seen.artifact,
        desired=difference.desired,
        observed=difference.observed,
        release=seen.release,
        previous=seen.previous.get(difference.component),
        source=seen.source,
    )


def _changed(seen: Observation, difference: Difference, known: Drift) -> ev.DriftChanged:
    return ev.DriftChanged(
        drift=known.id,
        project=seen.project,
        environment=seen.environment,
        component=difference.component,
        summary=seen.summaries.get(difference.component, ""),
        export=seen.export,
        observed_artifact=seen.artifact,
        desired=difference.desired,
        observed=difference.observed,
        source=seen.source,
    )


def acknowledge(
    drifts: Mapping[str, Drift], drift: str, *, note: str, actor: str, people: Principals, at: str
) -> ev.DriftAcknowledged:
    """Let `actor` say that a drift is known and being dealt with."""
    one = _answerable(drifts, drift, actor=actor, people=people, at=at)
    if not note.strip():
        raise BadInput("an acknowledgement needs a note: --note TEXT")
    return ev.DriftAcknowledged(
        drift=drift, project=one.project, environment=one.environment, component=one.component, note=note
    )


def reopen(
    drifts: Mapping[str, Drift], drift: str, *, reason: str, actor: str, people: Principals, at: str
) -> ev.DriftReopened:
    """Let `actor` take back that a drift was acknowledged."""
    one = _answerable(drifts, drift, actor=actor, people=people, at=at)
    if one.status != "acknowledged":
        raise Refusal([f"{drift} is {one.status}, no longer acknowledged"])
    return ev.DriftReopened(
        drift=drift, project=one.project, environment=one.environment, component=one.component, reason=reason
    )


def adopt(
    drifts: Mapping[str, Drift], drift: str, *, request: str, actor: str, people: Principals, at: str
) -> ev.DriftAdopted:
    """Let `actor` ask, by `request`, to make the drifted state the desired one."""
    one = _answerable(drifts, drift, actor=actor, people=people, at=at)
    return ev.DriftAdopted(
        drift=drift, project=one.project, environment=one.environment, component=one.component, request=request
    )


def _answerable(drifts: Mapping[str, Drift], drift: str, *, actor: str, people: Principals, at: str) -> Drift:
    """Return a drift that still stands and that `actor` may answer."""
    one = drifts.get(drift)
    if one is None:
        raise NotFound(f"there is no drift {drift}")
    if one.status == "resolved":
        raise Refusal([f"{drift} is resolved already"])
    require(people, actor, "handle drift", project=one.project, environment=one.environment, at=at)
    return one
