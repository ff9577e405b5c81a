"""What a change does to permissions and connectors: the facts that a reviewer, a gate and the risk weigh.

`impact(before, after)` takes two exports (`Parsed`) or whatever else has components, connectors and notices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from store.domain.component import Component, Connector, Notice
from store.domain.impact.connecting import connector_facts
from store.domain.impact.facts import Code, Direction, Fact, Impact, is_about_connector
from store.domain.impact.permitting import permission_facts

__all__ = ["Code", "Direction", "Exported", "Fact", "Impact", "Surface", "impact"]

_ORDER: Final = {Direction.WIDER: 0, Direction.OTHER: 1, Direction.NARROWER: 2}
_PLACES: Final = {code: place for place, code in enumerate(Code)}


class Exported(Protocol):
    """One side of a change, as far as this needs it: `Parsed` is one."""

    @property
    def components(self) -> Sequence[Component]: ...

    @property
    def connectors(self) -> Sequence[Connector]: ...

    @property
    def notices(self) -> Sequence[Notice]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """What of a release (several exports) the outside can reach and what it reaches."""

    components: tuple[Component, ...] = ()
    connectors: tuple[Connector, ...] = ()
    notices: tuple[Notice, ...] = ()


def impact(before: Exported, after: Exported, *, returned: Mapping[str, str] | None = None) -> Impact:
    """Return what changes from `before` to `after` for connectors and permissions; `impact(a, a)` is empty.

    `returned` names components that came back under another id (new id → old id, `renames.returned`); worked out
    where it is not given.
    """
    if returned is None:
        from store.domain.diff.renames import returned as came_back  # a diff holds an impact

        returned = came_back(before.components, after.components)
    facts = [*permission_facts(before, after, returned), *connector_facts(before, after, returned)]
    facts.sort(key=lambda fact: (is_about_connector(fact), _ORDER[fact.direction], _PLACES[fact.code]))
    return Impact(facts=tuple(facts))
