"""What an environment asks before a release may enter it: one section a gate, absent where it does not run.

`artifact-intact`, `schema-valid`, `secrets-clean` and `approvals` run everywhere and have no parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar, Final

from pydantic import ConfigDict

from store.domain.policy.kinds import Clock, Count, Day, Glob, Hours, Line, Name, Pattern, Weekday, Zone

_CLOSED = ConfigDict(extra="forbid")


def hyphened(name: str) -> str:
    """Return how the section of a gate is called in TOML and everywhere else: as the gate is."""
    return name.replace("_", "-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Naming:
    """`naming`: names follow these patterns, whole."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    components: Pattern | None = None
    files: Pattern | None = None
    releases: Pattern | None = None
    """The title of the request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """What is allowed and denied, as globs. Denied wins; without `allow` everything else is allowed."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    allow: tuple[Glob, ...] | None = None
    deny: tuple[Glob, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectorsAllowed:
    """`connectors-allowed`: hosts that are spoken to, modules that nodes come from, their licences."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    hosts: Lists = field(default_factory=Lists)
    modules: Lists = field(default_factory=Lists)
    licences: Lists = field(default_factory=Lists)
    unknown_licence: bool = True
    """A module whose licence nobody knows is allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeastPrivilege:
    """`least-privilege`: what a change may be able to do."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    open_endpoints: bool = False
    shell: bool = False
    files: bool = False
    except_components: tuple[Glob, ...] = ()
    """Globs over `project/component` to which this does not apply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestsPassed:
    """`tests-passed`: a JUnit XML bound to the release's digest."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    least: Count = 1
    most_skipped: Count = 1_000_000
    max_age_hours: Hours = 0
    """0: of any age."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityScan:
    """`security-scan`: a SARIF bound to the release's digest, with at most so many results of each level."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    errors: Count = 0
    warnings: Count = 1_000_000
    notes: Count = 1_000_000
    max_age_hours: Hours = 0
    tools: tuple[Line, ...] = ()
    """Globs of the tools that count; none: any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotedFrom:
    """`promoted-from`: the same digest was live there, free of drift, for the soak time."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    environment: Name | None = None
    """None: the environment's baseline."""
    soak_hours: Hours = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """One span of the week; one that ends before it begins goes on over midnight."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    start: Clock = "00:00"
    end: Clock = "24:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeWindow:
    """`change-window`: when deployments may happen."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    time_zone: Zone = "UTC"
    windows: tuple[Window, ...] = ()
    holidays: tuple[Day, ...] = ()
    """Days without any window: 2026-12-24, or 12-24 for every year."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackReady:
    """`rollback-ready`: what would be restored exists and its bytes verify."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    rehearsed_in: Name | None = None
    """A rollback of this release was rehearsed in that environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoFreeze:
    """`no-freeze`: nobody froze the environment (refused at deployment anyway; as a gate it shows on submit)."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSpec:
    """`environment-spec`: a machine-readable specification of the target, by digest, travels along."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    keys: tuple[Line, ...] = ()
    """What it has to say at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """The gates for entry into one environment."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", alias_generator=hyphened)
    naming: Naming | None = None
    connectors_allowed: ConnectorsAllowed | None = None
    least_privilege: LeastPrivilege | None = None
    tests_passed: TestsPassed | None = None
    security_scan: SecurityScan | None = None
    promoted_from: PromotedFrom | None = None
    change_window: ChangeWindow | None = None
    rollback_ready: RollbackReady | None = None
    no_freeze: NoFreeze | None = None
    environment_spec: EnvironmentSpec | None = None


SECTIONS: Final = tuple(hyphened(one.name) for one in fields(Gates))
"""The names of the gates that run where the policy has a section for them."""
