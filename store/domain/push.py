"""What a push did: which components are as meant, which are as before, and what about those that are neither."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from store.domain import events as ev

MOST_NAMED: Final = 500
"""Components that one entry names in each list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How far a push came that failed: every component it should have changed stands in exactly one list."""

    changed: tuple[str, ...]
    """As they were meant to be, and not before."""
    unsure: tuple[str, ...]
    """Neither as they were nor as meant; all of them, where what is live could not be read."""
    untouched: tuple[str, ...]
    """As they were."""

    def in_words(self) -> str:
        """Return the numbers: `2 of 5 components are changed, 3 are untouched`."""
        total = len(self.changed) + len(self.unsure) + len(self.untouched)
        parts = [f"{len(self.changed)} of {total} components are changed"]
        parts += [f"{len(self.untouched)} are untouched"] if self.untouched else []
        parts += [f"{len(self.unsure)} are in an unknown state"] if self.unsure else []
        return ", ".join(parts)


def failed_at(failed: ev.DeploymentFailed, reach: Reach | None) -> ev.DeploymentFailed:
    """Return the event with how far the push came; as it is where that is not known."""
    if reach is None:
        return failed
    changed, unsure, untouched = (ids[:MOST_NAMED] for ids in (reach.changed, reach.unsure, reach.untouched))
    return replace(failed, changed=changed, unsure=unsure, untouched=untouched)


def reach_of(
    before: Mapping[str, str], meant: Mapping[str, str], now: Mapping[str, str] | None, *, gone: Collection[str] | None
) -> Reach:
    """Return how far a push came, from component digests before it, as meant, and now (None: could not be read).

    `gone` are the components that should be gone; None where everything should that is not meant.
    """
    leaving = {*before} - {*meant} if gone is None else {*gone} & {*before}
    to_do = sorted(part for part in {*meant, *leaving} if before.get(part) != meant.get(part))
    if now is None:
        return Reach(changed=(), unsure=tuple(to_do), untouched=())
    changed = tuple(part for part in to_do if now.get(part) == meant.get(part))
    untouched = tuple(part for part in to_do if now.get(part) == before.get(part))
    return Reach(
        changed=changed,
        unsure=tuple(part for part in to_do if part not in {*changed, *untouched}),
        untouched=untouched,
    )


def taken_back(
    before: Mapping[str, str], meant: Mapping[str, str], gone: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the components that an undo removed and those it restored, from what stood there before it."""
    removed = tuple(sorted(part for part in gone if part in before))
    return removed, tuple(sorted(part for part, digest in meant.items() if before.get(part) != digest))


def mismatch(meant: Mapping[str, str], now: Mapping[str, str], *, about: Collection[str] | None) -> str | None:
    """Return, in words, which components are not as meant, None when all are.

    `about` are the components that count; None for all of both.
    """
    odd = sorted(
        part for part in {*meant, *now} if now.get(part) != meant.get(part) and (about is None or part in about)
    )
    return f"{len(odd)} components are not as pushed: {', '.join(odd[:5])}" if odd else None


def is_between(now: Mapping[str, str], sides: Sequence[Mapping[str, str]], *, known: Mapping[str, str | None]) -> bool:
    """Say whether everything is as one of the `sides` has it, there or gone, or as it is `known` to be."""
    return all(
        any(side.get(part) == now.get(part) for side in sides) or (part in known and known[part] == now.get(part))
        for part in {*now}.union(*sides)
    )


def left_behind(component: str, live: str | None, *, meant: Mapping[str, str]) -> bool:
    """Say whether a drifted component is what an interrupted push meant to bring: nobody else's change."""
    return live == meant.get(component)
