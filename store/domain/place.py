"""Where a release goes: a kind of target and how it is reached, and what two of these differ in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 80
"""Characters of one setting that are told."""
OF_THE_POLICY: Final = "(policy)"
"""Project and environment of a request that changes the policy; no real one can be called so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How the target of an environment is reached; what is done there by itself is no part of it."""

    target: str
    settings: Mapping[str, str]

    @property
    def words(self) -> str:
        """The whole of it in words: `folder, deliver out/prod, observe observed/prod`."""
        return ", ".join([self.target, *(f"{name} {_told(self.settings, name)}" for name in sorted(self.settings))])


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """Somebody changed where an environment delivers."""

    environment: str
    seq: int
    by: str
    what: str
    """From what to what, in words."""

    @property
    def words(self) -> str:
        """Who changed what, with the entry."""
        return f"the target of {self.environment} was changed by {self.by} (entry {self.seq}: {self.what})"


def differences(before: Place, after: Place) -> str:
    """Return in words what leads somewhere else now; empty where nothing does."""
    target = [f"target {before.target} → {after.target}"] if before.target != after.target else []
    settings = (
        f"{name} {_told(before.settings, name)} → {_told(after.settings, name)}"
        for name in sorted({*before.settings, *after.settings})
        if before.settings.get(name) != after.settings.get(name)
    )
    return ", ".join([*target, *settings])


def _told(settings: Mapping[str, str], name: str) -> str:
    value = settings.get(name)
    if value is None:
        return "nothing"
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
