"""The YAML that tools and most people write, read line by line: a third of the time that reading anything takes.

Lines like `- key: value`, with texts, numbers and quotes that end where they begin, and a text that goes on in the
next line. Whatever is more than that (flow lists, tags, anchors, blocks of text, escapes, tabs, a key twice) is left
to libyaml, so that nothing here ever has to judge: what is read means the same there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias, Union

from store.domain.component import Json
from store.formats.yaml_scalars import plain_scalar

_Box: TypeAlias = Union[list[Json], dict[str, Json]]

_DEEPEST: Final = 100
_MOST_FOLDED: Final = 2_000
"""Characters of a text that may go on in a next line, which writes it anew."""
_ASCII: Final = bytes(range(0x20, 0x7F)) + b"\n"
_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Tabs, what ends lines beside the usual, and what libyaml refuses."""
_LINE: Final = re.compile(
    r"( *)((?:- )*+)"
    r"(?:([A-Za-z0-9_][A-Za-z0-9_./-]{0,100}+(?: [A-Za-z0-9_./-]{1,100}+){0,4}+):(?:(?=\n)| (?=[^ \n])))?"
    r"(?:((?:[^\n !\"#%&'*,:>?@\[\]`{|}-]|-(?=[0-9]))(?:[^\n:#]++|:(?=[^ \n])|(?<! )#)*+(?<! ))"
    r"|(\"[^\n\"\\]*+\"|'(?:[^\n']|'')*+'|\[\]|\{\}))?\n"
    r"|([^\n]*+\n)"
)
"""Indent, dashes, key, and its value: plain, or in quotes or empty brackets; else a line as a whole.

A key is shorter than the 1,024 characters that YAML allows in a line with its value.
"""


class NotPlain(Exception):
    """Only libyaml can say what a text means, or what is wrong with it."""


def plain_document(text: str, *, most: int) -> Json:
    """Return the one document that a text is, in which there are at most `most` keys and values.

    Raises:
        NotPlain: there may be more to it.
    """
    text = text.removeprefix("---\n").replace("\r\n", "\n")
    if 2 * text.count("\n") + text.count("- ") + 4 > most or _is_odd(text):
        raise NotPlain
    return _Lines().read(text if text.endswith("\n") else text + "\n")


def _is_odd(text: str) -> bool:
    return bool(text.encode().translate(None, _ASCII)) if text.isascii() else _ODD.search(text) is not None


def _quoted(text: str) -> Json:
    if text[0] == '"':
        return text[1:-1]
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return [] if text == "[]" else {}


@dataclass(kw_only=True, slots=True)
class _Lines:
    """Builds a document from its lines: the lists and mappings that are open, outer before inner."""

    boxes: list[_Box] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    """Where the lines of each stand."""
    pending: str | None = None
    """The key of the innermost mapping whose value comes in the next lines, if any does."""
    folding: str | None = None
    """The key there whose text may go on in the next line, and what it is so far."""
    folded: str = ""

    def read(self, text: str) -> Json:
        for match in _LINE.finditer(text):
            indent, dashes, key, plain, quoted, other = match.groups()
            column = len(indent or "")
            if key is None and (plain is None or not dashes) and (quoted is None or not dashes):
                self._between(column, dashes, plain, quoted, other)
                continue
            if not self.boxes:
                self._open([] if dashes else {}, 0)
            if dashes:
                items = self._items(column, dashes)
                if key is None:
                    items.append(_quoted(quoted) if plain is None else plain_scalar(plain))
                    continue
                members: dict[str, Json] = {}
                items.append(members)
                self._open(members, column + len(dashes))
            else:
                members = self._members(column)
            if key in members:
                raise NotPlain
            self.folding = None
            if plain is not None:
                members[key] = plain_scalar(plain)
                self.folding, self.folded = key, plain
            elif quoted is not None:
                members[key] = _quoted(quoted)
            else:
                self.pending = key
        if not self.boxes:
            raise NotPlain
        self._settle()
        return self.boxes[0]

    def _between(self, column: int, dashes: str, plain: str | None, quoted: str | None, other: str | None) -> None:
        """Take a line without a key or a dash: empty, of comment, or one in which the text before it goes on."""
        if plain is not None:
            self._go_on(column, plain)
        elif dashes or quoted is not None or (other is not None and not other.lstrip(" ").startswith("#")):
            raise NotPlain
        else:
            self.folding = None

    def _items(self, column: int, dashes: str) -> list[Json]:
        """Return the list that the last of the dashes of a line belongs to; each of them begins an item."""
        if self.pending is not None and column >= self.columns[-1]:  # it need not stand deeper than its key
            self._open_below([], column)
        box = self._at(column)
        if not isinstance(box, list):
            raise NotPlain
        for further in range(2, len(dashes), 2):
            inner: list[Json] = []
            box.append(inner)
            self._open(inner, column + further)
            box = inner
        self.folding = None
        return box

    def _members(self, column: int) -> dict[str, Json]:
        """Return the mapping that a line with a key belongs to."""
        if self.pending is not None and column > self.columns[-1]:
            self._open_below({}, column)
        box = self._at(column)
        if isinstance(box, list) and len(self.boxes) > 1:  # one that stands no deeper than its key ends at the next
            self._close()
            box = self._at(column)
        if not isinstance(box, dict):
            raise NotPlain
        return box

    def _at(self, column: int) -> _Box:
        """Return the innermost list or mapping of a column, and close what stands deeper."""
        self._settle()
        while self.columns[-1] > column:
            self._close()
        if self.columns[-1] != column:
            raise NotPlain
        return self.boxes[-1]

    def _go_on(self, column: int, plain: str) -> None:
        """Add a line to the text before it."""
        box = self.boxes[-1] if self.boxes else None
        if self.folding is None or column <= self.columns[-1] or not isinstance(box, dict):
            raise NotPlain
        self.folded = f"{self.folded} {plain}"
        if len(self.folded) > _MOST_FOLDED:
            raise NotPlain
        box[self.folding] = plain_scalar(self.folded)

    def _settle(self) -> None:
        """Let the key that waits have no value: nothing stands below it."""
        if self.pending is not None:
            box = self.boxes[-1]
            assert isinstance(box, dict)
            box[self.pending] = None
            self.pending = None

    def _open_below(self, box: _Box, column: int) -> None:
        """Open the value of the key that waits for one."""
        outer = self.boxes[-1]
        assert isinstance(outer, dict)
        outer[str(self.pending)] = box
        self.pending = None
        self._open(box, column)

    def _open(self, box: _Box, column: int) -> None:
        if len(self.boxes) > _DEEPEST:
            raise NotPlain
        self.boxes.append(box)
        self.columns.append(column)

    def _close(self) -> None:
        self.boxes.pop()
        self.columns.pop()
