"""Where the words stand that secrets are told by: all of them found in one pass over a text (Aho and Corasick, 1975).

A search for each word alone is a pass each, and there are fifty.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from store.errors import TooMuch

_STEP: Final = 1 << 18
"""Bytes looked at in one go: what is found in them is in memory at once, and a hostile text is nothing but words."""
MOST: Final = 400_000
"""Words in one text: each takes some microseconds to look at, and no export that may be read has nearly as many."""


class Words:
    """Words to look for in texts, in just these letters."""

    def __init__(self, words: Iterable[bytes]) -> None:
        self.words: Final = tuple(dict.fromkeys(words))
        self._longest: Final = max(map(len, self.words))

    def each(self, text: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (where, word) for each word between two positions, in order; the longest of those that begin alike."""
        for begin in range(start, end, _STEP):
            part = text[begin : min(begin + _STEP + self._longest - 1, end)]
            places: dict[int, bytes] = {}
            for number, at, _ in self._found(part):
                word = self.words[number]
                if at < _STEP and len(word) > len(places.get(at, b"")):
                    places[at] = word
            for at in sorted(places):
                yield begin + at, places[at]

    def anchors(self, data: bytes) -> Anchors:
        """Return where the words, all of them in lower case, stand in `data`, in whatever case.

        Raises:
            TooMuch: there are more than `MOST`.
        """
        places: dict[bytes, list[int]] = {}
        count = 0
        for begin in range(0, len(data), _STEP):
            found = self._found(data[begin : begin + _STEP + self._longest - 1].lower())
            count += len(found)
            if count > MOST:
                raise TooMuch(f"it holds more than {MOST:,} words that tell of secrets: that is no export of a tool")
            for number, at, _ in found:
                if at < _STEP:  # what begins later is found in the next step
                    places.setdefault(self.words[number], []).append(begin + at)
        return Anchors(data, places)

    def _found(self, text: bytes) -> list[tuple[int, int, int]]:
        return self._automaton.find_matches_as_indexes(text, overlapping=True)

    @cached_property
    def _automaton(self) -> BytesAhoCorasick:
        return BytesAhoCorasick(self.words, matchkind=MatchKind.Standard, implementation=Implementation.DFA)


class Anchors:
    """Where some words stand in one text. Asked as `bytes.find` is: where next, -1 where no more."""

    def __init__(self, data: bytes, places: dict[bytes, list[int]]) -> None:
        self._data = data
        self.places: Final = places
        """Word, in lower case → where it stands, in order."""

    @cached_property
    def lower(self) -> bytes:
        """The text in lower case."""
        return self._data.lower()

    def __contains__(self, word: bytes) -> bool:
        """Say whether `word`, given in lower case, stands in the text."""
        return word in self.places

    def any_of(self, words: frozenset[bytes]) -> bool:
        """Say whether any of these words, in lower case, stands in the text."""
        return not words.isdisjoint(self.places)

    def find(self, word: bytes, at: int = 0) -> int:
        """Return where `word`, given in lower case, begins next from `at` on, whatever its case there."""
        places = self.places.get(word)
        if places is None:
            return -1
        number = bisect_left(places, at) if at else 0
        return places[number] if number < len(places) else -1

    def find_exactly(self, word: bytes, at: int = 0) -> int:
        """Return where `word` begins next from `at` on, in just these letters."""
        lower = word.lower()
        at = self.find(lower, at)
        while at >= 0 and not self._data.startswith(word, at):
            at = self.find(lower, at + 1)
        return at
