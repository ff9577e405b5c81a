"""What needs somebody now, ranked, and how every environment is: the home screen's facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from store.clock import parse_timestamp
from store.domain import freshness
from store.projections import artifacts, deployments, drifts, environments
from store.services.context import Context
from store.services.drift import looking
from store.services.identity.people import principals
from store.services.triage import broken, owed, waiting
from store.services.triage.asked import Asked, Asks
from store.services.triage.item import RANK, Item

__all__ = ["EnvironmentState", "Item", "Overview", "overview", "strip"]

SOURCES: Final[tuple[Asks, ...]] = (
    broken.chain,
    broken.drift,
    broken.halted,
    waiting.decisions,
    waiting.comments,
    broken.failed,
    broken.rolled_back,
    broken.incident,
    owed.reviews_due,
    owed.open_findings,
    broken.unusual,
    broken.refused,
)
"""One line a kind of thing that needs somebody. What is as pressing and as new stands in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentState:
    """One environment in the strip: every project's release, drift and freeze."""

    name: str
    target: str
    projects: int
    release: str | None
    """The release when there is one project, else None."""
    since: str | None
    drifts: int
    frozen: str | None
    seen: str | None
    """When live was last looked at."""
    stale: bool = False
    """What is known of live is older than it should be: nobody has looked for too long."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The home screen: what needs somebody, and how every environment is."""

    items: tuple[Item, ...]
    environments: tuple[EnvironmentState, ...]


def overview(context: Context, handle: str | None, *, chain: str = "") -> Overview:
    """Return what needs somebody now, most pressing first; what `handle` can do before what they cannot.

    `chain`: how the last verification found the ledger, where it found it unsound (`invalid`, `shorter`, …).
    """
    asked = Asked(context=context, people=principals(context.ledger), handle=handle, at=context.now, chain=chain)
    items = [item for source in SOURCES for item in source(asked)]
    items.sort(key=lambda item: item.since, reverse=True)
    items.sort(key=lambda item: (item.kind != "chain", RANK.get(item.severity, 9), not item.mine))
    return Overview(items=tuple(items), environments=strip(context))


def strip(context: Context) -> tuple[EnvironmentState, ...]:
    """Return every environment with its release, drift, freeze and when it was last seen."""
    with context.ledger.reading() as connection:
        places = environments.listing(connection)
        desired = deployments.desired(connection)
        standing = drifts.listing(connection, statuses=("open", "acknowledged"))
        seen = artifacts.observations(connection)
    found = []
    now = parse_timestamp(context.now)
    for place in places:
        here = [row for row in desired if row.environment == place.name]
        changed = max((row.time for row in seen if row.environment == place.name), default=None)
        asked = looking.last(context, place.name)
        last = max(filter(None, (changed, asked)), default=None)
        interval = context.config.live.interval_seconds if asked is not None else None
        found.append(
            EnvironmentState(
                name=place.name,
                target=place.target,
                projects=len(here),
                release=here[0].release if len(here) == 1 else None,
                since=max((row.ended_at or row.started_at for row in here), default=None),
                drifts=sum(row.environment == place.name for row in standing),
                frozen=place.frozen,
                seen=last,
                stale=bool(here) and freshness.is_stale(last, now=now, interval=interval),
            )
        )
    return tuple(found)
