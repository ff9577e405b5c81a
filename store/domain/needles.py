"""Which components are worth a closer look: those in whose canonical bytes some word stands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from store.domain.component import Component

_STEP: Final = 1 << 16
"""Bytes looked at in one go: every word found in them is in memory at once."""


class Needles:
    """Words of ASCII letters with the quotes they stand in, looked for in canonical JSON, where nothing hides them.

    A look at all the objects of a component is some hundred times as long, and in most there is nothing to see.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words: Final = [word.encode("ascii") for word in words]
        self._longest: Final = max(map(len, self._words))

    @classmethod
    def of_keys(cls, keys: Iterable[str], *, also: Iterable[str] = ()) -> Needles:
        """Return needles for the keys of objects, and for other words."""
        return cls([*(f'"{key}":' for key in keys), *also])

    def any_in(self, part: Component) -> bool:
        """Say whether one of the words stands in what a component's digest is over; its noise is not looked at."""
        data = part.canonical
        return any(
            self._automaton.find_matches_as_indexes(data[begin : begin + _STEP + self._longest])
            for begin in range(0, len(data), _STEP)
        )

    @cached_property
    def _automaton(self) -> BytesAhoCorasick:
        return BytesAhoCorasick(self._words, matchkind=MatchKind.Standard, implementation=Implementation.DFA)
