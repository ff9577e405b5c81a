"""The semantic diff as frozen values, and as the JSON document of `diff --json` (docs/diff.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from store.domain.component import Connector, Json, Notice, Path
from store.domain.impact import Impact


class Change(StrEnum):
    """What happened to a component."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    """It has another name or another id; its fields say what else changed."""
    NOISE = "noise"
    """Only what says nothing about behaviour: a position on the canvas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One value that differs. Secrets are already taken out of `path`, `old` and `new`."""

    path: str
    """For people: `Parse order.func`."""
    at: Path
    """For rules: where it stands in the component's content, in ids."""
    old: Json
    """None also when it was not there (`added`)."""
    new: Json
    """None also when it is not there any more (`removed`)."""
    noise: bool
    added: bool = False
    removed: bool = False
    told: bool = False
    """The component's `words` say it already: where a part sends its messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeChange:
    """A code field that differs, line by line."""

    field: str
    language: str
    unified: str
    """Unified hunks without file names; secrets are taken out."""
    at: Path = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentChange:
    """One component that differs."""

    id: str
    name: str
    kind: str
    change: Change
    fields: tuple[FieldChange, ...] = ()
    code: tuple[CodeChange, ...] = ()
    words: tuple[str, ...] = ()
    """The wiring in words, and what it was called before."""
    old_id: str | None = None
    """Set when the component came back under another id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """Everything that differs between two exports, releases or states."""

    components: tuple[ComponentChange, ...] = ()
    old_connectors: tuple[Connector, ...] = ()
    new_connectors: tuple[Connector, ...] = ()
    notices: tuple[Notice, ...] = ()
    """What a reviewer should see on the new side, whether it is new or not."""
    standing: tuple[Notice, ...] = ()
    """Those of them that the impact does not tell: they were there before and have not changed."""
    impact: Impact = field(default=Impact())
    """What the change does to permissions and connectors."""

    @property
    def connectors_added(self) -> tuple[Connector, ...]:
        """Connectors that were not there before, in this version; who uses them does not matter."""
        return _without(self.new_connectors, self.old_connectors)

    @property
    def connectors_removed(self) -> tuple[Connector, ...]:
        """Connectors that are not there any more, in this version."""
        return _without(self.old_connectors, self.new_connectors)

    @property
    def noise_fields(self) -> int:
        """How many fields differ that say nothing about behaviour."""
        return sum(field.noise for component in self.components for field in component.fields)

    def count(self, change: Change) -> int:
        """Return how many components changed in this way."""
        return sum(1 for component in self.components if component.change is change)

    @property
    def is_empty(self) -> bool:
        """Nothing differs that says anything about behaviour."""
        quiet = all(component.change is Change.NOISE for component in self.components)
        return quiet and not self.connectors_added and not self.connectors_removed and not self.impact.facts

    def to_json(self) -> dict[str, Json]:
        """Return the document that `diff --json` prints."""
        return {
            "summary": {**{change.value: self.count(change) for change in Change}, "noise_fields": self.noise_fields},
            "impact": [fact.to_json() for fact in self.impact.facts],
            "components": [_component(component) for component in self.components],
            "connectors": {
                "added": _connectors(self.connectors_added),
                "removed": _connectors(self.connectors_removed),
            },
            "notices": [
                {"code": notice.code, "component": notice.component, "detail": notice.detail} for notice in self.notices
            ],
        }


def _component(component: ComponentChange) -> Json:
    return {
        "id": component.id,
        "name": component.name,
        "kind": component.kind,
        "change": component.change.value,
        "fields": [
            {
                "path": field.path,
                "old": field.old,
                "new": field.new,
                "noise": field.noise,
                "added": field.added,
                "removed": field.removed,
            }
            for field in component.fields
        ],
        "code": [{"field": code.field, "language": code.language, "unified": code.unified} for code in component.code],
        "words": list(component.words),
        "old_id": component.old_id,
    }


def _connectors(connectors: Sequence[Connector]) -> list[Json]:
    return [
        {
            "kind": connector.kind,
            "name": connector.name,
            "version": connector.version,
            "licence": connector.licence,
            "components": list(connector.components),
        }
        for connector in connectors
    ]


def _without(some: Sequence[Connector], others: Sequence[Connector]) -> tuple[Connector, ...]:
    known = {_identity(connector) for connector in others}
    return tuple(connector for connector in some if _identity(connector) not in known)


def _identity(connector: Connector) -> tuple[str | None, ...]:
    return connector.kind, connector.name, connector.version, connector.ref
