"""What the frame of the console (status line, tab line) is given to draw: frozen facts, read by nobody's rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFacts:
    """One environment in the strip of the first line."""

    name: str
    status: str
    """A word of `words.STATUSES`: `ok`, `drift`, `failed`, `frozen`, `stale`, `empty`, `unknown`."""
    protected: bool = False
    """Whether this is production: its name is typed before anything changes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainFacts:
    """What is known about the ledger's own soundness."""

    status: str
    """A word of `words.STATUSES`: `verified`, `unknown`, `unsigned`, `invalid`, `diverged`, `shorter`."""
    entries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameFacts:
    """Everything the first two lines of the screen say."""

    workspace: str
    who: str | None = None
    environments: tuple[EnvironmentFacts, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Place id → what waits there (`triage` → 9); zero is not shown."""
    mine: int = 0
    """How much of what needs somebody whoever looks can handle."""
    chain: ChainFacts = ChainFacts(status="unknown", entries=0)
    banner: str | None = None
    """What everybody has to know whatever they look at: glass is broken, by whom, where, until when."""
    read_only: str | None = None
    """Why nothing can be changed (`another user holds the write lock`), in words; None when it can."""
