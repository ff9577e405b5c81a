"""The gate about the way a release came: promoted-from, and the stretches of time it was live and free of drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.gates.verdict import Verdict, bad, good, some


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A span of time in which exactly this release was live there and no drift stood."""

    since: str
    until: str

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return parse_timestamp(self.until) - parse_timestamp(self.since)


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """What the environment before saw of the release."""

    environment: str
    release: str
    stretches: tuple[Stretch, ...]
    alike: tuple[str, ...]
    """Deployments there of what only looks the same: equal components in other bytes, or a digest that begins alike."""
    was_live: bool
    soak_hours: int


def promoted_from(seen: Came) -> Verdict:
    """Let a release pass that was live, byte for byte, in the environment before, free of drift for the soak time."""
    first = f"deploy it to {seen.environment} first, then: quarterdeck promote ID --to …"
    if not seen.was_live and seen.alike:
        return bad(f"what was live in {seen.environment} only looks the same: {some(seen.alike)}", first)
    if not seen.was_live:
        return bad(f"the release {seen.release[:12]} was never live in {seen.environment}", first)
    if not seen.stretches:
        return bad(
            f"it was never live in {seen.environment} without drift",
            f"settle the drift: quarterdeck drift list --env {seen.environment}",
        )
    longest = max(seen.stretches, key=lambda one: one.length)
    soak = timedelta(hours=seen.soak_hours)
    if longest.length < soak:
        ready = timestamp(parse_timestamp(seen.stretches[-1].since) + soak)
        return bad(
            f"it was live and free of drift in {seen.environment} for {_words(longest.length)},"
            f" {seen.soak_hours} hours are the least",
            f"wait until {ready}, if it stays live there without drift",
        )
    return good(f"live and free of drift in {seen.environment} from {longest.since} for {_words(longest.length)}")


def stretches(
    deployed: Sequence[ev.Recorded], drifts: Iterable[ev.Recorded], *, manifest: str, at: str
) -> tuple[Stretch, ...]:
    """Return when the release with this manifest was live, without the spans in which any drift stood.

    `deployed` are the verified deployments of the project there, `drifts` the entries about drift, oldest first.
    """
    ends = [*((one.time, _manifest(one)) for one in deployed), (at, "")]
    live = [(begin[0], end[0]) for begin, end in pairwise(ends) if begin[1] == manifest]
    dirty = _dirty(drifts, at)
    found: list[tuple[datetime, datetime]] = []
    for begin, end in _joined(live):
        found += _without(begin, end, dirty)
    return tuple(Stretch(since=timestamp(begin), until=timestamp(end)) for begin, end in found)


def _manifest(record: ev.Recorded) -> str:
    return record.event.target.manifest if isinstance(record.event, ev.DeploymentVerified) else ""


def _joined(spans: Iterable[tuple[str, str]]) -> list[tuple[datetime, datetime]]:
    """Return spans as instants, those that touch made one: a second deployment of the same interrupts nothing."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in ((parse_timestamp(one), parse_timestamp(other)) for one, other in spans):
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        elif end >= begin:
            found.append((begin, end))
    return found


def _dirty(drifts: Iterable[ev.Recorded], at: str) -> list[tuple[datetime, datetime]]:
    """Return the spans in which a drift stood, acknowledged or not."""
    begun: dict[str, datetime] = {}
    spans: list[tuple[datetime, datetime]] = []
    for record in drifts:
        match record.event:
            case ev.DriftOpened(drift=drift) | ev.DriftChanged(drift=drift):
                begun.setdefault(drift, parse_timestamp(record.time))
            case ev.DriftResolved(drift=drift) if drift in begun:
                spans.append((begun.pop(drift), parse_timestamp(record.time)))
            case _:
                pass
    now = parse_timestamp(at)
    return sorted([*spans, *((since, max(now, since)) for since in begun.values())])


def _without(
    begin: datetime, end: datetime, dirty: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for since, until in dirty:
        if until <= begin or since >= end:
            continue
        if since > begin:
            found.append((begin, since))
        begin = max(begin, until)
        if begin >= end:
            return found
    return [*found, (begin, end)]


def _words(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
