"""The inventory of connectors: every host, module, connection and credential, where, since when, and what is new.

Pure: it folds sightings (a list of connectors that stood in an export between two entries) into items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

import orjson

from store.domain.component import Connector, Json
from store.errors import IntegrityFailure
from store.integrity.canonical import canonical_bytes

Key: TypeAlias = tuple[str, str, str]
"""Kind, name, the platform's own id (empty where it has none)."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Use:
    """A component that uses a connector; without a component it belongs to the installation as a whole."""

    project: str
    environment: str
    component: str
    name: str = field(default="", compare=False)
    """What people call the component."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instant:
    """An entry and its time."""

    seq: int
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """Connectors that stood together under one name of a project in an environment."""

    project: str
    environment: str
    connectors: tuple[Connector, ...]
    first: Instant
    last: Instant
    current: bool
    """It is what stands there now; what is not current was there once."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Component id → what people call it."""


class Since(StrEnum):
    """What became of a connector since the last review."""

    SAME = "same"
    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One connector of the inventory."""

    kind: str
    name: str
    ref: str = ""
    versions: tuple[str, ...] = ()
    """Those in use now; where it is not in use any more, those it had last."""
    licences: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    """Where it is used now; empty where it is gone."""
    first: Instant
    last: Instant
    since: Since = Since.NEW
    words: tuple[str, ...] = ()
    """What changed since the last review."""

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.kind, self.name, self.ref

    @property
    def in_use(self) -> bool:
        """Something uses it now."""
        return bool(self.uses)


def fold(sightings: Iterable[Sighting]) -> tuple[Item, ...]:
    """Return every connector that was ever seen, by kind and name."""
    found: dict[Key, list[tuple[Sighting, Connector]]] = {}
    for sighting in sightings:
        for link in sighting.connectors:
            found.setdefault((link.kind, link.name, link.ref or ""), []).append((sighting, link))
    return tuple(_item(key, found[key]) for key in sorted(found))


def _item(key: Key, seen: Sequence[tuple[Sighting, Connector]]) -> Item:
    now = [pair for pair in seen if pair[0].current]
    newest = max(sighting.last.seq for sighting, _ in seen)
    telling = now or [pair for pair in seen if pair[0].last.seq == newest]
    return Item(
        kind=key[0],
        name=key[1],
        ref=key[2],
        versions=tuple(sorted({link.version for _, link in telling if link.version})),
        licences=tuple(sorted({link.licence for _, link in telling if link.licence})),
        uses=tuple(sorted({use: use for sighting, link in now for use in _uses(sighting, link)})),
        first=min((sighting.first for sighting, _ in seen), key=lambda at: at.seq),
        last=max((sighting.last for sighting, _ in seen), key=lambda at: at.seq),
    )


def _uses(sighting: Sighting, link: Connector) -> Iterable[Use]:
    for component in link.components or ("",):
        yield Use(
            project=sighting.project,
            environment=sighting.environment,
            component=component,
            name=sighting.names.get(component, component),
        )


def snapshot(items: Iterable[Item]) -> bytes:
    """Return the canonical bytes of what is in use: what a review puts its signature under."""
    return canonical_bytes([
        {
            "kind": item.kind,
            "name": item.name,
            "ref": item.ref,
            "versions": list(item.versions),
            "licences": list(item.licences),
            "uses": [[use.project, use.environment, use.component] for use in item.uses],
        }
        for item in items
        if item.in_use
    ])  # fmt: skip


def compared(items: Iterable[Item], reviewed: bytes | None) -> tuple[Item, ...]:
    """Return the items with what became of each since a review's snapshot (None: there was no review yet).

    What was gone before the review and is still gone is the same.

    Raises:
        IntegrityFailure: `reviewed` is no snapshot.
    """
    if reviewed is None:
        return tuple(replace(item, since=Since.NEW if item.in_use else Since.SAME) for item in items)
    before = _read(reviewed)
    return tuple(_since(item, before.get(item.key)) for item in items)


def _since(item: Item, was: Mapping[str, Any] | None) -> Item:
    if was is None:
        return replace(item, since=Since.NEW if item.in_use else Since.SAME)
    if not item.in_use:
        return replace(item, since=Since.GONE, words=("nothing uses it any more",))
    words = []
    for name, old, new in (("version", was["versions"], item.versions), ("licence", was["licences"], item.licences)):
        if list(old) != list(new):
            words.append(f"{name} {', '.join(old) or 'unknown'} → {', '.join(new) or 'unknown'}")
    old_uses = {tuple(use) for use in was["uses"]}
    new_uses = {(use.project, use.environment, use.component): use for use in item.uses}
    words += [f"now also used by {shown(new_uses[key])}" for key in new_uses if key not in old_uses]
    words += [
        f"no longer used by {'/'.join(part for part in key if part)}" for key in sorted(old_uses - new_uses.keys())
    ]
    return replace(item, since=Since.CHANGED if words else Since.SAME, words=tuple(words))


def shown(use: Use) -> str:
    """Return a use in words: `prod/orders: Order intake`."""
    place = f"{use.environment}/{use.project}"
    return f"{place}: {use.name or use.component}" if use.component else place


def _read(reviewed: bytes) -> dict[Key, Mapping[str, Any]]:
    try:
        rows = orjson.loads(reviewed)
        return {(row["kind"], row["name"], row["ref"]): row for row in rows}
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise IntegrityFailure("the archived inventory of the last connector review cannot be read") from error


def to_json(item: Item) -> dict[str, Json]:
    """Return an item as `connectors --json` prints it."""
    return {
        "kind": item.kind,
        "name": item.name,
        "ref": item.ref or None,
        "versions": list(item.versions),
        "licences": list(item.licences),
        "in_use": item.in_use,
        "uses": [
            {"project": use.project, "environment": use.environment, "component": use.component, "name": use.name}
            for use in item.uses
        ],
        "first": {"seq": item.first.seq, "time": item.first.time},
        "last": {"seq": item.last.seq, "time": item.last.time},
        "since_review": item.since.value,
        "words": list(item.words),
    }
