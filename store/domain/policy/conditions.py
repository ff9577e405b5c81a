"""Rules of the house that the built-in gates do not know, in CEL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from store.domain.policy.kinds import Expression, Glob, Line


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A gate of one's own: in these places `require` must hold. One that breaks has not held."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    require: Expression
    because: Line
    """The reason given when it does not hold."""
    unblock: Line | None = None
    projects: tuple[Glob, ...] = ("*",)
    environments: tuple[Glob, ...] = ("*",)
