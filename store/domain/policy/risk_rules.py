"""How risky a change is: the points of each fact, where the levels begin, and which components are critical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import ConfigDict

from store.domain.policy.kinds import Expression, Glob, Line, Name, Points, Risk


@dataclass(frozen=True, kw_only=True, slots=True)
class FactPoints:
    """What each built-in fact of `store.domain.risk` weighs. 0 switches a fact off."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    code_changed: Points = 10
    host_added: Points = 10
    credential_changed: Points = 15
    shell_or_file: Points = 40
    authentication_lost: Points = 50
    endpoint_open: Points = 10
    """An endpoint that anybody may call was added."""
    tls_off: Points = 20
    schedule_more_often: Points = 10
    module_added: Points = 15
    module_changed: Points = 10
    """A third-party node or connector came in another version or under another licence."""
    permission_added: Points = 15
    many_components: Points = 10
    """More components than `many` are touched."""
    component_removed: Points = 5
    critical_component: Points = 40
    outside_window: Points = 20
    secrets_present: Points = 60
    first_release: Points = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """From how many points on a change is of each level; below the first it is low."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    medium: Points = 30
    high: Points = 130
    critical: Points = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskCondition:
    """Points for what the built-in facts do not know. A condition that breaks counts as if it held."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    when: Expression
    points: Points
    because: Line


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskRules:
    """The risk engine's parameters."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    points: FactPoints = field(default_factory=FactPoints)
    thresholds: Thresholds = field(default_factory=Thresholds)
    first_release_at_most: Risk = "medium"
    """What a first release computes to at most: compared with nothing, everything in it is new."""
    many: Points = 10
    """More touched components than this are many."""
    critical: tuple[Glob, ...] = ()
    """Globs over `project/component` (its id or its name) of the components on which the house stands."""
    conditions: Mapping[Name, RiskCondition] = field(default_factory=dict)
