r"""A long list read in runs of its items; those that an earlier text had too are not read again.

libyaml is the only one who reads: here texts are cut, at lines that begin with the dashes of the list, and how it
reads the parts says whether they may be put together. Why that tells what it reads of the whole:

- A *run* is the text from one such line to another. Its lines are blank, comments, or stand at the list's dashes or
  further right. Read alone, it must be one list without a `---`, a `...` or an alias in it (else all is read whole).
- Read alone or inside of its text, libyaml is in the same state when it comes to a run: no text, comment or bracket
  is open, what stood further right is closed by the dash, and of what lies below the list it asks nothing until
  something stands further left. So it tells the same of the run up to its end; and there nothing is open either, or
  it would not have come to an end alone. What follows, the next dash or something that stands further left than what
  is in an item, ends every text that might go on over lines, as the end of the run did when it was alone.
- The *frame*, which is what stands before and after the runs, is read with an alias in their place. It comes to that
  alias as an item of a list exactly where the text would have come to the first dash.

Values are counted as if all were read at once. Of whatever is refused only a look at the whole can say why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

import yaml
from yaml.events import SequenceStartEvent, StreamEndEvent

from store.domain.component import Json
from store.domain.memo import Memo
from store.errors import BadInput
from store.formats.safe_yaml.reader import Reader
from store.formats.safe_yaml.shared import ITEMS

_RUNS: Final = "yaml: runs"
_LEAST: Final = 4 * 1024
"""Bytes of a text that it pays to cut."""
_LEAST_ITEM: Final = 64
"""Bytes of an item on average: to begin with the next run takes as long as to read so many."""
_RUN: Final = 2 * 1024
"""Bytes of a run on average."""
_MOST_LISTS: Final = 16
"""Lists that are looked at to find the one that most of a text is."""
_PLACE: Final = "runs"
_DASH: Final = re.compile(rb"^( {0,40}+)- ", re.MULTILINE)
"""Where a list begins; deeper ones are in others."""


@dataclass(frozen=True, slots=True)
class _Run:
    items: list[Json]
    count: int
    """How many values they are, with those in them."""


@dataclass(frozen=True, slots=True)
class _List:
    """Where a list stands in a text: from its first dash to before the first line that is not in it."""

    column: int
    begin: int
    end: int


class _Doubt(Exception):
    """Only a look at the whole can say what it holds."""


def in_runs(data: bytes, memo: Memo) -> list[Json] | None:
    """Return the documents of a text in UTF-8, of which only what `memo` does not know is read, and tell it that.

    None: only a look at the whole can say what they are, or it is quicker.
    """
    found = _longest(data) if len(data) >= _LEAST else None
    if found is None:
        return None
    texts = _texts(data, found)
    if not texts:
        return None
    known: list[_Run | None] = list(map(memo.shelf(_RUNS).get, texts))
    new: dict[bytes, _Run] = {}
    try:
        for at, run in enumerate(known):
            if run is None:
                text = texts[at]
                known[at] = new[text] = new.get(text) or _run(text, found.column)
        documents = _Frame.around(data, found, [run for run in known if run is not None]).documents()
    except (BadInput, yaml.YAMLError, _Doubt):
        return None
    memo.weigh(sum(map(len, new)))
    memo.shelf(_RUNS).update(new)
    memo.shelf(ITEMS).update((id(item), item) for run in new.values() for item in run.items)
    return documents


def _longest(data: bytes) -> _List | None:
    """Return the list that is half of a text or more, None where there is none among the first."""
    at = 0
    for _ in range(_MOST_LISTS):
        dash = _DASH.search(data, at)
        if dash is None:
            return None
        column = len(dash[1])
        after = _after(column).search(data, dash.end())
        at = after.start() + 1 if after is not None else len(data)
        if 2 * (at - dash.start()) >= len(data):
            return _List(column=column, begin=dash.start(), end=at)
    return None


def _after(column: int) -> re.Pattern[bytes]:
    r"""Return what a line begins with that is not in a list: further left, or where its dashes stand, and none.

    That is only said of what cannot be blank and cannot be taken for it: a tab may be, and so may all beyond ASCII.
    """
    left = rb" {0,%d}[!\"$-~]|" % (column - 1) if column else b""
    return re.compile(rb"\n(?:%b {%d}(?:[!\"$-,.-~]|-[!-~]))" % (left, column))


def _texts(data: bytes, found: _List) -> list[bytes]:
    """Return the runs of a list, cut small enough for a changed item to take few others along.

    Whether a run ends with an item follows from that item alone, and so not from what changed elsewhere.
    """
    dash = b"\n%b- " % (b" " * found.column)
    first, *others = data[found.begin : found.end].split(dash)
    if (found.end - found.begin) < _LEAST_ITEM * len(others):
        return []
    texts: list[bytes] = []
    run = [first]
    for item in others:
        if crc32(last := run[-1]) * _RUN >= len(last) << 32:
            run.append(item)
        else:
            texts.append(dash.join(run) + b"\n")
            run = [dash[1:] + item]
    texts.append(dash.join(run))
    return texts


def _run(text: bytes, column: int) -> _Run:
    """Return what a run holds.

    Raises:
        BadInput, YAMLError: it cannot be read by itself.
        _Doubt: there is something in it that may mean something else between others, or for others.
    """
    reader = Reader.of(text)
    _, _, begin = reader.next_event(), reader.next_event(), reader.next_event()
    if type(begin) is not SequenceStartEvent:
        raise _Doubt
    items = reader.sequence(_depth(column))
    end, after = reader.next_event(), reader.next_event()
    if end.explicit or type(after) is not StreamEndEvent or reader.aliases:
        raise _Doubt
    return _Run(items=items, count=reader.count)


def _depth(column: int) -> int:
    """Return how deep a list may be whose dashes stand in a column: below a mapping and a list in each up to there."""
    return 2 * (column + 1)


@dataclass(kw_only=True)
class _Frame(Reader):
    """Reads what stands around the runs, and puts them into their place."""

    at: int
    """Where in the text their place is."""
    runs: Sequence[_Run] = field(repr=False)
    here: dict[str, Json] = field(default_factory=dict)
    """Stands for them until their list is complete."""
    is_placed: bool = False

    @classmethod
    def around(cls, data: bytes, found: _List, runs: Sequence[_Run]) -> _Frame:
        """Return the reader of a text without the runs of a list."""
        before, after = data[: found.begin] + b" " * found.column + b"- ", data[found.end :]
        if b"%TAG" in before or b"%TAG" in after:  # then a tag may mean something else than in a run alone
            raise _Doubt
        text = b"%b*%b\n%b" % (before, _PLACE.encode(), after)
        return cls(next_event=Reader.of(text).next_event, at=len(before.decode()), runs=runs)

    def documents(self) -> list[Json]:
        """Return the documents of the text.

        Raises:
            BadInput, YAMLError: they cannot be read.
            _Doubt: libyaml did not come to the place of the runs, or to some other alias.
        """
        found = super().documents()
        if not self.is_placed:
            raise _Doubt
        return found

    def alias(self, event: Any) -> Json:
        if event.anchor != _PLACE or event.start_mark.index != self.at:
            raise _Doubt
        self.counted(sum(run.count for run in self.runs))
        self.is_placed = True
        return self.here

    def sequence(self, depth: int) -> list[Json]:
        items = super().sequence(depth)
        if self.is_placed and self.runs:
            for at, item in enumerate(items):
                if item is self.here:
                    items[at : at + 1] = [item for run in self.runs for item in run.items]
                    self.runs = ()
                    break
        return items
