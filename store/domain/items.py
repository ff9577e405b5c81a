"""The items of a JSON list, as it is laid out in its bytes: the versions of one export have most of theirs in common.

A JSON list is what stands between its commas, so when each piece is one object, the whole is the list of them. What
somebody works out of one item alone is kept as a note on it (`Memo.notes`), and not worked out again for the next
version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from store.domain.component import Json
from store.domain.memo import Memo, Notes

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, weakref_slot=True)
class Item:
    """One object of a list. Lists share it, so nobody changes it."""

    text: bytes = field(repr=False)
    """As it stands in the list, with the blanks before it."""
    value: dict[str, Json] = field(repr=False)
    has_float: bool
    """As `strict_json.Document` says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How one item ends and the next begins: as Node-RED writes and sends lists, and as it writes them to be read."""

    open: bytes
    begin: bytes
    end: bytes
    comma: bytes
    close: bytes


class Mark:
    """Stands for one list: what is noted on it is known for as long as the list or its successor is."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Items:
    """A JSON list of objects, as it is laid out in its bytes."""

    data: bytes = field(repr=False)
    each: list[Item] = field(repr=False)
    starts: list[int] = field(repr=False)
    """Where each item's text begins in the bytes."""
    style: Style
    fresh: int
    """How many of them were not known before."""
    memo: Memo = field(repr=False)
    """Where notes on them are kept."""
    mark: Mark = field(default_factory=Mark)
    carried: Carried | None = None

    def note(self, name: str, work: Callable[[], T]) -> T:
        """Return what is noted on this list under `name`, else what `work` says, and note that."""
        notes: Notes[T] = self.memo.notes(name)
        known = notes.get(self.mark)
        return notes.put(self.mark, work()) if known is None else known

    def changed(self) -> tuple[int, int]:
        """Return from where to where items stand that the list before did not have there: all of them without one."""
        if self.carried is None:
            return 0, len(self.each)
        return self.carried.head, len(self.each) - (self.carried.count - self.carried.tail)


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What a list has in common with the one before it, so that what was worked out of that can be gone on from."""

    before: Mark
    count: int
    """How many items the list before had."""
    head: int
    """So many items at the beginning are the same ones."""
    tail: int
    """From this one of the earlier list on they are the same ones up to the end."""

    def spliced(self, earlier: list[T], between: list[T]) -> list[T]:
        """Return what was worked out of each item of the earlier list with what is new between."""
        return [*earlier[: self.head], *between, *earlier[self.tail :]]


def each_noted(memo: Memo, name: str, each: Sequence[Item], work: Callable[[Item], T]) -> list[T]:
    """Return what is noted on each item under `name`; what `work` says of those on which nothing is, and note that."""
    notes: Notes[T] = memo.notes(name)
    known: list[Any] = notes.each(each)
    if None in known:
        return [notes.put(each[at], work(each[at])) if note is None else note for at, note in enumerate(known)]
    return known


Cut: TypeAlias = Callable[[bytes], Items | None]
"""Bytes → their items; None where only a look at the whole can say what they hold."""
