"""What was worked out from parts of exports, kept for the next export that holds the same parts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from weakref import ref

Answer = TypeVar("Answer")
_MOST: Final = 8 * 1024 * 1024
_MOST_OF_TWO: Final = 64 * 1024 * 1024


class Notes(Generic[Answer]):
    """Notes of one kind on values that are told apart by identity; a note goes when its value does."""

    def __init__(self) -> None:
        self._notes: Final[dict[ref[Any], Answer]] = {}

    def get(self, value: object) -> Answer | None:
        """Return what is noted on a value, None when nothing is."""
        return self._notes.get(ref(value))

    def each(self, values: Iterable[object]) -> list[Answer | None]:
        """Return what is noted on each of many, as quickly as can be."""
        return list(map(self._notes.get, map(ref, values)))

    def put(self, value: object, note: Answer) -> Answer:
        """Note something on a value, and return that."""
        self._notes[ref(value, self._forget)] = note
        return note

    def _forget(self, gone: ref[Any]) -> None:
        self._notes.pop(gone, None)


@dataclass(kw_only=True, slots=True, eq=False)
class Memo:
    """Answers by what they follow from: the versions of one export are alike but for a few parts.

    A key holds everything that its answer depends on, so whether an answer is remembered or worked out again makes no
    difference but time. When more was weighed than `most`, all is forgotten; what is in use comes back by itself.
    """

    most: int = _MOST
    """Bytes of the parts that answers are kept of; what is worked out from them takes some times as much."""
    is_lasting: bool = True
    """Many versions are to come: it pays what makes the first two dearer, so that the later ones are quicker."""
    _answers: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _shelves: dict[str, dict[Any, Any]] = field(default_factory=dict, repr=False)
    _notes: dict[str, Notes[Any]] = field(default_factory=dict, repr=False)
    _weight: int = 0

    @classmethod
    def of_two_sides(cls) -> Memo:
        """Return a memo for one comparison: what is in it is held by the two sides anyway, and goes with them."""
        return cls(most=_MOST_OF_TWO, is_lasting=False)

    def get(self, key: Hashable) -> Any:
        """Return what was kept under `key`, None when nothing is."""
        return self._answers.get(key)

    def answer(self, key: Hashable, work: Callable[[], Answer], *, weigh: Callable[[Answer], int]) -> Answer:
        """Return what is known under `key`, else what `work` says, and remember that with its weight in bytes."""
        known: Answer | None = self._answers.get(key)
        if known is None:
            known = work()
            self.keep(key, known, weight=weigh(known))
        return known

    def keep(self, key: Hashable, answer: object, *, weight: int) -> None:
        """Remember an answer of so many bytes."""
        self.weigh(weight)
        self._answers[key] = answer

    def shelf(self, name: str) -> dict[Any, Any]:
        """Return a table of answers of one kind, to look many up at once; whoever fills it says what they weigh."""
        return self._shelves.setdefault(name, {})

    def notes(self, name: str) -> Notes[Any]:
        """Return the notes of one kind."""
        notes = self._notes.get(name)
        if notes is None:
            notes = self._notes[name] = Notes()
        return notes

    def weigh(self, weight: int) -> None:
        """Count what was put on a shelf; where that is too much, all is forgotten, and shelves are to be asked anew."""
        if self._weight + weight > self.most:
            self.forget()
        self._weight += weight

    def forget(self) -> None:
        """Forget everything."""
        self._answers.clear()
        self._shelves.clear()
        self._notes.clear()
        self._weight = 0
